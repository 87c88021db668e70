"""How things move in a motion clip: the subject and the camera, as similarities of the plane, one a frame.

Lengths are pixels at 720 lines and grow with the picture. Points are continuous: the middle of the first pixel is at 0.5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rtskin.train.data.crops import Crop, Shape

F64 = npt.NDArray[np.float64]
#: Lines of the picture that speeds are stated for.
LINES = 720


@dataclass(frozen=True)
class Motion:
    """Speeds in pixels a frame, amplitudes of turn (degrees) and growth (part of the size), all there and back again in
    ``period`` frames; ``pan`` and ``zoom`` are the camera's. swing: turns about the lower edge, as a waving hand does."""

    speed: float = 0.0
    degrees: float = 0.0
    growth: float = 0.0
    pan: float = 0.0
    zoom: float = 0.0
    period: float = 40.0
    swing: bool = False


#: What a motion clip may be of. "wave" is made of hands that fill the picture, the others of people.
MOTIONS = {
    "still": Motion(),
    "slow": Motion(speed=2),
    "fast": Motion(speed=24, period=32),
    "turn": Motion(speed=3, degrees=12, growth=0.08, period=36),
    "pan": Motion(pan=5),
    "zoom": Motion(zoom=0.15),
    "wave": Motion(degrees=18, period=20, swing=True),
}


def path(motion: Motion, frames: int, size: Shape) -> tuple[list[F64], list[F64]]:
    """3×3 for each frame: how the subject moved since the first, and the camera (from the scene to the picture)."""
    unit = size[1] / LINES
    middle = np.array(size) / 2
    pivot = np.array([size[0] / 2, size[1] * 1.1]) if motion.swing else middle
    wave = np.sin(2 * np.pi * np.arange(frames) / motion.period)
    there, turned = _travel(motion.speed * unit, motion), np.deg2rad(motion.degrees) * wave
    panned = _travel(motion.pan * unit, motion)
    subject = [similarity(there(t), turned[t], 1 + motion.growth * wave[t], pivot) for t in range(frames)]
    # A zoom begins wide: what is not in the background's picture is mirrored in, and should be little.
    near = 1 + motion.zoom * (1 - np.cos(2 * np.pi * np.arange(frames) / motion.period)) / 2
    camera = [similarity(-panned(t), 0.0, near[t], middle) for t in range(frames)]
    return subject, camera


def similarity(x: float, angle: float, scale: float, about: F64) -> F64:
    """3×3: turns by ``angle`` (radians) and grows by ``scale`` about a point, then moves by ``x`` to the right."""
    matrix = np.eye(3)
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    matrix[:2, :2] = [[cosine, -sine], [sine, cosine]]
    matrix[:2, 2] = about - matrix[:2, :2] @ about + (x, 0.0)
    return matrix


def crop_of(to_picture: F64, size: Shape) -> Crop:
    """The crop that :func:`rtskin.train.data.crops.warp` stretches to a frame of ``size``, by the similarity from the frame
    to the picture that it is cut from."""
    across = to_picture[:2, 0]
    zoom = float(np.hypot(*across))
    x, y, _ = to_picture @ np.array([size[0] / 2, size[1] / 2, 1.0])
    degrees = float(np.rad2deg(np.arctan2(across[1], across[0])))
    return Crop(float(x), float(y), size[0] * zoom, size[1] * zoom, degrees)


def displacement(step: F64, size: Shape) -> npt.NDArray[np.float32]:
    """float32 H×W×2 (x, y): where each pixel of a frame is in the next one, minus where it is; ``step`` leads there."""
    columns, rows = np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5
    moved = step - np.eye(3)
    flow = np.empty((size[1], size[0], 2), np.float32)
    for axis in range(2):
        flow[..., axis] = (moved[axis, 0] * columns)[None, :] + (moved[axis, 1] * rows + moved[axis, 2])[:, None]
    return flow


def _travel(speed: float, motion: Motion) -> Callable[[int], float]:
    """Position by frame: at ``speed`` to the right, slowing down, at ``speed`` to the left, and so on.

    Turning round is what lets a delay be told from an offset.
    """
    times = np.arange(-1, 4096) + 0.5
    velocity = speed * np.clip(3 * np.cos(2 * np.pi * times / motion.period), -1, 1)
    position = np.concatenate([[0.0], np.cumsum(velocity[1:])])
    return lambda t: float(position[t])
