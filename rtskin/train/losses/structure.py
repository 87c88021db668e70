"""Losses of whole regions, of structure and of gradients: those of BiRefNet (arXiv 2401.03407, section 3.4).

Tensors and weights are as in rtskin.train.losses.mask: pixels of weight 0 have no influence.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from rtskin.train.losses.mask import SMOOTH_EMPTY, SMOOTH_SKIN, grown

#: Of the windows that SSIM compares, pixels; and of the bell that weighs them.
_WINDOW, _SIGMA = 11, 1.5
#: SSIM's guards against division by nothing, for values in 0…1.
_C1, _C2 = 0.01**2, 0.03**2
#: Side of the Laplacian.
_AROUND = 5


def iou(logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """1 - the soft intersection over union, per picture (BASNet, CVPR 2019), a scalar."""
    found, true = (logits.sigmoid() * weight).flatten(1), (target * weight).flatten(1)
    overlap = (found * target.flatten(1)).sum(1)
    union = found.sum(1) + true.sum(1) - overlap
    smooth = 0.5 * torch.where(true.sum(1) > 8, SMOOTH_SKIN, SMOOTH_EMPTY)
    return (1 - (overlap + smooth) / (union + smooth)).mean()


def ssim(logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """1 - the structural similarity (Wang et al., IEEE TIP 13, 2004) of prediction and target in windows of 11 pixels, a
    scalar. A window counts by the least weight in it."""
    found = logits.sigmoid()
    both = torch.cat([found, target, found * found, target * target, found * target], 1)
    mean_f, mean_t, square_f, square_t, product = _blurred(both).split(1, 1)
    alike = (2 * mean_f * mean_t + _C1) * (2 * (product - mean_f * mean_t) + _C2)
    spread = square_f - mean_f.square() + square_t - mean_t.square()
    of_all = (mean_f.square() + mean_t.square() + _C1) * (spread + _C2)
    counts = -grown(-weight, _WINDOW // 2)
    return ((1 - alike / of_all) * counts).sum() / counts.sum().clamp(min=1.0)


def gradient(logits: torch.Tensor, mask: torch.Tensor, images: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of what a level of the decoder says of gradients in the picture, where it finds something, a scalar.

    logits, mask: N×1×h×w, the level's own; the mask, which gets no gradient, and the picture's Laplacian make the target as
    in the published training: sigmoid(Laplacian · mask). images: N×C×H×W as the network takes them. weight: N×1×H×W.
    """
    inside = F.interpolate(mask.detach(), size=weight.shape[2:], mode="bilinear", align_corners=True)
    target = (laplacian(images) * inside).sigmoid()
    said = F.interpolate(logits, size=weight.shape[2:], mode="bilinear", align_corners=True)
    values = F.binary_cross_entropy_with_logits(said, target, reduction="none")
    return (values * weight).sum() / weight.sum().clamp(min=1.0)


def laplacian(images: torch.Tensor) -> torch.Tensor:
    """N×C×H×W → N×1×H×W: how much brighter the 24 pixels around one are than it is, all weights together 1."""
    grey = images.mean(1, keepdim=True)
    count, reach = _AROUND**2, _AROUND // 2
    around = F.avg_pool2d(F.pad(grey, (reach,) * 4, mode="reflect"), _AROUND, stride=1)
    return count * (around - grey) / (2 * (count - 1))


def _blurred(x: torch.Tensor) -> torch.Tensor:
    """By the bell, rows and columns one after the other; nothing around the picture."""
    places = torch.arange(_WINDOW, dtype=x.dtype, device=x.device) - _WINDOW // 2
    bell = torch.exp(-places.square() / (2 * _SIGMA**2))
    bell = (bell / bell.sum()).view(1, 1, 1, _WINDOW).expand(x.shape[1], 1, 1, _WINDOW)
    reach = _WINDOW // 2
    x = F.conv2d(x, bell, padding=(0, reach), groups=x.shape[1])
    return F.conv2d(x, bell.transpose(2, 3), padding=(reach, 0), groups=x.shape[1])
