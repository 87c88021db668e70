"""From a frame's pixels to a network's tensor.

Measured at 1280×720 → 256×256, one thread: cv2.resize takes 6.1 ms for INTER_AREA, 0.3 for INTER_LINEAR (which skips
pixels: edges shimmer in the mask), 0.7 for a 2×2 average and then INTER_LINEAR (which still skips some), and then all have
to be normalised. The kernel here gives INTER_AREA's result, normalised, in about 1.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from rtskin.frame import U8, Frame, Yuv
from rtskin.pool import BufferPool
from rtskin.preprocess import planar
from rtskin.preprocess.fit import Fit, Rect, Shape, choose, fit
from rtskin.preprocess.kernels import resample
from rtskin.preprocess.taps import taps

_Triple = tuple[float, float, float]

#: A frame of so many times the tensor's pixels goes straight from its planes: more than 1920×1080 for one of 416×224.
#: Smaller ones gain nothing where a view needs BGR anyway (1280×720 takes 0.96 ms so, and 0.9 from BGR, which takes 0.5 to
#: make), and keep what networks were measured with: half a level of green moves masks by 5 of 255 at one pixel in 1000.
LARGE = 32


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """What a network takes: 1×3×height×width of ``(pixel · scale − mean) / std``, mean and std in the order of ``colour``.

    shapes: (width, height), one or more; the picture's aspect chooses the nearest. dtype "uint8" takes
    pixels as they are. pad: pixel value (0 … 255) around a letterboxed picture.
    """

    shapes: tuple[Shape, ...]
    fit: Fit = "stretch"
    colour: Literal["rgb", "bgr"] = "rgb"
    scale: float = 1.0
    mean: _Triple = (0.0, 0.0, 0.0)
    std: _Triple = (1.0, 1.0, 1.0)
    pad: float = 0.0
    dtype: Literal["float32", "uint8"] = "float32"


class ToTensor:
    """Callable: uint8 H×W×3 BGR of any size → (tensor 1×3×height×width, where the picture lies in it). Thread-safe.

    The tensor comes from a pool: it is the caller's own until the last view of it is gone.
    """

    def __init__(self, spec: TensorSpec) -> None:
        self.spec = spec
        self._pool = BufferPool()
        # The kernel reads B, G, R; a card lists its channels in its own order.
        self._planes = (2, 1, 0) if spec.colour == "rgb" else (0, 1, 2)
        gain = [spec.scale / spec.std[plane] for plane in range(3)]
        bias = [-spec.mean[plane] / spec.std[plane] for plane in range(3)]
        if spec.dtype == "uint8":
            bias = [0.5, 0.5, 0.5]  # the cast cuts off
        self._pad = [spec.pad * gain[plane] + bias[plane] for plane in range(3)]
        self._gain = tuple(np.float32(gain[plane]) for plane in self._planes)
        self._bias = tuple(np.float32(bias[plane]) for plane in self._planes)

    def __call__(self, bgr: U8) -> tuple[npt.NDArray[Any], Rect]:
        height, width = bgr.shape[:2]
        tensor, content = self._place(width, height)
        resample(
            np.ascontiguousarray(bgr).reshape(height, width * 3),
            taps(height, content[3]),
            taps(width, content[2]),
            self._pool.take((width * 3,), np.float32),
            *self._target(tensor, content),
        )
        return tensor, content

    def of(self, frame: Frame) -> tuple[npt.NDArray[Any], Rect]:
        """The same of a frame: straight from its planes where they say all, and it is LARGE (rtskin.preprocess.planar)."""
        width, height = choose(self.spec.shapes, (frame.width, frame.height))
        large = frame.width * frame.height >= LARGE * width * height
        yuv = frame.picture.yuv() if large else None
        return self(frame.bgr) if yuv is None else self.of_planes(yuv)

    def of_planes(self, yuv: Yuv) -> tuple[npt.NDArray[Any], Rect]:
        """The same of planes as they were decoded."""
        height, width = yuv.y.shape
        tensor, content = self._place(width, height)
        row = self._pool.take((3 * width + 3 * content[2],), np.float32)
        planar.resample(yuv, content[2:], row, *self._target(tensor, content))
        return tensor, content

    def warm(self) -> None:
        """Compiles (or loads) the kernels, so that the first frame of a stream is not late."""
        self._warm_bgr()
        self._warm_planes()

    def _warm_bgr(self) -> None:
        self(np.zeros((2, 2, 3), np.uint8))

    def _warm_planes(self) -> None:
        plane = np.zeros((2, 2), np.uint8)
        self.of_planes(Yuv(plane, plane, plane, "bt709", False))

    def _place(self, width: int, height: int) -> tuple[npt.NDArray[Any], Rect]:
        """A tensor for a picture of that size, filled where it will not lie."""
        spec = self.spec
        shape = choose(spec.shapes, (width, height))
        content = fit(spec.fit, (width, height), shape)
        tensor = self._pool.take((1, 3, shape[1], shape[0]), spec.dtype)
        if content[2:] != shape:
            for plane in range(3):
                tensor[0, plane] = self._pad[plane]
        return tensor, content

    def _target(self, tensor: npt.NDArray[Any], content: Rect) -> tuple[Any, ...]:
        """What the kernels need to know of where they write."""
        return tensor[0], content[:2], self._planes, self._gain, self._bias


def warm_bgr() -> None:
    """The kernel from BGR, of networks that take float32."""
    ToTensor(TensorSpec(((2, 2),)))._warm_bgr()


def warm_planes() -> None:
    """The kernel from planes, of networks that take float32."""
    ToTensor(TensorSpec(((2, 2),)))._warm_planes()
