"""Segmenter: an image goes in, a mask comes out."""

from __future__ import annotations

import os
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rtskin.errors import GraphStateError, InputError
from rtskin.frame import U8, BgrPicture, Frame, SourceInfo
from rtskin.infer import mirror as mirrors
from rtskin.infer.base import BaseSegmenter, RuntimeInfo, load_segmenter
from rtskin.infer.cards import DEFAULT_MODEL, Card
from rtskin.infer.chunked import Chunked, load_refiner
from rtskin.infer.classes import Classes
from rtskin.infer.sizes import Size

if TYPE_CHECKING:
    from rtskin.render.refine import Bits


class Segmenter:
    """A loaded model for single images::

        segmenter = Segmenter("ellipse")
        mask = segmenter(cv2.imread("portrait.jpg"))

    model: the name of a model, or the path of a card. runtime: "auto", or one by name ("onnxruntime"). device: "auto",
    "cpu", "cuda", "cuda:1". threads: inside the runtime; None lets it choose. size: of the network's input, "still" (what
    the card has for single images), "live" (what it has for video: fewer pixels, faster), or (width, height). classes: what
    the mask is of, for a model that knows more than skin: names from its card, "hair", "skin,hair", "!background" (all but
    that) or "person" (all but the background). mirror: a network looks at the mirror image too and both answers are
    averaged, better masks in twice the time; None: where the size is "still". refine: look again at edges and at
    what is uncertain, in tiles of the image's own size, with the refiner that is installed (True) or another model by name
    (rtskin.infer.chunked); what the model sees enlarged is left as it is. tiles: at most so many of an image; None: all that
    are worth it. Other keywords are the runtime's own options.
    Safe from several threads. For video use rtskin.stream, which smooths over time.

    Errors: UnknownNameError, ModelError, RuntimeUnavailableError, MissingExtraError; InputError for a wrong image,
    size or class.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | Card = DEFAULT_MODEL,
        *,
        runtime: str = "auto",
        device: str = "auto",
        threads: int | None = None,
        size: Size | str = "still",
        classes: Classes | None = None,
        mirror: bool | None = None,
        refine: bool | str | os.PathLike[str] | Card = False,
        tiles: int | None = None,
        **runtime_options: Any,
    ) -> None:
        from rtskin.render.refine import Refiner

        self._enlarge = {8: Refiner(), 16: Refiner(bits=16)}
        self._chunked: Chunked | None = None
        self._mirror = mirrors.is_wanted(mirror, size)
        self._segmenter: BaseSegmenter | None = load_segmenter(
            model,
            runtime=runtime,
            device=device,
            threads=threads,
            size=size,
            classes=classes,
            runtime_options=runtime_options,
        )
        try:
            self._segmenter.warm_up()
        except BaseException:
            self._segmenter.close()
            raise
        #: What the model is, and what it really runs on.
        self.card: Card = self._segmenter.card
        self.info: RuntimeInfo = self._segmenter.info
        # What decides pixel by pixel answers a mirror image as the image.
        self._mirror = self._mirror and self.card.weights is not None
        if refine is not False:
            own = {"runtime": runtime, "device": device, "threads": threads, "classes": classes}
            self._chunked = self._refiner(None if refine is True else refine, tiles, own)

    def __call__(self, image: npt.NDArray[Any], bits: Bits = 8) -> U8:
        """The soft mask of an image: uint8 H×W, 255 where skin is certain; each call gives an array of its own.

        image: uint8 or uint16, H×W×3 in OpenCV's BGR order, H×W×4 (alpha is ignored) or H×W grey. bits: 16 gives a mask of
        uint16, 65535 where skin is certain. InputError for others.
        """
        segmenter = self._segmenter
        if segmenter is None:
            raise GraphStateError("this Segmenter is closed; make a new one")
        if bits not in self._enlarge:
            raise InputError(f"a mask has 8 or 16 bits, not {bits}")
        bgr = as_bgr(image)
        frame = Frame(0, BgrPicture(bgr), SourceInfo("image", bgr.shape[1], bgr.shape[0]))
        scores = mirrors.infer_both(segmenter, frame) if self._mirror else segmenter.infer(segmenter.prepare(frame))
        mask = self._enlarge[bits](scores).data
        # What the model saw larger than it is has no more to show.
        if self._chunked is None or scores.data.size > mask.size:
            return mask
        return self._chunked(bgr, mask).data

    def close(self) -> None:
        """Give memory and devices back; may be called twice."""
        segmenter, self._segmenter = self._segmenter, None
        if segmenter is not None:
            segmenter.close()
        if self._chunked is not None:
            self._chunked.refiner.close()

    def _refiner(
        self, name: str | os.PathLike[str] | Card | None, tiles: int | None, options: dict[str, Any]
    ) -> Chunked:
        try:
            refiner = load_refiner(name, **options)
            refiner.warm_up()
            return Chunked(refiner, budget=tiles)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Segmenter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Segmenter({self.card.name!r}, runtime={self.info.runtime!r}, device={self.info.device!r})"


def as_bgr(image: npt.NDArray[Any]) -> U8:
    """uint8 H×W×3 of an 8- or 16-bit image in grey, BGR or BGRA; InputError says what is wrong with any other."""
    _check(image)
    if image.dtype == np.uint16:
        image = ((image.astype(np.uint32) + 128) // 257).astype(np.uint8)  # 65535 → 255, rounded
    if image.ndim == 2:
        image = image[:, :, None]
    image = np.broadcast_to(image, (*image.shape[:2], 3)) if image.shape[2] == 1 else image[:, :, :3]
    return np.ascontiguousarray(image)


def _check(image: Any) -> None:
    wanted = "uint8 H×W×3 (BGR), as cv2.imread gives it"
    if image is None:
        raise InputError(f"there is no image (cv2.imread gives None for a file it cannot read); give {wanted}")
    if not isinstance(image, np.ndarray):
        raise InputError(f"an image is a numpy array, not a {type(image).__name__}; give {wanted}")
    if image.dtype not in (np.uint8, np.uint16):
        hint = " (multiply by 255 first)" if image.dtype.kind == "f" else ""
        raise InputError(f"an image of {image.dtype} cannot be used; give {wanted}{hint}")
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (1, 3, 4)):
        raise InputError(f"an image of shape {image.shape} cannot be used; give {wanted}")
    if 0 in image.shape:
        raise InputError(f"the image is empty (shape {image.shape}); give {wanted}")
