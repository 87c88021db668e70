"""Training with the rounding of 8 bits in the forward pass, so that a network loses less when it is really quantised.

Source: simulated quantisation with gradients that pass through it as if nothing was rounded (Jacob et al., arXiv
1712.05877). As in the files that :mod:`rtskin.train.quantise.export` writes, weights are rounded for each output channel,
what goes into a convolution by one scale. A batch normalisation behind a convolution scales its output channels, so
folding it in later changes no rounding of weights.
"""

from __future__ import annotations

import torch
from torch import nn

#: How much of the range that was seen so far stays with each batch.
_STAYS = 0.99
#: Weights are symmetric s8, activations u8.
_WEIGHT, _ACTIVATION = 127, 255
#: The least that a step of 8 bits may be; channels of nothing but zeros have no scale of their own.
_LEAST = 1e-12


class EightBitConv2d(nn.Conv2d):
    """A convolution of rounded weights on rounded input while it is trained; in evaluation mode the plain one.

    ``low`` and ``high``: the running range of the input, always with 0 in it. They are no part of the state.
    """

    low: torch.Tensor
    high: torch.Tensor

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return super().forward(input)
        return self._conv_forward(self._rounded(input.float()), rounded_weights(self.weight), self.bias)

    def _rounded(self, x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            low, high = x.min().clamp(max=0), x.max().clamp(min=0)
            first = not bool(self.high > self.low)
            self.low.copy_(low if first else torch.lerp(low, self.low, _STAYS))
            self.high.copy_(high if first else torch.lerp(high, self.high, _STAYS))
            step = ((self.high - self.low) / _ACTIVATION).clamp(min=_LEAST)
            zero = (-self.low / step).round().to(torch.int32)
        return torch.fake_quantize_per_tensor_affine(x, step, zero, 0, _ACTIVATION)


def rounded_weights(weight: torch.Tensor) -> torch.Tensor:
    """float32 O×I×K×K, each of the O rounded to 255 steps between minus and plus its own largest."""
    with torch.no_grad():
        steps = (weight.abs().amax((1, 2, 3)) / _WEIGHT).clamp(min=_LEAST)
        zeros = torch.zeros_like(steps, dtype=torch.int32)
    return torch.fake_quantize_per_channel_affine(weight, steps, zeros, 0, -_WEIGHT, _WEIGHT)


def train_in_eight_bits(net: nn.Module) -> nn.Module:
    """The same network, in its place, whose convolutions round while they are trained. Names and state stay."""
    for module in net.modules():
        if type(module) is nn.Conv2d:
            module.__class__ = EightBitConv2d
            for name in ("low", "high"):
                module.register_buffer(name, module.weight.new_zeros(()), persistent=False)
    return net
