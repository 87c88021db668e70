"""Parts of a network that stay as they are at the start of a training, while what is new beside them settles."""

from __future__ import annotations

from torch import nn

from rtskin.errors import InputError, nearest


class Freeze:
    """Keeps the parts of ``net`` that ``names`` are the dotted names of, for ``steps`` steps: their parameters, and the
    statistics of their batch normalisation. InputError: there is no such part."""

    def __init__(self, net: nn.Module, names: list[str], steps: int) -> None:
        self._steps = steps if names else 0
        modules = dict(net.named_modules())
        for name in names:
            if name not in modules or not name:
                raise InputError(f"schedule.freeze: the network has no part {name!r}{nearest(name, _tops(modules))}")
        self._modules = [modules[name] for name in names]

    def apply(self, step: int) -> None:
        """To be called in each step, once the network is in training mode."""
        if not self._steps:
            return
        frozen = step < self._steps
        for module in self._modules:
            module.requires_grad_(not frozen)
            if frozen:
                module.eval()


def _tops(modules: dict[str, nn.Module]) -> list[str]:
    return [name for name in modules if name and name.count(".") <= 1]
