"""Base masks: what networks that ship say of a training picture, for one that learns to refine such masks.

A refiner must learn the errors that base models make, not those that somebody invents: edges of a small grid, hands that
melt together, false skin. So the models run on the training's own pictures, shrunk to a part of their size (there is more
in a photograph than a network's input shows), and their scores are brought back to full size as at run time
(:class:`rtskin.render.refine.Refiner`). Each picture gets a few masks, drawn by its name: the same in every training, and
made once, when the picture is first read.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from rtskin.errors import MissingExtraError
from rtskin.train.data.imaging import cv2

if TYPE_CHECKING:
    from rtskin.infer.base import BaseSegmenter
    from rtskin.train.data.sets import Item, Picture
    from rtskin.train.recipe import Prior

Array = np.ndarray[Any, Any]

#: Masks of each picture: between them a training draws.
VARIANTS = 3
#: Pixels: a picture is shrunk no further, for nothing could be seen in it.
_LEAST = 64
#: Places to centre crops on.
_PLACES = 512


class Bases:
    """Callable: a picture with its base masks. Can be sent to a worker process, where the models are loaded when needed."""

    def __init__(self, spec: Prior) -> None:
        self._spec = spec
        self._loaded: list[tuple[BaseSegmenter, Any]] = []

    def __call__(self, item: Item, picture: Picture) -> Picture:
        """``bases``: :data:`VARIANTS` of uint8 H×W, 255 = skin. ``skin`` becomes where the truth or one of these sees any,
        so that crops show what must be taken away too."""
        rng = np.random.default_rng(zlib.crc32(PurePath(item.image.name).name.encode("utf-8")))
        bases = tuple(self._mask(rng, picture.image) for _ in range(VARIANTS))
        return replace(picture, bases=bases, skin=_places(np.maximum.reduce([picture.mask, *bases])))

    def __getstate__(self) -> dict[str, Any]:
        return {"_spec": self._spec, "_loaded": []}

    def _mask(self, rng: np.random.Generator, image: Array) -> Array:
        from rtskin.frame import BgrPicture, Frame, Scores, SourceInfo

        which, part = rng.random(2)
        models = self._models()
        model, refine = models[int(which * len(models))]
        low, high = np.log(self._spec.of_scale)
        small = _shrunk(image, float(np.exp(low + part * (high - low))))
        frames = [Frame(0, BgrPicture(one), SourceInfo("", one.shape[1], one.shape[0])) for one in (image, small)]
        scores = model.infer(model.prepare(frames[1]))
        grid = np.asarray(scores.data, np.float32)
        size = (min(grid.shape[1], small.shape[1]), min(grid.shape[0], small.shape[0]))
        # No finer than what was looked at.
        grid = cv2.resize(grid, size, interpolation=cv2.INTER_AREA)
        mask: Array = refine(Scores(frames[0], grid, scores.model)).data.copy()
        return mask

    def _models(self) -> list[tuple[BaseSegmenter, Any]]:
        if not self._loaded:
            try:
                from rtskin.infer.base import load_segmenter
                from rtskin.render.refine import Refiner
            except ImportError as error:  # a machine with torch, OpenCV and numpy alone
                raise MissingExtraError(error.name or "rtskin's runtime", "train,cpu", "prior.of") from error
            # No mask but those of one thread is the same on every machine; the network that is trained has the others.
            self._loaded = [(load_segmenter(name, device="cpu", threads=1), Refiner()) for name in self._spec.of]
        return self._loaded


def _shrunk(image: Array, scale: float) -> Array:
    height, width = image.shape[:2]
    scale = min(1.0, max(scale, _LEAST / min(height, width)))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small: Array = np.ascontiguousarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    return small


def _places(mask: Array) -> Array:
    """N×2 int32 (x, y): some pixels that are skin."""
    rows, columns = np.nonzero(mask[::2, ::2] > 127)
    some = slice(None, None, max(1, len(rows) // _PLACES))
    places: Array = np.stack([columns[some] * 2, rows[some] * 2], 1).astype(np.int32)
    return places
