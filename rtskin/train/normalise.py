"""From pixels to what the network sees. The export puts the same into the graph."""

from __future__ import annotations

import torch

from rtskin.nets import IMAGENET, Statistics


def normalise(rgb: torch.Tensor, statistics: Statistics = IMAGENET) -> torch.Tensor:
    """uint8 N×H×W×3 RGB → float32 N×3×H×W, in channels_last memory, on the device that it is on."""
    x = rgb.permute(0, 3, 1, 2).float()
    mean, std = planes(statistics, rgb.device)
    return (x - mean) / std


def planes(statistics: Statistics, device: torch.device | str = "cpu") -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation as float32 1×3×1×1."""
    mean, std = (torch.tensor(values, device=device).view(1, 3, 1, 1) for values in statistics)
    return mean, std


def renormalise(x: torch.Tensor, before: Statistics, after: Statistics) -> torch.Tensor:
    """Pictures that were normalised for one network, as another takes them."""
    if before == after:
        return x
    mean, std = planes(before, x.device)
    new_mean, new_std = planes(after, x.device)
    return (x * std + mean - new_mean) / new_std


def network_input(
    rgb: torch.Tensor,
    priors: torch.Tensor | None = None,
    prior: bool = False,
    statistics: Statistics = IMAGENET,
) -> torch.Tensor:
    """uint8 N×H×W×3 RGB → what a network is trained on: normalised, and where there is a ``prior``, with that as a
    fourth channel: ``priors`` uint8 N×H×W (255 = was skin) as 0…1, else an empty one."""
    x = normalise(rgb, statistics)
    if priors is None and not prior:
        return x
    before = torch.zeros_like(x[:, :1]) if priors is None else priors[:, None].float() / 255
    return torch.cat([x, before], 1)
