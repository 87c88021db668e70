"""Scores become a mask at the frame's size, on the device: rtskin.render.refine and rtskin.render.guided in tensors."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch.nn import functional as F

from rtskin.gpu.resample import Resampler
from rtskin.render.lines import FOLLOW
from rtskin.render.refine import Method


class DeviceRefiner:
    """Callable: (float32 h×w in 0 … 1, the frame's luma uint8 H×W) → uint8 H×W, 0 … 255. See rtskin.render.refine."""

    def __init__(self, resample: Resampler, method: Method = "guided", radius: int = 1, eps: float = 2e-2) -> None:
        self.method, self.radius, self.eps = method, radius, eps
        self._resample = resample

    def __call__(self, scores: torch.Tensor, luma: torch.Tensor) -> torch.Tensor:
        size = (luma.shape[0], luma.shape[1])
        grid = (min(scores.shape[0], size[0]), min(scores.shape[1], size[1]))
        finished = tuple(scores.shape) == size
        if tuple(scores.shape) != grid:
            scores = self._resample(scores, grid)
        if self.method == "linear" or finished:
            return _rounded(255 * _enlarged(scores, size))
        a, b = _lines(_reduced(luma, grid), scores, self.radius, self.eps)
        return _rounded(_enlarged(a, size) * luma + 255 * _enlarged(b, size))


def _lines(guide: torch.Tensor, scores: torch.Tensor, radius: int, eps: float) -> tuple[torch.Tensor, torch.Tensor]:
    """As rtskin.render.lines.fit: the lines a·guide + b of guide (0 … 1) and scores, both h×w."""
    products = torch.stack([guide, scores, guide * guide, guide * scores])
    i, p, ii, ip = _means(products, radius)
    slopes = (ip - i * p) / ((ii - i * i).clamp(min=0) + eps)
    around = F.pad(scores[None, None], (1, 1, 1, 1), mode="replicate")
    spread = F.max_pool2d(around, 3, 1) + F.max_pool2d(-around, 3, 1)
    a = _means(slopes[None], radius)[0] * (float(FOLLOW) * spread[0, 0]).clamp(max=1)
    return a, scores - a * i


def _means(planes: torch.Tensor, radius: int) -> torch.Tensor:
    """N×h×w: the mean of the window around each pixel; borders are mirrored, and doubled."""
    height, width = planes.shape[1:]
    device = str(planes.device)
    rows, columns = _mirrored(height, radius, device), _mirrored(width, radius, device)
    return F.avg_pool2d(planes.index_select(1, rows).index_select(2, columns), 2 * radius + 1, 1)


@lru_cache(maxsize=32)
def _mirrored(size: int, radius: int, device: str) -> torch.Tensor:
    """Of -radius … size + radius - 1: the position inside that each is the mirror image of."""
    at = torch.arange(-radius, size + radius) % (2 * size)
    return torch.where(at < size, at, 2 * size - 1 - at).to(device)


def _reduced(luma: torch.Tensor, grid: tuple[int, int]) -> torch.Tensor:
    """The luma as 0 … 1 at the grid's size: halves while they fit, then interpolated, in whole grey levels."""
    plane = luma.to(torch.float32)[None, None]
    while plane.shape[2] >= 2 * grid[0] and plane.shape[3] >= 2 * grid[1]:
        plane = (F.avg_pool2d(plane, 2) + 0.5).floor()
    reduced = F.interpolate(plane, grid, mode="bilinear", align_corners=False)
    return (reduced[0, 0] + 0.5).floor() / 255


def _enlarged(plane: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    return F.interpolate(plane[None, None], size, mode="bilinear", align_corners=False)[0, 0]


def _rounded(values: torch.Tensor) -> torch.Tensor:
    return (values + 0.5).clamp_(0, 255).to(torch.uint8)
