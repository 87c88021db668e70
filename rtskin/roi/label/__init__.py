"""What a region of skin is: a face, a hand, or something else."""

from rtskin.roi.label.labeller import LABELS, UNKNOWN, Labeller, Probabilities

__all__ = ["LABELS", "UNKNOWN", "Labeller", "Probabilities"]
