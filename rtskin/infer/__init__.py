"""infer: from a prepared frame to skin scores. Segmenters (a network or a classical method) over runtimes."""
