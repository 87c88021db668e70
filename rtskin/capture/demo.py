"""The demo: a portrait in motion, for machines without a camera.

The portrait is NASA's of Eileen Collins, the background its Hubble deep field; both are in the public domain, and
scikit-image ships them (extra ``demo``). The portrait is cut out once, when the source opens.
"""

from __future__ import annotations

import math

import numpy as np

from rtskin.capture.base import Capture
from rtskin.capture.params import parse
from rtskin.errors import MissingExtraError
from rtskin.frame import F32, U8, BgrPicture, Color, Frame, SourceInfo
from rtskin.kernels.jit import njit
from rtskin.media import cv2
from rtskin.pool import BufferPool

# Where the person is in the 512×512 portrait: a generous outline, and what is certainly inside. GrabCut finds the edge.
_OUTLINE = (
    (160, 60), (185, 15), (240, 5), (295, 40), (310, 90), (295, 130), (278, 165), (315, 215), (318, 238), (362, 262),
    (374, 325), (376, 345), (420, 338), (470, 360), (498, 420), (511, 470), (511, 511), (22, 511), (14, 470), (18, 400),
    (32, 320), (65, 260), (115, 238), (108, 195), (115, 165), (142, 145), (180, 152), (160, 118), (146, 90),
)  # fmt: skip
_TORSO = ((110, 300), (300, 290), (345, 300), (355, 345), (300, 380), (280, 511), (60, 511), (45, 400), (80, 300))
#: The wall behind, where the collar hides that it belongs outside.
_WALL = (((166, 126), (181, 126), (184, 150), (160, 150)), ((276, 126), (298, 118), (290, 162), (266, 160)))
_PORTRAIT = 512
#: Height of the portrait at its smallest, in heights of the picture, and how much it grows.
_SIZE, _GROWTH = 0.96, 0.1


class DemoCapture(Capture):
    """``demo:WIDTHxHEIGHT@RATE?seconds=N``; 1280x720@30 for 10 seconds unless it says otherwise, 0: without end.

    The motion repeats seamlessly every ten seconds. MissingExtraError without scikit-image.
    """

    def __init__(self, uri: str = "demo:") -> None:
        params = parse(uri, (1280, 720), 30, {"seconds": 10})
        seconds = params.extra["seconds"]
        frames = math.ceil(seconds * params.rate)
        self.live = frames == 0
        super().__init__(
            SourceInfo(
                name="demo",
                width=params.width,
                height=params.height,
                rate=params.rate,
                color=Color(range="pc", matrix="gbr"),
                frames=frames or None,
                duration=seconds or None,
            )
        )
        self._frames = frames or math.inf
        self._base = 1 / params.rate
        portrait, sky = _pictures()
        self._portrait = _cut_out(portrait)
        self._sky = _cover(sky, params.width, params.height)
        # The part of the picture that the portrait can reach at a time: its width, and what swaying adds.
        self._wide = min(params.width, math.ceil(_SIZE * (1 + _GROWTH) * 1.15 * params.height))
        self._pool = BufferPool()

    def read(self) -> Frame | None:
        if self._seq >= self._frames or self._interrupted.is_set():
            return None
        picture = self._paint(float(self._seq * self._base))
        return self._stamp(BgrPicture(picture), self._seq, self._base, duration=1)

    def _paint(self, seconds: float) -> U8:
        """The picture of a moment: the sky drifts, the portrait sways, nods and comes nearer and goes again."""
        width, height = self.info.width, self.info.height
        picture = self._pool.take((height, width, 3), np.uint8)
        turn = math.tau * seconds / 10
        spare = (self._sky.shape[1] - width) / 2, (self._sky.shape[0] - height) / 2
        x, y = round(spare[0] * (1 + math.sin(turn))), round(spare[1] * (1 + math.cos(turn)))
        np.copyto(picture, self._sky[y : y + height, x : x + width])

        matrix, left = self._motion(turn)
        # Four channels at once: OpenCV turns them in a third of the time that it takes for three.
        person = self._pool.take((height, self._wide, 4), np.uint8)
        cv2.warpAffine(self._portrait, matrix, (self._wide, height), dst=person)
        _blend(picture[:, left : left + self._wide], person)
        return picture

    def _motion(self, turn: float) -> tuple[F32, int]:
        """Portrait to the part of the picture that it can reach, and where that part begins.

        The portrait's lower edge always lies below the picture's, or the bust would float.
        """
        width, height = self.info.width, self.info.height
        scale = _SIZE * height / _PORTRAIT * (1 + _GROWTH * (1 - math.cos(turn)) / 2)
        angle = 0.06 * math.sin(2 * turn)
        c, s = scale * math.cos(angle), scale * math.sin(angle)
        # The middle of the lower edge goes here; swaying turns the edge, so it hides a little deeper.
        x = width * (0.5 + 0.17 * math.sin(turn))
        y = height * (1.05 + 0.015 * math.sin(3 * turn))
        left = min(max(0, round(x - self._wide / 2)), width - self._wide)
        foot = _PORTRAIT * 0.5, float(_PORTRAIT)
        matrix = np.array(
            [[c, -s, x - left - c * foot[0] + s * foot[1]], [s, c, y - s * foot[0] - c * foot[1]]], np.float32
        )
        return matrix, left


