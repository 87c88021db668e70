"""BGR pictures into the planes of a YUV picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rtskin.kernels.jit import njit
from rtskin.media import cv2
from rtskin.pool import BufferPool
from rtskin.render.outputs.color import Matrix, from_unit
from rtskin.render.outputs.pixels import Layout, Plane


class YuvWriter:
    """Writes BGR of 8 bits into YUV planes of any depth and subsampling. full: codes over the full range."""

    def __init__(self, matrix: Matrix, layout: Layout, full: bool) -> None:
        self._layout = layout
        self._pool = BufferPool()
        # Rows: Y, U, V; columns: B, G, R, offset (with the half that turns cutting off into rounding).
        green = 1 - matrix.red - matrix.blue
        luma = np.array([matrix.blue, green, matrix.red])
        cb = (np.array([1, 0, 0]) - luma) / (2 * (1 - matrix.blue))
        cr = (np.array([0, 0, 1]) - luma) / (2 * (1 - matrix.red))
        zero, one = from_unit(0, 0, 0, layout, full), from_unit(1, 1, 1, layout, full)
        units = zip((luma, cb, cr), zero, one, strict=True)
        self._rows = np.array([(*unit * (b - a) / 255, a + 0.5) for unit, a, b in units], np.float32)

    def write(self, bgr: Sequence[Plane], out: Sequence[Plane]) -> None:
        """bgr: three planes, uint8 H×W. out: Y, U, V (and what follows is left alone)."""
        channels = [np.ascontiguousarray(channel) for channel in bgr]
        largest = np.int32(self._layout.full)
        _weigh(*channels, self._rows[0], largest, out[0])
        if (self._layout.shift_x, self._layout.shift_y) != (0, 0):
            channels = [self._smaller(channel, out[1].shape) for channel in channels]
        _weigh(*channels, self._rows[1], largest, out[1])
        _weigh(*channels, self._rows[2], largest, out[2])

    def _smaller(self, channel: Plane, shape: tuple[int, ...]) -> Plane:
        small = self._pool.take(shape, np.uint8)
        cv2.resize(channel, shape[::-1], dst=small, interpolation=cv2.INTER_AREA)
        return small


@njit(nogil=True, cache=True)
def _weigh(blue: Any, green: Any, red: Any, weights: Any, largest: Any, out: Any) -> None:
    """out = weighted sum of three planes."""
    wb, wg, wr, offset = weights[0], weights[1], weights[2], weights[3]
    for y in range(blue.shape[0]):
        b, g, r, result = blue[y], green[y], red[y], out[y]
        for x in range(blue.shape[1]):
            value = wb * np.float32(b[x]) + wg * np.float32(g[x]) + wr * np.float32(r[x]) + offset
            result[x] = min(np.int32(value), largest)
