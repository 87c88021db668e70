"""Training of the network that says of a region of skin whether it is a face, a hand or something else."""