@njit(nogil=True, cache=True)
def _blend(below: U8, above: U8) -> None:
    """Lays ``above`` (BGR and opacity) over ``below`` (BGR), in place."""
    for y in range(above.shape[0]):
        for x in range(above.shape[1]):
            weight = np.uint32(above[y, x, 3])
            if weight == 0:
                continue
            for channel in range(3):
                under, over = np.uint32(below[y, x, channel]), np.uint32(above[y, x, channel])
                # (… + 128) · 257 >> 16 is the division by 255, rounded.
                mixed = under * (np.uint32(255) - weight) + over * weight + np.uint32(128)
                below[y, x, channel] = np.uint8((mixed * np.uint32(257)) >> np.uint32(16))


def _pictures() -> tuple[U8, U8]:
    """Portrait and background, BGR."""
    try:
        from skimage import data
    except ImportError:
        raise MissingExtraError("scikit-image", "demo", "the demo") from None
    portrait: U8 = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)
    sky: U8 = cv2.cvtColor(data.hubble_deep_field(), cv2.COLOR_RGB2BGR)
    return portrait, sky


def _cut_out(portrait: U8) -> U8:
    """The portrait with its opacity as fourth channel, soft at the edge."""
    half = _PORTRAIT // 2
    small = cv2.resize(portrait, (half, half), interpolation=cv2.INTER_AREA)
    marks = np.full((half, half), cv2.GC_BGD, np.uint8)
    cv2.fillPoly(marks, [np.array(_OUTLINE, np.int32) // 2], cv2.GC_PR_FGD)
    cv2.fillPoly(marks, [np.array(_TORSO, np.int32) // 2], cv2.GC_FGD)
    cv2.ellipse(marks, (115, 43), (28, 24), 0, 0, 360, cv2.GC_FGD, cv2.FILLED)  # hair
    cv2.ellipse(marks, (112, 62), (17, 28), 0, 0, 360, cv2.GC_FGD, cv2.FILLED)  # face
    for wall in _WALL:
        cv2.fillPoly(marks, [np.array(wall, np.int32) // 2], cv2.GC_BGD)
    cv2.ellipse(marks, (105, 111), (42, 26), 30, 0, 360, cv2.GC_FGD, cv2.FILLED)  # collar
    cv2.circle(marks, (195, 225), 42, cv2.GC_FGD, cv2.FILLED)  # helmet
    models = np.zeros((2, 1, 65))
    cv2.setRNGSeed(1)  # GrabCut starts from random clusters
    cv2.grabCut(small, marks, None, models[0], models[1], 4, cv2.GC_INIT_WITH_MASK)
    inside = np.where((marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD), 255, 0).astype(np.uint8)
    inside = cv2.medianBlur(inside, 5)
    smooth = cv2.GaussianBlur(cv2.resize(inside, (_PORTRAIT, _PORTRAIT), interpolation=cv2.INTER_CUBIC), (0, 0), 2)
    # Steeper, and drawn in by a pixel, so that nothing of the studio's wall shines along the edge.
    alpha = np.clip((smooth.astype(np.float32) - 128) * 2.2, 0, 255).astype(np.uint8)
    return np.dstack([portrait, alpha])


def _cover(sky: U8, width: int, height: int) -> U8:
    """The background a tenth larger than the picture, so that it can drift, darkened and out of focus."""
    scale = 1.1 * max(width / sky.shape[1], height / sky.shape[0])
    size = max(width, math.ceil(sky.shape[1] * scale)), max(height, math.ceil(sky.shape[0] * scale))
    large = cv2.GaussianBlur(cv2.resize(sky, size, interpolation=cv2.INTER_CUBIC), (0, 0), max(0.1, height / 400))
    dim: U8 = cv2.convertScaleAbs(large, alpha=0.7, beta=24)
    return dim
