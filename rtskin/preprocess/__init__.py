"""preprocess: from a frame to what a network takes. Fit, colour order, normalisation."""
