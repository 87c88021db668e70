"""Resampling on the device, with the very weights of rtskin.preprocess.taps."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import torch

from rtskin.preprocess.planar import shared_taps
from rtskin.preprocess.taps import Taps, taps

#: Matrices that are kept: a stream needs up to six, and pictures of ever new sizes must not fill the memory.
KEPT = 32


class Resampler:
    """Planes to other sizes: averaged over the exact area where they shrink, interpolated where they grow.

    As two products of matrices: their weights are mostly zeros, but a GPU is quicker at products than at anything else, and
    the figures are those of the kernels on the CPU.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._matrices: OrderedDict[tuple[int, int, int], torch.Tensor] = OrderedDict()

    def __call__(
        self, planes: torch.Tensor, size: tuple[int, int], source: tuple[int, int] | None = None
    ) -> torch.Tensor:
        """float32 …×h×w of planes …×H×W. size: h, w. source: of the whole picture, where the planes have one sample for
        several of its pixels."""
        height, width = planes.shape[-2:]
        whole = source or (height, width)
        rows = self._matrix(whole[0], size[0], -(-whole[0] // height))
        columns = self._matrix(whole[1], size[1], -(-whole[1] // width))
        return rows @ planes.to(torch.float32) @ columns.T

    def _matrix(self, source: int, target: int, by: int) -> torch.Tensor:
        key = (source, target, by)
        if key not in self._matrices:
            found = taps(source, target) if by == 1 else shared_taps(source, target, by)
            self._matrices[key] = torch.from_numpy(_dense(found, -(-source // by))).to(self._device)
            while len(self._matrices) > KEPT:
                self._matrices.popitem(last=False)
        self._matrices.move_to_end(key)
        return self._matrices[key]


def _dense(found: Taps, source: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    dense = np.zeros((found.start.size, source), np.float32)
    rows = np.arange(found.start.size)
    for k in range(found.weights.shape[1]):
        np.add.at(dense, (rows, found.start.astype(np.int64) + k), found.weights[:, k])
    return dense
