"""What the network itself says, as the mask of a moment ago: the mistakes that it will be given back at run time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import nn

from rtskin.train.losses.class_losses import skin_logit

if TYPE_CHECKING:
    from rtskin.train.recipe import Prior


class OwnPrior:
    """Puts into the fourth channel of some batches what the network says of their mirrored pictures, moved a little.

    Mirrored, since a network that is asked of the very same picture would be taught to repeat itself. Samples that have no
    prior keep none.
    """

    def __init__(self, spec: Prior, skin: int = 0) -> None:
        self._spec, self._skin = spec, skin

    @torch.no_grad()
    def __call__(self, net: nn.Module, images: torch.Tensor, chances: Sequence[float]) -> torch.Tensor:
        """float32 N×4×H×W as the network takes them, in a share ``own`` of the calls with another prior; ``chances`` are
        three random numbers in 0…1."""
        chance, right, down = chances
        if chance >= self._spec.own:
            return images
        # Module by module: what is frozen is not in training mode, and must not come into it.
        training = [module for module in net.modules() if module.training]
        net.eval()
        found = skin_logit(net(images.flip(3)).float(), self._skin).sigmoid().flip(3)
        for module in training:
            module.training = True
        side = max(images.shape[2:])
        reach = [round((2 * part - 1) ** 3 * self._spec.move * side) for part in (down, right)]
        before, images = images[:, 3:], images.clone()
        has = before.amax((1, 2, 3), keepdim=True) > 0
        images[:, 3:] = torch.where(has, _shifted(found, *reach), before)
        return images


def _shifted(plane: torch.Tensor, down: int, right: int) -> torch.Tensor:
    """N×1×H×W, moved; what comes in from outside is 0."""
    moved = torch.roll(plane, (down, right), (2, 3))
    if down:
        moved[:, :, slice(0, down) if down > 0 else slice(down, None)] = 0
    if right:
        moved[..., slice(0, right) if right > 0 else slice(right, None)] = 0
    return moved
