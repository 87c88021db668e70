"""Losses that tell the classes other than skin apart, for networks whose outputs exclude each other.

A softmax over K classes is a sigmoid for skin and a softmax over the others: with z the logit of skin against all others,
cross-entropy of the whole is that of sigmoid(z) plus, where it is no skin, that of the others among themselves. So skin is
trained exactly as in a network that knows nothing else, by any loss of rtskin.train.losses.mask, and this is the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from rtskin.train.losses.mask import SMOOTH_EMPTY, SMOOTH_SKIN

#: A pixel that may be of classes worth more than this has no certain class: 1 is one class, or a contour between two.
_CERTAIN = 1.25
#: A pixel whose classes are worth less than this is skin, or nobody said: it may be anything.
_SAID = 0.02


def skin_logit(logits: torch.Tensor, skin: int = 0) -> torch.Tensor:
    """N×K×H×W logits → N×1×H×W, whose sigmoid is the softmax of class ``skin``. With one class: the logits."""
    if logits.shape[1] == 1:
        return logits
    return logits[:, skin : skin + 1] - without(logits, skin).logsumexp(1, keepdim=True)


def without(logits: torch.Tensor, skin: int) -> torch.Tensor:
    """All channels but ``skin``, in order."""
    return torch.cat([logits[:, :skin], logits[:, skin + 1 :]], 1)


def entropy(
    logits: torch.Tensor, allowed: torch.Tensor, weight: torch.Tensor, counts: Sequence[float] = ()
) -> torch.Tensor:
    """-log of the probability that a pixel is one of the classes that it may be (partial labels: Cour, JMLR 12, 2011),
    a scalar.

    ``logits`` N×K×H×W of the classes but skin, ``allowed`` N×K×H×W and ``weight`` N×1×H×W in 0…1: 0 has no influence, nor
    has a pixel that may be anything. ``counts``: how much a pixel of each of the K classes counts; one that may be of
    several counts 1, as all do where none are given.
    """
    most = allowed.amax(1, keepdim=True)
    if counts:
        total = allowed.sum(1, keepdim=True)
        factor = (allowed * logits.new_tensor(counts).view(1, -1, 1, 1)).sum(1, keepdim=True) / total.clamp(min=_SAID)
        weight = weight * torch.where((total > _SAID) & (total < _CERTAIN), factor, torch.ones_like(factor))
    allowed = torch.where(most > _SAID, allowed / most.clamp(min=_SAID), torch.ones_like(allowed))
    chosen = (logits.log_softmax(1) + allowed.clamp(min=1e-6).log()).logsumexp(1, keepdim=True)
    return -(chosen * weight).sum() / weight.sum().clamp(min=1.0)


def dice(
    logits: torch.Tensor, allowed: torch.Tensor, skin: torch.Tensor, weight: torch.Tensor, index: int
) -> torch.Tensor:
    """Soft Dice (V-Net, arXiv 1606.04797) of each class but skin, meaned over pictures and classes, a scalar.

    ``logits`` N×K×H×W of all classes with skin at ``index``, ``skin`` N×1×H×W in 0…1, the others as in :func:`entropy`. Of a
    class count the pixels that certainly are of it and those that certainly are not.
    """
    total = allowed.sum(1, keepdim=True)
    share = allowed / total.clamp(min=1e-3) * (total > _SAID) * (1 - skin)
    certain = ((total < _CERTAIN) & (total > _SAID)) | (allowed < _SAID) | (skin > 0.98)
    counts = weight * certain * ((total > _SAID) | (skin > 0.02))
    found = without(logits.softmax(1), index) * counts
    true = share * counts
    overlap, size = (found * true).flatten(2).sum(2), true.flatten(2).sum(2)
    smooth = torch.where(size > 8, SMOOTH_SKIN, SMOOTH_EMPTY)
    both = found.square().flatten(2).sum(2) + true.square().flatten(2).sum(2)
    return (1 - (2 * overlap + smooth) / (both + smooth)).mean()


def other_classes(
    logits: torch.Tensor,
    allowed: torch.Tensor,
    skin: torch.Tensor,
    weight: torch.Tensor,
    index: int,
    counts: Sequence[float] = (),
) -> tuple[torch.Tensor, torch.Tensor]:
    """(cross-entropy among the classes but skin where there is no skin, with ``counts`` as it takes them; their Dice)."""
    among = entropy(without(logits, index), allowed, weight * (1 - skin), counts)
    return among, dice(logits, allowed, skin, weight, index)
