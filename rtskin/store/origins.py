"""What different people's checkpoints of one architecture mean: how pictures are normalised, how things are enlarged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rtskin.errors import InputError, UnknownNameError, nearest
from rtskin.nets import IMAGENET, Statistics
from rtskin.preprocess.fit import Fit

_UNIT: Statistics = ((0.0,) * 3, (255.0,) * 3)
_SKIN = "pixels ÷ 255 and nothing else"
_MIN_MAX = (
    "its own programs also stretch each answer to 0 … 1, which is not done here: an empty scene gives an empty mask"
)


@dataclass(frozen=True)
class Origin:
    """side: of the square input that it was made for. net: the network's name, where it is not the architecture's. options:
    for the network; one of four channels takes a mask as the fourth, 0 … 1. prefix: what the checkpoint's names lack. drop:
    beginnings of names that are of no use here. fit: how pictures were brought to that size. words: for the card."""

    name: str
    side: int
    statistics: Statistics
    words: str
    options: Mapping[str, Any] = field(default_factory=dict)
    prefix: str = ""
    drop: tuple[str, ...] = ()
    net: str = ""
    fit: Fit = "stretch"

    def adapted(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """The tensors under the names of our networks."""
        kept = {name: value for name, value in state.items() if not name.startswith(self.drop or "\0")}
        if not self.prefix or all(name.startswith(self.prefix) for name in kept):
            return kept
        return {self.prefix + name: value for name, value in kept.items()}


#: By architecture, the usual one first.
ORIGINS: dict[str, tuple[Origin, ...]] = {
    "straight-u2net": (Origin("skin", 320, _UNIT, f"{_SKIN}; the rest of the normalisation is in the network"),),
    "dlmv": (
        Origin("skin", 256, _UNIT, _SKIN),
        Origin(
            "torchvision",
            256,
            IMAGENET,
            "ImageNet's mean and standard deviation, as torchvision's weights",
            prefix="net.",
            drop=("aux_classifier.",),
        ),
    ),
    "u2netp": (
        Origin("skin", 512, _UNIT, f"{_SKIN}; enlarged with align_corners", {"align_corners": True}),
        Origin(
            "upstream", 320, IMAGENET, f"ImageNet's mean and standard deviation; {_MIN_MAX}", {"align_corners": False}
        ),
    ),
    "u2netp-refiner": (
        Origin(
            "skin",
            512,
            _UNIT,
            f"{_SKIN}; the base mask ÷ 255 beside them; enlarged with align_corners",
            {"channels": 4, "align_corners": True},
            net="u2netp",
        ),
    ),
    "u2net": (
        Origin("skin", 1024, _UNIT, f"{_SKIN}; enlarged with align_corners", {"align_corners": True}),
        Origin(
            "upstream", 320, IMAGENET, f"ImageNet's mean and standard deviation; {_MIN_MAX}", {"align_corners": False}
        ),
    ),
    "birefnet-lite": (
        Origin("skin", 1728, _UNIT, f"{_SKIN}; made with the longer side at 1728, zeros right and below", fit="corner"),
        Origin("upstream", 1024, IMAGENET, "ImageNet's mean and standard deviation; pictures stretched to 1024×1024"),
    ),
}


def origin_of(architecture: str, name: str | None = None) -> Origin:
    """The conventions called ``name`` of an architecture, the usual ones by default; UnknownNameError, InputError."""
    if architecture not in ORIGINS:
        raise UnknownNameError("network that checkpoints can be imported for", architecture, ORIGINS)
    known = {origin.name: origin for origin in ORIGINS[architecture]}
    if name is None:
        return next(iter(known.values()))
    if name not in known:
        raise InputError(f"{architecture} has no origin {name!r}{nearest(name, known)}")
    return known[name]
