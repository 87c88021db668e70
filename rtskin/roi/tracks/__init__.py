"""tracks: regions of one mask after another → the same id for the same thing."""
