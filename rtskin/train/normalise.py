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
