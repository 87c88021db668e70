"""BGR pictures and mattes into the planes of a video frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np

from rtskin.frame import U8, Color
from rtskin.media import cv2
from rtskin.pool import BufferPool

#: FFmpeg's names → (number in the bitstream, weight of red, weight of blue): ITU-T H.273, table 4.
_MATRICES = {
    "bt709": (1, 0.2126, 0.0722),
    "fcc": (4, 0.30, 0.11),
    "bt470bg": (5, 0.299, 0.114),
    "smpte170m": (6, 0.299, 0.114),
    "smpte240m": (7, 0.212, 0.087),
    "bt2020nc": (9, 0.2627, 0.0593),
}


@dataclass(frozen=True, slots=True)
class Matrix:
    """A YUV matrix: its number in the bitstream, and the weights of red and blue in the luma."""

    number: int
    red: float
    blue: float


def matrix_for(color: Color, width: int, height: int) -> Matrix:
    """The source's own matrix; where it says nothing, BT.709 for HD and BT.601 below, as players assume."""
    default = "bt709" if height >= 720 or width >= 1280 else "smpte170m"
    return Matrix(*_MATRICES.get(color.matrix, _MATRICES[default]))


class YuvWriter:
    """Writes BGR pictures into limited-range YUV planes, 8 bits, 4:2:0 or 4:4:4."""

    def __init__(self, matrix: Matrix, subsampled: bool) -> None:
        self._subsampled = subsampled
        self._pool = BufferPool()
        # Rows: Y, U, V; columns: B, G, R, offset (with the half that turns cutting off into rounding).
        green = 1 - matrix.red - matrix.blue
        luma = np.array([matrix.blue, green, matrix.red])
        cb = (np.array([1, 0, 0]) - luma) / (2 * (1 - matrix.blue))
        cr = (np.array([0, 0, 1]) - luma) / (2 * (1 - matrix.red))
        rows = [(*luma * 219 / 255, 16.5), (*cb * 224 / 255, 128.5), (*cr * 224 / 255, 128.5)]
        self._rows = np.array(rows, np.float32)

    def write(self, bgr: U8, frame: Any) -> None:
        """bgr (uint8 H×W×3) into frame, an av.VideoFrame of that size."""
        height, width = bgr.shape[:2]
        channels = [self._pool.take((height, width), np.uint8) for _ in range(3)]
        cv2.split(bgr, mv=channels)
        y, u, v = (plane_of(frame, index) for index in range(3))
        _weigh(*channels, self._rows[0], y)
        if self._subsampled:
            channels = [self._halve(channel) for channel in channels]
        _weigh(*channels, self._rows[1], u)
        _weigh(*channels, self._rows[2], v)

    def _halve(self, channel: U8) -> U8:
        half = self._pool.take((channel.shape[0] // 2, channel.shape[1] // 2), np.uint8)
        cv2.resize(channel, half.shape[::-1], dst=half, interpolation=cv2.INTER_AREA)
        return half


def plane_of(frame: Any, index: int) -> U8:
    """A plane of an av.VideoFrame with its rows' padding: uint8 height × line size, writable."""
    plane = frame.planes[index]
    return np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)


@numba.njit(nogil=True, cache=True)
def _weigh(blue: U8, green: U8, red: U8, weights: Any, out: U8) -> None:
    """out = weighted sum of three planes; out's rows may be longer."""
    wb, wg, wr, offset = weights[0], weights[1], weights[2], weights[3]
    for y in range(blue.shape[0]):
        b, g, r, result = blue[y], green[y], red[y], out[y]
        for x in range(blue.shape[1]):
            value = wb * np.float32(b[x]) + wg * np.float32(g[x]) + wr * np.float32(r[x]) + offset
            result[x] = np.uint8(np.int32(value))
