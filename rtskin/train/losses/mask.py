"""Losses from logits. All of them take weight maps: pixels of weight 0 have no influence, neither on value nor gradient.

Unless said otherwise tensors are float32 N×1×H×W, ``target`` and ``weight`` in 0…1 (targets may be soft), and the result
is a scalar. Everything is finite, with finite gradients, for any finite logits.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import torch
from torch.nn import functional as F

#: Added to both sides of the Dice quotient, in pixels: few where there is skin, so that a face of twenty pixels still
#: counts, many where there is none, so that the first hundred false pixels already hurt.
SMOOTH_SKIN, SMOOTH_EMPTY = 16.0, 256.0
#: Below this the focal factor is constant: a power below 1 has an infinite slope at 0.
_SURE = 1e-6


def bce_dice(
    logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor, bce: float = 1.0, dice: float = 1.0
) -> torch.Tensor:
    """Binary cross-entropy plus Dice (1 - 2·overlap / sum, per picture; V-Net, arXiv 1606.04797), a scalar."""
    entropy = F.binary_cross_entropy_with_logits(logits, target, weight=weight, reduction="sum")
    entropy = entropy / weight.sum().clamp(min=1.0)
    found, true = (logits.sigmoid() * weight).flatten(1), (target * weight).flatten(1)
    smooth = torch.where(true.sum(1) > 8, SMOOTH_SKIN, SMOOTH_EMPTY)
    overlap = (found * true).sum(1)
    # Squares in the denominator: soft targets then reach 0 when they are met.
    total = found.square().sum(1) + true.square().sum(1)
    return bce * entropy + dice * (1 - (2 * overlap + smooth) / (total + smooth)).mean()


def focal(
    logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor, gamma: float = 2.0, alpha: float = 0.25
) -> torch.Tensor:
    """Focal loss: cross-entropy in which pixels count by (1 - p_t)^gamma, the less the more they are right already, and
    skin by ``alpha``, the rest by 1 - alpha (arXiv 1708.02002, there normalised by the number of objects, here the mean).

    For soft targets 1 - p_t is \\|target - p\\| (quality focal loss, arXiv 2006.04388), which is the same for hard ones.
    """
    away = (target - logits.sigmoid()).abs().clamp(min=_SURE)
    balance = alpha * target + (1 - alpha) * (1 - target)
    return _mean(balance * away**gamma * _entropy(logits, target), weight)


def tversky(
    logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor, false: float = 0.3, missed: float = 0.7
) -> torch.Tensor:
    """1 - the Tversky index, overlap / (overlap + false·(false skin) + missed·(missed skin)), per picture (arXiv 1706.05721,
    whose α and β ``false`` and ``missed`` are). One half each is the Dice loss without squares.
    """
    found = logits.sigmoid()
    overlap, wrong, lost = (
        (part * weight).flatten(1).sum(1) for part in (found * target, found * (1 - target), (1 - found) * target)
    )
    # Half of Dice's, in which the overlap counts twice.
    smooth = 0.5 * torch.where((target * weight).flatten(1).sum(1) > 8, SMOOTH_SKIN, SMOOTH_EMPTY)
    return (1 - (overlap + smooth) / (overlap + false * wrong + missed * lost + smooth)).mean()


def bias(
    logits: torch.Tensor,
    target: torch.Tensor,
    weight: torch.Tensor,
    features: torch.Tensor,
    alpha: float = 0.3,
    beta: float = 0.3,
) -> torch.Tensor:
    """Bias loss: cross-entropy in which a data point counts by z(v) = exp(alpha·v) - beta, v being the variance of its
    features, scaled to 0…1 over the batch (arXiv 2107.11170): points with few features of their own mislead less.

    The paper's points are pictures to be classified and v is taken over the last feature map of each. Here they are pixels:
    v is the variance, over the channels, of the vector that the last layer classifies a pixel by. ``features`` are these,
    N×C×h×w of any float kind, h and w dividing H and W; no gradient flows into them by z.
    """
    features = features.detach().float()
    # As var() does it, at a fifth of its time.
    spread = (features - features.mean(1, keepdim=True)).square().mean(1, keepdim=True)
    spread = F.interpolate(spread, size=logits.shape[2:], mode="nearest")
    counts = weight > 0
    low = spread.masked_fill(~counts, torch.inf).amin()
    high = spread.masked_fill(~counts, -torch.inf).amax()
    scaled = ((spread - low) / (high - low).clamp(min=1e-12)).clamp(0, 1)
    return _mean(((alpha * scaled).exp() - beta) * _entropy(logits, target), weight)


def edge(logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor, width: int = 4) -> torch.Tensor:
    """Focal loss (gamma 2, unbalanced) of a head that predicts the mask's edge, ``target`` being the mask itself
    (PortraitNet, Computers & Graphics 80, 2019: an edge, 4 pixels wide, is learnt beside the mask and left out later).
    """
    band, sure = edge_band(target, weight, width)
    return 2 * focal(logits, band, sure, gamma=2.0, alpha=0.5)


def edge_band(target: torch.Tensor, weight: torch.Tensor, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(1 within half of ``width`` pixels of the contour at 0.5 and 0 elsewhere, the weight of that).

    The border of the picture is no edge. Where a pixel without weight is so near that it could make or hide an edge, the
    weight is 0.
    """
    reach = width // 2
    skin = (target > 0.5).float()
    return grown(skin, reach) * grown(1 - skin, reach), -grown(-weight, reach)


