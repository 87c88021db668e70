"""Human correction effort: about how many clicks it takes to mend a mask.

Qin et al., Highly Accurate Dichotomous Image Segmentation, ECCV 2022, arXiv 2203.03041, with the paper's tolerance of
5 pixels and its polygons within 2 pixels. A region of false or of missed skin costs the corners of the polygons that
cut it from what is right, or one click where it touches nothing that it must be cut from (it is filled). What is
thinner than the tolerance costs nothing, except missed parts of the truth's skeleton. Pixels are those of the picture as
it is, so figures of pictures of different sizes do not compare.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rtskin.errors import MissingExtraError
from rtskin.evaluate.metrics import HALF
from rtskin.frame import U8
from rtskin.media import cv2

#: Errors that are no wider than this, in steps of one pixel to each side, are let pass.
TOLERANCE = 5
#: How far a polygon may be from the edge that it follows, in pixels.
EPSILON = 2.0

Bools = npt.NDArray[np.bool_]
_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


@dataclass(frozen=True)
class Effort:
    """Clicks: corners of polygons around false and missed skin, and regions of each that one click mends."""

    false_points: int = 0
    false_regions: int = 0
    missed_points: int = 0
    missed_regions: int = 0

    @property
    def clicks(self) -> int:
        """All of them."""
        return sum(astuple(self))


def require() -> None:
    """MissingExtraError without scikit-image."""
    try:
        import skimage.morphology  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("scikit-image", "eval", "human correction effort (--hce)") from error


def skeleton(truth: U8) -> Bools:
    """The truth's skeleton (Zhang and Suen, 1984), bool H×W; MissingExtraError without scikit-image."""
    require()
    from skimage.morphology import skeletonize

    thin: Bools = skeletonize(truth >= HALF)
    return thin


def effort(mask: U8, truth: U8, thin: Bools | None = None) -> Effort:
    """What it takes to make ``truth`` of ``mask``: uint8 H×W, 0 … 255; thin: the truth's skeleton, if it is known."""
    if mask.shape != truth.shape:
        raise ValueError(f"the mask is {mask.shape}, the truth {truth.shape}")
    thin = skeleton(truth) if thin is None else thin
    found, skin = mask >= HALF, truth >= HALF
    hit, false, missed = found & skin, found & ~skin, skin & ~found
    core = cv2.erode((found | skin).view(np.uint8), _CROSS, iterations=TOLERANCE) > 0
    large_false = _regrown(false & core, false)
    large_missed = _regrown(missed & core, missed) | (thin & ~hit)
    false_points, false_regions = _clicks(large_false, hit | large_missed)
    missed_points, missed_regions = _clicks(large_missed, ~(hit | large_false | large_missed))
    return Effort(false_points, false_regions, missed_points, missed_regions)


def _regrown(seed: Bools, within: Bools) -> Bools:
    """What the tolerance took from the sides of a region, given back: ``seed`` grown inside of ``within``."""
    for _ in range(TOLERANCE):
        seed = (cv2.dilate(seed.view(np.uint8), _CROSS) > 0) & within
    return seed


def _clicks(regions: Bools, other: Bools) -> tuple[int, int]:
    """(corners, regions that one click mends): regions are cut where their edge touches ``other``."""
    if not regions.any():
        return 0, 0
    picture = regions.view(np.uint8)
    near = cv2.dilate(other.view(np.uint8), _CROSS) > 0
    count, labels = cv2.connectedComponents(picture, connectivity=8)
    to_cut = np.zeros(count, bool)
    seen = np.zeros(regions.shape, bool)
    corners = 0
    # All edges, those of holes too, with every pixel of them.
    for contour in cv2.findContours(picture, cv2.RETR_TREE, cv2.CHAIN_APPROX_NONE)[0]:
        points = contour[:, 0]
        for line in _lines(points, near, seen):
            corners += len(cv2.approxPolyDP(line[:, None], EPSILON, False))
            to_cut[labels[line[:, 1], line[:, 0]]] = True
    return corners, count - 1 - int(np.count_nonzero(to_cut[1:]))


def _lines(points: npt.NDArray[np.int32], near: Bools, seen: Bools) -> list[npt.NDArray[np.int32]]:
    """The parts of a contour (N×2: x, y) that must be drawn; each pixel once, ``seen`` says which were."""
    x, y = points.T
    first = np.zeros(len(points), bool)
    first[np.unique(y.astype(np.int64) * near.shape[1] + x, return_index=True)[1]] = True
    drawn = np.flatnonzero(near[y, x] & ~seen[y, x] & first)
    seen[y[drawn], x[drawn]] = True
    if not drawn.size:
        return []
    lines = [points[part] for part in np.split(drawn, np.flatnonzero(np.diff(drawn) > 1) + 1)]
    if len(lines) > 1 and np.abs(lines[0][0] - lines[-1][-1]).max() == 1:
        # The start of the contour is nothing to the user: both ends are one line. The first is turned round, which the
        # order of the points does not call for, because the published figures were counted so.
        lines[-1] = np.concatenate([lines[-1], lines[0][::-1]])
        del lines[0]
    return lines


Job = tuple[tuple[int, int], Any, dict[str, Any]]


def pack(truth: U8, masks: dict[str, U8]) -> Job:
    """A picture's work as one small message: its size, and one bit a pixel of each mask."""
    return truth.shape, np.packbits(truth >= HALF), {name: np.packbits(mask >= HALF) for name, mask in masks.items()}


def work(job: Job) -> dict[str, int]:
    """Clicks by model, of what :func:`pack` made: the skeleton is made once for all."""
    size, packed, masks = job
    truth = _unpacked(packed, size)
    thin = skeleton(truth)
    return {name: effort(_unpacked(mask, size), truth, thin).clicks for name, mask in masks.items()}


def _unpacked(packed: npt.NDArray[np.uint8], size: tuple[int, int]) -> U8:
    bits = np.unpackbits(packed, count=size[0] * size[1]).reshape(size)
    return bits * np.uint8(255)
