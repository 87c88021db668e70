"""The shape a track had when it was last seen by itself: what is looked for where things cover each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rtskin.kernels.jit import njit
from rtskin.media import cv2
from rtskin.roi.found import FoundRegion

Whole = npt.NDArray[np.int32]
#: Pixels of a shape that are looked at where its place is searched for, about.
SAMPLE = 400


class Shape:
    """The pixels of a region around the middle of its box. A mask of another resolution gets it in its own pixels."""

    def __init__(self, region: FoundRegion) -> None:
        self._region = region
        self._points: Whole | None = None
        self._of = region.mask_size

    def points(self, mask_size: tuple[int, int]) -> Whole:
        """int32 n×2, x and y in pixels of a mask of that size, from the middle of the box; never empty."""
        if self._points is None or self._of != mask_size:
            self._points, self._of = self._made(mask_size), mask_size
        return self._points

    def sample(self, mask_size: tuple[int, int]) -> Whole:
        """Some of them, spread evenly."""
        points = self.points(mask_size)
        return np.ascontiguousarray(points[:: max(1, len(points) // SAMPLE)])  # of one layout, for the kernels

    def _made(self, mask_size: tuple[int, int]) -> Whole:
        region = self._region
        width, height = region.mask_box[2:]
        mask = region.mask
        across, down = mask_size[0] / region.mask_size[0], mask_size[1] / region.mask_size[1]
        if (across, down) != (1.0, 1.0):
            size = (max(1, round(width * across)), max(1, round(height * down)))
            mask = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)
        found = cv2.findNonZero(mask)
        if found is None:  # so thin that nothing is left of it
            found = np.zeros((1, 2), np.int32)
        points: Whole = np.reshape(found, (-1, 2)).astype(np.int32)
        points -= np.array((mask.shape[1] // 2, mask.shape[0] // 2), np.int32)
        return points


@njit(nogil=True, cache=True)
def share_inside(points, x, y, mask):  # type: ignore[no-untyped-def]
    """The share of points, placed with their middle at x, y, that are above 0 in a mask: 0 … 1."""
    height, width = mask.shape
    inside = 0
    for number in range(len(points)):
        column, row = points[number, 0] + x, points[number, 1] + y
        inside += 0 <= column < width and 0 <= row < height and mask[row, column] > 0
    return inside / len(points)
