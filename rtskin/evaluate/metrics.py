"""Metrics, all of them ratios of sums over pictures.

A pixel is skin from one half on: 128 of 255. Pictures without skin (no pixel of the truth is) have no meaningful IoU, F1,
precision or recall of their own, so the per-picture means leave them out; they are judged by ``false_skin``, the share of
their pixels that is called skin, meaned over these pictures. Pooled metrics count the pixels of all pictures, so false
skin in a picture without any lowers them. Where nothing is skin and nothing was called skin, IoU is 1; where
there is skin and none of it was found, IoU, F1 and precision are 0. A metric that no picture can tell is None: all but MAE,
false skin and HCE, in a set without skin.

Beside these there are, for every picture:

- ``mean_boundary_iou``: IoU of the bands along the two masks' edges alone, :data:`~rtskin.evaluate.boundary.DILATION` of
  the diagonal wide (arXiv 2103.16562); where IoU is ruled by the inside of large areas, this is ruled by the edge.
- ``bitwise_miou`` and ``miou_at_half``, as published tables of skin networks have them. Bitwise: the sum of the bits that
  the two 8-bit soft masks share (``a & b``) by the sum of those that either has (``a | b``), meaned over pictures; 0/0, both
  empty, says nothing. At half: both masks made binary first (from 0.5 on), with 1e-6 added to intersection and union. Both
  are meaned over all pictures, those without skin too, where the first is 0 as soon as one bit is set and the second 1 if
  nothing is found. (The MAE of those tables is that of here times 255.)
- ``hce``: human correction effort in clicks (arXiv 2203.03041), where it was measured: see :mod:`rtskin.evaluate.hce`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rtskin.evaluate import boundary
from rtskin.frame import U8

F64 = npt.NDArray[np.float64]

#: From here on a pixel of an 8-bit mask is skin.
HALF = 128
#: Added to both sides of IoU at half, as published.
_TINY = 1e-6


@dataclass(frozen=True)
class Counts:
    """One mask against the truth, in pixels. error: mean absolute difference of the soft masks, 0 … 1.

    edge_hit, edge_union: pixels of the bands along the edges that both masks have, and that either has. bits_both,
    bits_either: sums of the soft masks' bitwise and, and or. hce: clicks to correct the mask; None: not measured.
    """

    hit: int
    false: int
    missed: int
    pixels: int
    error: float
    edge_hit: int
    edge_union: int
    bits_both: int
    bits_either: int
    hce: int | None = None

    @property
    def has_skin(self) -> bool:
        return self.hit + self.missed > 0

    @property
    def iou(self) -> float:
        """Intersection over union; 1 where both are empty."""
        union = self.hit + self.false + self.missed
        return self.hit / union if union else 1.0

    @property
    def false_share(self) -> float:
        """Share of the picture that is wrongly called skin."""
        return self.false / self.pixels


def count(mask: U8, truth: U8) -> Counts:
    """Compare two masks of the same size: uint8 H×W, 0 … 255."""
    if mask.shape != truth.shape:
        raise ValueError(f"the mask is {mask.shape}, the truth {truth.shape}")
    found, skin = mask >= HALF, truth >= HALF
    hit = int(np.count_nonzero(found & skin))
    found_edge, skin_edge = boundary.band(found), boundary.band(skin)
    difference = np.maximum(mask, truth) - np.minimum(mask, truth)
    return Counts(
        hit=hit,
        false=int(np.count_nonzero(found)) - hit,
        missed=int(np.count_nonzero(skin)) - hit,
        pixels=int(mask.size),
        error=float(difference.mean(dtype=np.float64)) / 255,
        edge_hit=int(np.count_nonzero(found_edge & skin_edge)),
        edge_union=int(np.count_nonzero(found_edge | skin_edge)),
        bits_both=int((mask & truth).sum(dtype=np.int64)),
        bits_either=int((mask | truth).sum(dtype=np.int64)),
    )


@dataclass(frozen=True)
class Ratio:
    """Σ over ÷ Σ under, one number each a picture: what a metric is made of, so that it can be resampled."""

    over: F64
    under: F64

    def value(self) -> float | None:
        """None where no picture says anything."""
        under = float(self.under.sum())
        return float(self.over.sum()) / under if under > 0 else None


#: name → (over, under) of one picture.
_PARTS: dict[str, Callable[[Counts], tuple[float, float]]] = {
    "mean_iou": lambda c: (c.iou * c.has_skin, c.has_skin),
    "mean_boundary_iou": lambda c: (c.has_skin * _share(c.edge_hit, c.edge_union - c.edge_hit), c.has_skin),
    "mean_f1": lambda c: (c.has_skin * _share(2 * c.hit, c.false + c.missed), c.has_skin),
    "mean_precision": lambda c: (c.has_skin * _share(c.hit, c.false), c.has_skin),
    "mean_recall": lambda c: (c.has_skin * _share(c.hit, c.missed), c.has_skin),
    "pooled_iou": lambda c: (c.hit, c.hit + c.false + c.missed),
    "pooled_f1": lambda c: (2 * c.hit, 2 * c.hit + c.false + c.missed),
    "pooled_precision": lambda c: (c.hit, c.hit + c.false),
    "pooled_recall": lambda c: (c.hit, c.hit + c.missed),
    "bitwise_miou": lambda c: (_share(c.bits_both, c.bits_either - c.bits_both), c.bits_either > 0),
    "miou_at_half": lambda c: ((c.hit + _TINY) / (c.hit + c.false + c.missed + _TINY), 1),
    "hce": lambda c: (c.hce or 0, c.hce is not None),
    "mae": lambda c: (c.error, 1),
    "false_skin": lambda c: (c.false_share * (not c.has_skin), not c.has_skin),
}

METRICS: tuple[str, ...] = tuple(_PARTS)
#: What can be told of pictures without skin.
_WITHOUT_SKIN = ("mae", "false_skin", "hce")


def ratio(metric: str, counts: Sequence[Counts]) -> Ratio:
    """A metric's parts for each picture; without a single picture with skin, IoU and its like have nothing to tell."""
    parts: npt.NDArray[Any] = np.array([_PARTS[metric](one) for one in counts], np.float64).reshape(-1, 2)
    if metric not in _WITHOUT_SKIN and not any(one.has_skin for one in counts):
        parts = np.zeros_like(parts)
    return Ratio(parts[:, 0], parts[:, 1])


def _share(good: int, bad: int) -> float:
    return good / (good + bad) if good + bad else 0.0