def grown(plane: torch.Tensor, reach: int) -> torch.Tensor:
    """The largest value of the square of 2·reach + 1 about each pixel: max_pool2d, but eight times as fast on a CPU."""
    height, width = plane.shape[2:]
    padded = F.pad(plane, (reach,) * 4, value=-torch.inf)
    rows = functools.reduce(torch.maximum, (padded[..., x : x + width] for x in range(2 * reach + 1)))
    return functools.reduce(torch.maximum, (rows[..., y : y + height, :] for y in range(2 * reach + 1)))


def kl(logits: torch.Tensor, probability: torch.Tensor, weight: torch.Tensor, temperature: float = 1.0) -> torch.Tensor:
    """Kullback-Leibler divergence of the prediction from ``probability`` (a constant, sigmoid(logits / temperature) of a
    teacher), meaned over pixels and times temperature² (arXiv 1503.02531), so that gradients do not shrink with it.
    """
    probability = probability.detach()
    own = torch.special.entr(probability) + torch.special.entr(1 - probability)
    return temperature**2 * _mean(_entropy(logits / temperature, probability) - own, weight)


def consistency(
    twin: torch.Tensor, logits: torch.Tensor, weight: torch.Tensor, temperature: float = 1.0
) -> torch.Tensor:
    """KL divergence of what is predicted for the texture-changed ``twin`` of a picture from what is predicted for the
    picture itself, whose ``logits`` teach and get no gradient (PortraitNet, Computers & Graphics 80, 2019).
    """
    return kl(twin, (logits.detach() / temperature).sigmoid(), weight, temperature)


def deep(levels: Sequence[torch.Tensor], target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Deep supervision: cross-entropy of the coarser levels' own logits, N×1×h×w each, meaned over levels (arXiv 1409.5185).

    A pixel of a level is compared with the share of skin among the pixels that it stands for, by their weights.
    """
    losses = []
    for logits in levels:
        counts = F.adaptive_avg_pool2d(weight, logits.shape[2:])
        share = F.adaptive_avg_pool2d(target * weight, logits.shape[2:]) / counts.clamp(min=1e-6)
        losses.append(_mean(_entropy(logits, share.clamp(0, 1)), counts))
    return torch.stack(losses).mean()


def _entropy(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return F.binary_cross_entropy_with_logits(logits, target, reduction="none")


def _mean(values: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """By weight; 0 where nothing counts."""
    return (values * weight).sum() / weight.sum().clamp(min=1.0)
