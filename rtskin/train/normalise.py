"""From pixels to what the network sees. The export puts the same into the graph."""

from __future__ import annotations

import torch

#: Of RGB in 0…255.
MEAN = (123.675, 116.28, 103.53)
STD = (58.395, 57.12, 57.375)


def normalise(rgb: torch.Tensor) -> torch.Tensor:
    """uint8 N×H×W×3 RGB → float32 N×3×H×W, in channels_last memory, on the device that it is on."""
    x = rgb.permute(0, 3, 1, 2).float()
    mean, std = (torch.tensor(values, device=rgb.device).view(1, 3, 1, 1) for values in (MEAN, STD))
    return (x - mean) / std


def network_input(rgb: torch.Tensor, priors: torch.Tensor | None = None, prior: bool = False) -> torch.Tensor:
    """uint8 N×H×W×3 RGB → what a network is trained on: normalised, and where there is a ``prior``, with that as a
    fourth channel: ``priors`` uint8 N×H×W (255 = was skin) as 0…1, else an empty one."""
    x = normalise(rgb)
    if priors is None and not prior:
        return x
    before = torch.zeros_like(x[:, :1]) if priors is None else priors[:, None].float() / 255
    return torch.cat([x, before], 1)
