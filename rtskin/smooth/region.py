"""The part of a picture in which something changed: motion is looked for there alone, and can be looked at closely."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
import numpy.typing as npt

from rtskin.frame import U8
from rtskin.media import cv2

Plane = TypeVar("Plane", bound=npt.NDArray[Any])
#: Pixels of a block, and the share of it that has to have changed: noise that was taken for change is scattered.
BLOCK, SHARE = 8, 0.2
#: Pixels around: what moves comes from somewhere, and flow at an edge is uncertain.
MARGIN = 16


class Region(NamedTuple):
    """Pixels of a plane: rows top … bottom, columns left … right, the last excluded."""

    top: int
    bottom: int
    left: int
    right: int

    def of(self, plane: Plane) -> Plane:
        """A view of that part."""
        return cast(Plane, plane[self.top : self.bottom, self.left : self.right])

    def scaled(self, across: float, down: float) -> Region:
        """The same part of a plane that is so many times as large, whole pixels that cover it."""
        return Region(
            int(self.top * down), math.ceil(self.bottom * down), int(self.left * across), math.ceil(self.right * across)
        )


def changed_region(changed: U8) -> Region | None:
    """Around all that changed (uint8 h×w, 255 = surely); None where nothing did."""
    height, width = changed.shape
    grid = max(1, width // BLOCK), max(1, height // BLOCK)
    blocks = cv2.resize(changed, grid, interpolation=cv2.INTER_AREA)
    x, y, wide, tall = cv2.boundingRect((blocks > 255 * SHARE).view(np.uint8))
    if not wide:
        return None
    across, down = width / grid[0], height / grid[1]
    return Region(
        max(0, int(y * down) - MARGIN),
        min(height, int((y + tall) * down) + MARGIN + 1),
        max(0, int(x * across) - MARGIN),
        min(width, int((x + wide) * across) + MARGIN + 1),
    )
