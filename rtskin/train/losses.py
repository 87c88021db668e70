"""Losses from logits."""

from __future__ import annotations

import torch
from torch.nn import functional as F

#: Added to both sides of the Dice quotient, in pixels: few where there is skin, so that a face of twenty pixels still
#: counts, many where there is none, so that the first hundred false pixels already hurt.
SMOOTH_SKIN, SMOOTH_EMPTY = 16.0, 256.0


def bce_dice(
    logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor, bce: float = 1.0, dice: float = 1.0
) -> torch.Tensor:
    """Binary cross-entropy plus Dice (1 - 2·overlap / sum, per picture; V-Net, arXiv 1606.04797), a scalar.

    All N×1×H×W float32; ``target`` and ``weight`` in 0…1; pixels of weight 0 have no influence.
    """
    entropy = F.binary_cross_entropy_with_logits(logits, target, weight=weight, reduction="sum")
    entropy = entropy / weight.sum().clamp(min=1.0)
    found, true = (logits.sigmoid() * weight).flatten(1), (target * weight).flatten(1)
    smooth = torch.where(true.sum(1) > 8, SMOOTH_SKIN, SMOOTH_EMPTY)
    overlap = (found * true).sum(1)
    # Squares in the denominator: soft targets then reach 0 when they are met.
    total = found.square().sum(1) + true.square().sum(1)
    return bce * entropy + dice * (1 - (2 * overlap + smooth) / (total + smooth)).mean()
