"""What --smooth names."""

from __future__ import annotations

import pytest

from rtskin.errors import InputError, UnknownNameError
from rtskin.evaluate.video.methods import parse_methods
from rtskin.smooth.node import known_methods


def test_parameters() -> None:
    none, strong, tuned = parse_methods("none, adaptive:strength=0.7:cuts=false,adaptive:trail=none")
    assert none.overrides() == {"smooth.method": "none"}
    assert strong.overrides() == {"smooth.method": "adaptive", "smooth.strength": 0.7, "smooth.cuts": False}
    assert strong.label == "adaptive:strength=0.7:cuts=false"
    assert (tuned.trail_of, tuned.settings) == ("none", {})


def test_all_that_every_model_can_have_none_first() -> None:
    methods = [method.name for method in parse_methods(None)]
    assert methods[0] == "none"
    assert sorted([*methods, "prior"]) == known_methods()
    assert {"ema", "adaptive", "flow", "auto"} <= set(methods)


def test_options_of_other_nodes_have_a_dot_and_a_trail_may_be_of_parameters() -> None:
    _, other, tuned = parse_methods("none,flow:infer.size=live,ema:trail=flow:infer.size=live")
    assert other.overrides() == {"smooth.method": "flow", "infer.size": "live"}
    assert tuned.trail_of == other.label


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("none,none", "twice"),
        (" , ", "names nothing"),
        ("adaptive:strength", "written NAME:KEY=VALUE, for example adaptive:strength=0.7"),
        ("none,adaptive:trail=flow", "'flow', which is not measured here; there are: none"),
        ("none,adaptive:strength=1:trail=none", "not both"),
    ],
)
def test_what_is_refused(text: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        parse_methods(text)
    with pytest.raises(UnknownNameError, match="did you mean adaptive"):
        parse_methods("adaptve")
