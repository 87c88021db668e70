"""What webcams and streams add to a picture beside light and noise: lamps that flicker, halos, coarse colour, H.264."""

from __future__ import annotations

import functools
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from rtskin.errors import InputError
from rtskin.train.data.imaging import cv2

if TYPE_CHECKING:
    from rtskin.train.recipe import Augment

Array = np.ndarray[Any, Any]

#: Pictures of the pan that is encoded: the last one is what a stream looks like a while after its last key frame.
_PAN = 4


def sensed(rng: np.random.Generator, image: Array, spec: Augment) -> Array:
    """What happens on the sensor and before the codec: bands, halos, coarse colour. uint8 H×W×3 BGR."""
    chance = rng.random(3)
    if chance[0] < spec.banding:
        image = banding(rng, image)
    if chance[1] < spec.halo:
        image = halo(rng, image)
    if chance[2] < spec.chroma:
        image = chroma(rng, image)
    return image


def banding(rng: np.random.Generator, image: Array) -> Array:
    """Bright and dark bands: a rolling shutter under a lamp on alternating current."""
    depth, bands, phase, warm = rng.uniform((0.05, 0.7, 0, -0.3), (0.25, 5, 2 * np.pi, 0.3))
    wave = np.sin(2 * np.pi * bands * np.linspace(0, 1, len(image), dtype=np.float32) + phase)
    # The lamp's colour changes with its brightness: phosphors glow on.
    gain = 1 + depth * wave[:, None] * np.array([1 - warm, 1, 1 + warm])
    banded: Array = np.clip(image * gain[:, None].astype(np.float32) + 0.5, 0, 255).astype(np.uint8)
    return banded


def halo(rng: np.random.Generator, image: Array) -> Array:
    """Contours with bright and dark seams: sharpening in the camera."""
    amount, sigma = rng.uniform((0.5, 0.7), (2.5, 2.0))
    return cv2.addWeighted(image, 1 + amount, cv2.GaussianBlur(image, (0, 0), sigma), -amount, 0)


def chroma(rng: np.random.Generator, image: Array) -> Array:
    """Colour at a half or a quarter of the resolution, as 4:2:0 video and cheap cameras have it."""
    part, blocks = (2, 4)[rng.integers(2)], rng.random() < 0.5
    height, width = image.shape[:2]
    ycc = cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb)
    small = cv2.resize(ycc, (max(1, width // part), max(1, height // part)), interpolation=cv2.INTER_AREA)
    coarse = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST if blocks else cv2.INTER_LINEAR)
    coarse[..., 0] = ycc[..., 0]
    return cv2.cvtColor(coarse, cv2.COLOR_YCrCb2BGR)


def require(spec: Augment) -> None:
    """InputError where ``spec`` asks for what this machine cannot do."""
    if spec.h264 and not _has_x264():
        raise InputError(
            "augment.h264 needs PyAV with libx264, which is not on this machine: install av, or train with augment.h264 = 0"
        )


def h264(rng: np.random.Generator, image: Array) -> Array:
    """The last picture of a short pan over ``image``, encoded by x264 at a drawn quality and decoded again.

    uint8 H×W×3 BGR. :func:`require` says before whether this can be done.
    """
    from rtskin.media import av

    quality, preset, step = rng.integers(26, 44), ("ultrafast", "veryfast")[rng.integers(2)], rng.integers(-6, 7, 2)
    height, width = image.shape[:2]
    # The codec takes even sizes; what is added is cut off again.
    even = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = even.shape[1], even.shape[0], "yuv420p"
    encoder.time_base, encoder.thread_count = Fraction(1, 30), 1
    encoder.options = {"crf": str(quality), "preset": preset, "tune": "zerolatency"}
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    packets = [packet for frame in _pan(even, step) for packet in encoder.encode(frame)] + encoder.encode(None)
    frames = [frame for packet in packets for frame in decoder.decode(packet)] + decoder.decode(None)
    found: Array = frames[-1].to_ndarray(format="bgr24")[:height, :width]
    return np.ascontiguousarray(found)


def _pan(image: Array, step: Array) -> list[Any]:
    """Frames that move by ``step`` (x, y) pixels each, and end at the picture as it is."""
    from rtskin.media import av

    frames = []
    for number in range(_PAN):
        matrix = np.array([[1, 0, step[0]], [0, 1, step[1]]], np.float32)
        matrix[:, 2] *= _PAN - 1 - number
        size = (image.shape[1], image.shape[0])
        moved = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT_101)
        frames.append(av.VideoFrame.from_ndarray(moved, format="bgr24"))
        frames[-1].pts = number
    return frames


@functools.cache
def _has_x264() -> bool:
    try:
        from rtskin.media import av

        av.CodecContext.create("libx264", "w")
    except (ImportError, ValueError):
        return False
    return True
