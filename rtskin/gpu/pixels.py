"""A frame's pixels on the device: as planes or as BGR, whichever it was decoded as."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from rtskin.frame import Frame
from rtskin.gpu.lanes import Lanes
from rtskin.gpu.slots import Slot
from rtskin.preprocess.planar import coefficients

#: What OpenCV's fixed point takes of blue, green and red for a grey level, in 32768ths.
_GREY = (3735, 19235, 9798)


@dataclass(frozen=True)
class Planes:
    """uint8 on the device: y H×W, u and v with one sample for ``by`` (down, across) pixels. matrix, full: as of
    rtskin.frame.Yuv."""

    y: torch.Tensor
    u: torch.Tensor
    v: torch.Tensor
    by: tuple[int, int]
    matrix: str
    full: bool

    @property
    def size(self) -> tuple[int, int]:
        """Height, width."""
        return self.y.shape[0], self.y.shape[1]

    @property
    def luma(self) -> torch.Tensor:
        """uint8 H×W in the range that was decoded."""
        return self.y

    def bgr(self) -> torch.Tensor:
        """uint8 H×W×3, B first, full range: as swscale makes it (every pixel takes the nearest chroma), but rounded."""
        height, width = self.size
        m = [float(x) for x in coefficients(self.matrix, self.full)]
        u, v, y = (plane.to(torch.float32) for plane in (self.u, self.v, self.y))
        out = torch.empty((height, width, 3), dtype=torch.uint8, device=y.device)
        for channel in range(3):
            my, mu, mv, base = m[4 * channel : 4 * channel + 4]
            tint = _spread(mu * u + mv * v + (base + 0.5), self.by, (height, width))
            out[..., channel] = (my * y + tint).clamp_(0, 255).to(torch.uint8)
        return out


@dataclass(frozen=True)
class Bgr:
    """uint8 H×W×3 on the device."""

    pixels: torch.Tensor

    @property
    def size(self) -> tuple[int, int]:
        """Height, width."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def luma(self) -> torch.Tensor:
        """uint8 H×W."""
        blue, green, red = self.pixels.to(torch.int32).unbind(2)
        first, second, third = _GREY
        return ((first * blue + second * green + third * red + (1 << 14)) >> 15).to(torch.uint8)

    def bgr(self) -> torch.Tensor:
        """The pixels themselves."""
        return self.pixels


Pixels = Planes | Bgr


def uploaded(frame: Frame, slot: Slot, lanes: Lanes) -> Pixels:
    """Planes where they say all (half the bytes of BGR, and no conversion here), else BGR."""
    yuv = frame.picture.yuv()
    if yuv is None:
        return Bgr(lanes.up(slot, "bgr", frame.bgr))
    y, u, v = (lanes.up(slot, name, plane) for name, plane in zip(("y", "u", "v"), (yuv.y, yuv.u, yuv.v), strict=True))
    by = (-(-y.shape[0] // u.shape[0]), -(-y.shape[1] // u.shape[1]))
    return Planes(y, u, v, by, yuv.matrix, yuv.full)


def _spread(plane: torch.Tensor, by: tuple[int, int], size: tuple[int, int]) -> torch.Tensor:
    """Each sample for all its pixels."""
    height, width = plane.shape
    wide = plane[:, None, :, None].expand(height, by[0], width, by[1])
    return wide.reshape(height * by[0], width * by[1])[: size[0], : size[1]]
