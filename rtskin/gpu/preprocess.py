"""From a frame's pixels to a network's tensor, on the device: as rtskin.preprocess.tensor makes it."""

from __future__ import annotations

import torch

from rtskin.gpu.pixels import Pixels, Planes
from rtskin.gpu.resample import Resampler
from rtskin.preprocess.fit import Rect, choose, fit
from rtskin.preprocess.planar import coefficients
from rtskin.preprocess.tensor import TensorSpec


class ToDeviceTensor:
    """Callable: pixels → (float32 1×3×height×width, where the picture lies in it: x, y, w, h)."""

    def __init__(self, spec: TensorSpec, resample: Resampler, device: torch.device) -> None:
        self.spec, self._resample = spec, resample
        gain = [spec.scale / std for std in spec.std]
        bias = [-mean / std for mean, std in zip(spec.mean, spec.std, strict=True)]
        self._gain, self._bias = (
            torch.tensor(values, dtype=torch.float32, device=device).view(3, 1, 1) for values in (gain, bias)
        )

    def __call__(self, pixels: Pixels) -> tuple[torch.Tensor, Rect]:
        height, width = pixels.size
        shape = choose(self.spec.shapes, (width, height))
        content = fit(self.spec.fit, (width, height), shape)
        small = self._small(pixels, (content[3], content[2]))
        if self.spec.colour == "rgb":
            small = small.flip(0)
        small = small * self._gain + self._bias
        if content[2:] == shape:
            return small[None], content
        x, y, w, h = content
        tensor = (self.spec.pad * self._gain + self._bias).expand(3, shape[1], shape[0]).contiguous()
        tensor[:, y : y + h, x : x + w] = small
        return tensor[None], content

    def _small(self, pixels: Pixels, size: tuple[int, int]) -> torch.Tensor:
        """float32 3×h×w: blue, green, red in 0 … 255."""
        if not isinstance(pixels, Planes):
            return self._resample(pixels.bgr().permute(2, 0, 1), size)
        planes = [self._resample(plane, size, pixels.size) for plane in (pixels.y, pixels.u, pixels.v)]
        m = [float(x) for x in coefficients(pixels.matrix, pixels.full)]
        y, u, v = planes
        rows = (m[4 * row : 4 * row + 4] for row in range(3))
        return torch.stack([my * y + mu * u + mv * v + base for my, mu, mv, base in rows]).clamp_(0, 255)
