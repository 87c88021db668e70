"""How fast a network runs here: one process for each way of running it, in turn, so that all have the same machine."""
