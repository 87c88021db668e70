"""What the nodes have in common that let a network look at key frames only."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Annotated, Protocol, cast

from pydantic import BeforeValidator, Field

from rtskin.errors import GraphSpecError, nearest
from rtskin.node import Node, NodeOptions
from rtskin.preprocess.node import ChoosesKeys
from rtskin.smooth.every import Every, parse_every
from rtskin.smooth.keys import CHANGE, KeyFrames

EveryOption = Annotated[Every, BeforeValidator(parse_every)]


class KeyOptions(NodeOptions):
    """every: frames from one key frame to the next, at most, or "auto": as the rate needs. change: share of the picture's
    contrast, 0 … 1, that may be new before there is a key frame sooner (rtskin.smooth.keys). rate: frames a second that
    "auto" keeps; without, the source's. cuts: start afresh where a shot ends. of: name of the preprocess node."""

    every: EveryOption = 5
    change: float = Field(default=CHANGE, gt=0, le=1)
    rate: float | None = Field(default=None, gt=0)
    cuts: bool = True
    of: str = "preprocess"


class _LooksAtKeys(Protocol):
    def look_only_at(self, keys: ChoosesKeys, *, others_ride: bool) -> None: ...


def lend_keys(options: KeyOptions, nodes: Mapping[str, Node], *, others_ride: bool) -> KeyFrames:
    """Let the preprocess node ask which frames the network looks at; GraphSpecError where there is no such node."""
    node = nodes.get(options.of)
    if node is None:
        raise GraphSpecError(f"there is no node {options.of!r}{nearest(options.of, nodes)}").about("of")
    # hasattr would read properties, and some wait for a model.
    if inspect.getattr_static(node, "look_only_at", None) is None:
        raise GraphSpecError(f"node {options.of!r} is a {type(node).__name__}, not one that prepares frames").about(
            "of"
        )
    keys = KeyFrames(options.every, options.change, options.rate, options.cuts, by_number=others_ride)
    cast(_LooksAtKeys, node).look_only_at(keys, others_ride=others_ride)
    return keys
