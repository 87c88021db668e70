"""A network as it ships: between pixels and probability."""

from __future__ import annotations

import torch
from torch import nn

from rtskin.nets import Statistics

#: Name, channels and largest value of what a graph takes; the prior only where the network has one.
INPUTS = (("image", 3, 255), ("prior", 1, 1))


class Shipped(nn.Module):
    """``image`` float32 N×3×H×W, RGB in 0…255 (and ``prior`` N×1×H×W in 0…1) → the probability of skin, or of each class.

    statistics: of pixels, in RGB order, what the network's input is normalised by. output: what a graph calls what it gives.
    classes: how many channels that has.
    """

    mean: torch.Tensor
    scale: torch.Tensor
    classes: int = 1

    def __init__(self, net: nn.Module, statistics: Statistics, prior: bool = False, output: str = "skin") -> None:
        super().__init__()
        self.net, self.inputs, self.output = net, INPUTS[: 1 + prior], output
        mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in statistics)
        self.register_buffer("mean", mean)
        self.register_buffer("scale", 1 / std)

    def forward(self, image: torch.Tensor, prior: torch.Tensor | None = None) -> torch.Tensor:
        return probabilities(self.net(self.normalised(image, prior)))

    def normalised(self, image: torch.Tensor, prior: torch.Tensor | None = None) -> torch.Tensor:
        """What the network inside takes."""
        x = (image - self.mean) * self.scale
        return x if prior is None else torch.cat([x, prior], 1)


def probabilities(logits: torch.Tensor) -> torch.Tensor:
    """Of N×K×H×W: of one class by itself, of several that exclude each other."""
    return logits.sigmoid() if logits.shape[1] == 1 else softmax(logits)


def softmax(logits: torch.Tensor) -> torch.Tensor:
    """Over the channels of N×K×H×W, plane by plane: ONNX Runtime's own turns the tensor round for it, which takes as long as
    the network (5×416×224, one thread: 18 ms, this 2)."""
    planes = logits.split(1, 1)
    most = planes[0]
    for plane in planes[1:]:
        most = torch.maximum(most, plane)
    powers = [(plane - most).exp() for plane in planes]
    total = sum(powers[1:], powers[0])
    return torch.cat([power / total for power in powers], 1)
