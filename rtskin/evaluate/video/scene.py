"""A motion clip: a cut-out subject that moves before a background, as a camera sees it, with the exact truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from rtskin.evaluate.video.h264 import CRF, encode
from rtskin.evaluate.video.paths import F64, MOTIONS, Motion, crop_of, displacement, path
from rtskin.frame import F32, U8
from rtskin.media import cv2
from rtskin.train.data.compose import feathered, truth_over
from rtskin.train.data.crops import Crop, Shape, warp

#: Exposure: amplitude of the lamp's beat against the shutter, and deviation from frame to frame.
FLICKER, SHAKE = 0.03, 0.005


@dataclass(frozen=True)
class Layer:
    """A picture (uint8 H×W×3 BGR), its skin and its opacity (uint8 H×W), and the similarity from it to the scene."""

    image: U8
    skin: U8
    alpha: U8
    place: F64


@dataclass(frozen=True)
class MotionClip:
    """Frames, truth and flow of a subject before a background; each can be asked for by number, in any order.

    kind: of MOTIONS. size: (width, height). noise: deviation of the sensor's, in grey levels. The same ``seed``, the same
    pictures. What moves is as sharp as what does not: there is no motion blur, so that every pixel of the truth is certain.
    """

    name: str
    kind: str
    subject: Layer
    ground: Layer
    size: Shape
    frames: int
    seed: tuple[int, ...]
    noise: float = 3.0

    @property
    def motion(self) -> Motion:
        """How it moves."""
        return MOTIONS[self.kind]

    def picture(self, number: int) -> U8:
        """uint8 H×W×3 BGR, with noise and the exposure of the moment; before the codec."""
        image = self._clean(number).astype(np.float32)
        rng = np.random.default_rng([*self.seed, number])
        x, y = rng.integers(0, _SPARE, 2)
        # Two clips with the same grain at another place are as different as noise has to be.
        grain = grain_of(self.size)[y : y + self.size[1], x : x + self.size[0]]
        gain = np.float32(self._gains[number])
        noisy = image * gain + grain * np.float32(self.noise)
        return np.clip(noisy + np.float32(0.5), 0, 255).astype(np.uint8)

    def truth(self, number: int) -> U8:
        """uint8 H×W: which pixels of the frame are skin, soft at the edge by less than a pixel."""
        _, skin, alpha = self._over(number, picture=False)
        return truth_over(np.zeros_like(skin), skin, alpha)

    def flow(self, number: int) -> F32:
        """float32 H×W×2 (x, y): where each pixel of the frame is in the next one, minus where it is."""
        subject, ground = (
            displacement(self._to_frame(layer, number + 1) @ np.linalg.inv(self._to_frame(layer, number)), self.size)
            for layer in (self.subject, self.ground)
        )
        _, _, alpha = self._over(number, picture=False)
        return np.where((alpha > 127)[..., None], subject, ground)

    def pictures(self) -> Iterator[U8]:
        """All frames, in order."""
        return (self.picture(number) for number in range(self.frames))

    def write(self, path: Path, crf: int = CRF) -> None:
        """As H.264 in ``path`` (.mp4)."""
        encode(path, self.pictures(), self.size, crf)

    @cached_property
    def _moves(self) -> tuple[list[F64], list[F64]]:
        return path(self.motion, self.frames, self.size)

    @cached_property
    def _gains(self) -> F64:
        rng = np.random.default_rng([*self.seed, 0, 1])
        beat, phase = rng.uniform(0.1, 0.4), rng.uniform(0, 2 * np.pi)
        beats = FLICKER * np.sin(2 * np.pi * beat * np.arange(self.frames) + phase)
        gains: F64 = 1 + beats + SHAKE * rng.standard_normal(self.frames)
        return gains

    def _to_frame(self, layer: Layer, number: int) -> F64:
        subject, camera = self._moves
        moved = subject[number] if layer is self.subject else np.eye(3)
        matrix: F64 = camera[number] @ moved @ layer.place
        return matrix

    def _crop(self, layer: Layer, number: int) -> Crop:
        back: F64 = np.linalg.inv(self._to_frame(layer, number)).astype(np.float64)
        return crop_of(back, self.size)

    def _over(self, number: int, picture: bool = True) -> list[U8]:
        """Image (or a copy of the skin, where nobody wants it), skin and feathered opacity of the subject."""
        layer = self.subject
        crop = self._crop(layer, number)
        planes = (layer.image if picture else layer.skin, layer.skin, layer.alpha)
        over, skin, alpha = warp(planes, crop, self.size, True, cv2.BORDER_CONSTANT)
        return [over, skin, feathered(alpha)]

    def _clean(self, number: int) -> U8:
        crop = self._crop(self.ground, number)
        (below,) = warp((self.ground.image,), crop, self.size, True, cv2.BORDER_REFLECT_101)
        over, _, alpha = self._over(number)
        part = alpha.astype(np.float32)[..., None] * np.float32(1 / 255)
        clean: U8 = np.rint(below + (over.astype(np.float32) - below) * part).astype(np.uint8)
        return clean


#: Pixels by which the grain is larger than a frame.
_SPARE = 64


@lru_cache(maxsize=2)
def grain_of(size: Shape) -> F32:
    """float32 noise of deviation 1, larger than a frame, so that each takes another part: drawing it anew would take longer
    than all else."""
    rng = np.random.default_rng([*size, 2])
    return rng.standard_normal((size[1] + _SPARE, size[0] + _SPARE, 3), np.float32)
