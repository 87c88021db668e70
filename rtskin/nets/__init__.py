"""Network definitions in plain torch, by architecture name. At run time only the torch runtime imports this package."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from rtskin.errors import InputError, nearest
from rtskin.registry import Registry

if TYPE_CHECKING:
    from torch import nn

#: Architectures, as recipes and cards name them. Values are subclasses of torch.nn.Module: float32 N×3×H×W
#: in (RGB normalised by their :func:`statistics`), logits N×1×H×W out; other channels
#: and classes as options say.
NETS: Registry[Any] = Registry(
    "network",
    "rtskin.nets",
    {
        "mobile-unet": "rtskin.nets.mobile_unet:MobileUNet",
        "detail-unet": "rtskin.nets.detail_unet:DetailUNet",
        "straight-u2net": "rtskin.nets.straight_u2net:StraightU2Net",
        "dlmv": "rtskin.nets.dlmv:Dlmv",
        "u2netp": "rtskin.nets.u2net:U2NetP",
        "u2net": "rtskin.nets.u2net:U2Net",
        "birefnet-lite": "rtskin.nets.birefnet.net:BiRefNetLite",
    },
)


#: (mean, standard deviation) of the channels of RGB in 0…255.
Statistics = tuple[tuple[float, ...], tuple[float, ...]]
IMAGENET: Statistics = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))


def statistics(name: str) -> Statistics:
    """What the pictures of the network called ``name`` are normalised by; ImageNet's where it does not say."""
    found: Statistics = getattr(NETS.get(name), "statistics", IMAGENET)
    return found


def build(name: str, **options: Any) -> nn.Module:
    """The network called ``name`` with fresh weights; UnknownNameError or InputError name the nearest."""
    cls = NETS.get(name)
    known = list(inspect.signature(cls).parameters)
    for option in options:
        if option not in known:
            raise InputError(f"the network {name!r} has no option {option!r}{nearest(option, known)}")
    net: nn.Module = cls(**options)
    return net
