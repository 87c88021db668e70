"""Weights between those that a training began with and those that it came to.

Trained on more of its own data, a network becomes better there and forgets some of what it could do elsewhere; on the line
between the two sets of weights lie some that have most of both (Wortsman et al., Robust fine-tuning of zero-shot models,
arXiv 2109.01903). ``net.keep`` says where: 0 is the end, 1 the beginning.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

Weights = dict[str, Any]


def blend(origin: Mapping[str, Any], average: Mapping[str, Any], keep: float) -> Weights:
    """The weights that lie ``keep`` of the way from ``average`` back to ``origin``; numbers that are no weights (counters)
    are those of ``average``."""
    return {
        name: value.lerp(origin[name].to(value.device), keep) if value.is_floating_point() else value
        for name, value in average.items()
    }


def blended(net: nn.Module, origin: Mapping[str, Any], keep: float) -> nn.Module:
    """A copy of ``net`` with the blend of its weights and ``origin``; its batch normalisation has to be measured anew."""
    mixed = copy.deepcopy(net)
    mixed.load_state_dict(blend(origin, net.state_dict(), keep))
    return mixed


def chosen(state: Mapping[str, Any]) -> Weights:
    """Of a checkpoint: the weights that were judged last, where it has any, else the average, with what the recipe keeps."""
    average: Weights = state["ema"]
    judged: Weights | None = state.get("judged")
    if judged or not state.get("origin"):
        return judged or average
    return blend(state["origin"], average, json.loads(state["recipe"])["net"]["keep"])
