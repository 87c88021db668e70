"""A synthetic source: a skin-coloured disc over a texture, each frame's number burnt in so that a test can read it back.

The number is 20 bits and 4 check bits in a grid of 12×2 black and white blocks over the top sixth of the picture, first
bit top left. Blocks are fractions of the picture, so that it can be scaled and compressed and still be read.
"""

from __future__ import annotations

import math

import numpy as np

from rtskin.capture.base import Capture
from rtskin.capture.params import parse
from rtskin.errors import InputError
from rtskin.frame import U8, BgrPicture, Color, Frame, SourceInfo
from rtskin.media import cv2
from rtskin.pool import BufferPool

_COLUMNS, _ROWS = 12, 2
_BITS = _COLUMNS * _ROWS
_NUMBER_BITS = 20
#: Numbers start again from 0 after this many frames.
NUMBERS = 1 << _NUMBER_BITS
#: Part of the height that the blocks take.
_CODE_HEIGHT = 1 / 6
#: Smallest picture with blocks that survive H.264 (4 pixels each).
_SMALLEST = (_COLUMNS * 4, round(_ROWS * 4 / _CODE_HEIGHT))

#: A skin tone well inside what classical methods call skin, and a background well outside (BGR).
_SKIN = (118, 152, 205)
_BACKGROUND = np.array((150, 120, 60), np.float32)


class PatternCapture(Capture):
    """``pattern:WIDTHxHEIGHT@RATE?frames=N``; 640x480@30 without end unless it says otherwise.

    Pictures smaller than 48×48 carry no number. pts count frames, in ticks of 1/rate.
    """

    def __init__(self, uri: str = "pattern:") -> None:
        params = parse(uri, (640, 480), 30, {"frames": 0})
        frames = int(params.extra["frames"])
        self.live = frames == 0
        super().__init__(
            SourceInfo(
                name="pattern",
                width=params.width,
                height=params.height,
                rate=params.rate,
                color=Color(range="pc", matrix="gbr"),
                frames=frames or None,
                duration=float(frames / params.rate) if frames else None,
            )
        )
        self._frames = frames or math.inf
        self._base = 1 / params.rate
        self._background = _texture(params.width, params.height)
        self._pool = BufferPool()

    def read(self) -> Frame | None:
        number = self._seq
        if number >= self._frames or self._interrupted.is_set():
            return None
        picture = self._pool.take(self._background.shape, np.uint8)
        np.copyto(picture, self._background)
        _disc(picture, float(number * self._base))
        burn_number(picture, number)
        return self._stamp(BgrPicture(picture), number, self._base, duration=1)


def burn_number(bgr: U8, number: int) -> None:
    """Writes ``number`` modulo NUMBERS into the picture (uint8 H×W×3), if it is large enough."""
    height, width = bgr.shape[:2]
    if width < _SMALLEST[0] or height < _SMALLEST[1]:
        return
    value = number % NUMBERS
    code = value << (_BITS - _NUMBER_BITS) | _check(value)
    xs, ys = _edges(width, height)
    for bit in range(_BITS):
        row, column = divmod(bit, _COLUMNS)
        white = 255 if code >> (_BITS - 1 - bit) & 1 else 0
        bgr[ys[row] : ys[row + 1], xs[column] : xs[column + 1]] = white


def read_number(bgr: U8) -> int:
    """The number that is burnt into a picture, uint8 H×W×3 or H×W, scaled and compressed or not; InputError if none."""
    height, width = bgr.shape[:2]
    xs, ys = _edges(width, height)
    code = 0
    for bit in range(_BITS):
        row, column = divmod(bit, _COLUMNS)
        middle = bgr[_inner(ys[row], ys[row + 1]), _inner(xs[column], xs[column + 1])]
        if middle.size == 0:
            raise InputError(f"a picture of {width}×{height} pixels is too small to hold a frame number")
        code = code << 1 | int(middle.mean() > 127)
    value, check = code >> (_BITS - _NUMBER_BITS), code & ((1 << (_BITS - _NUMBER_BITS)) - 1)
    if check != _check(value):
        raise InputError("no frame number can be read from this picture; is it from a pattern: source, uncropped?")
    return value


def _check(value: int) -> int:
    """Four bits that a picture without blocks, all black or all white, gets wrong."""
    return (value * 7 // 11 ^ value ^ value >> 4 ^ value >> 8 ^ value >> 12 ^ value >> 16 ^ 0b1010) & 0b1111


def _edges(width: int, height: int) -> tuple[list[int], list[int]]:
    xs = [round(width * column / _COLUMNS) for column in range(_COLUMNS + 1)]
    ys = [round(height * _CODE_HEIGHT * row / _ROWS) for row in range(_ROWS + 1)]
    return xs, ys


def _inner(begin: int, end: int) -> slice:
    """The middle half of a block, where blur from its neighbours does not reach."""
    quarter = (end - begin) // 4
    return slice(begin + quarter, end - quarter)


def _disc(picture: U8, seconds: float) -> None:
    """A disc a quarter of the picture's height wide, once around in four seconds."""
    height, width = picture.shape[:2]
    turn = math.tau * seconds / 4
    x, y = width * (0.5 + 0.3 * math.cos(turn)), height * (0.58 + 0.22 * math.sin(turn))
    # Positions in 1/16 pixel: the disc moves evenly, also slowly.
    centre = round(x * 16), round(y * 16)
    cv2.circle(picture, centre, round(min(width, height) * 16 / 8), _SKIN, cv2.FILLED, cv2.LINE_AA, 4)


def _texture(width: int, height: int) -> U8:
    """Waves and grain, alike on every run; bluish, so that no classical method takes it for skin."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = 24 * np.sin(x / 37) * np.cos(y / 29) + 12 * np.sin((x + 2 * y) / 11)
    grain = np.random.default_rng(20).normal(0, 4, (height, width)).astype(np.float32)
    picture: U8 = np.clip(_BACKGROUND + (waves + grain)[..., None], 0, 255).astype(np.uint8)
    return picture
