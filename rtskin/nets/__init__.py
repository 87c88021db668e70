"""Network definitions in plain torch, by architecture name. At run time only the torch runtime imports this package."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from rtskin.errors import InputError, nearest
from rtskin.registry import Registry

if TYPE_CHECKING:
    from torch import nn

#: Architectures, as recipes and cards name them. Values are subclasses of torch.nn.Module: float32 N×3×H×W in
#: (normalised RGB), logits N×1×H×W out; other channels and classes as options say.
NETS: Registry[Any] = Registry("network", "rtskin.nets", {"mobile-unet": "rtskin.nets.mobile_unet:MobileUNet"})


def build(name: str, **options: Any) -> nn.Module:
    """The network called ``name`` with fresh weights; UnknownNameError or InputError name the nearest."""
    cls = NETS.get(name)
    known = list(inspect.signature(cls).parameters)
    for option in options:
        if option not in known:
            raise InputError(f"the network {name!r} has no option {option!r}{nearest(option, known)}")
    net: nn.Module = cls(**options)
    return net
