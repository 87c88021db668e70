"""Masks of other classes than the card's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.infer.base import load_segmenter
from rtskin.infer.cards import Card
from rtskin.infer.classes import channels_for
from rtskin.segmenter import Segmenter

from .conftest import MakeCard, frame_of, halves

NAMES = ["background", "skin", "hair", "clothes"]


def card(**output: Any) -> Card:
    return Card.parse({"name": "net", "architecture": "net", "output": {"classes": NAMES, "channel": 1, **output}})


@pytest.mark.parametrize(
    ("asked", "channels"),
    [
        (None, (1,)),
        ("hair", (2,)),
        ("hair, skin", (2, 1)),
        (["hair", "hair"], (2,)),
        ("!background", (1, 2, 3)),
        ("person", (1, 2, 3)),
        ("!skin,skin", (0, 2, 3, 1)),
    ],
)
def test_names_become_channels(asked: Any, channels: tuple[int, ...]) -> None:
    assert channels_for(card(), asked) == channels


def test_a_card_of_one_class_says_where_it_is() -> None:
    one = card(classes=["skin"], channel=3)
    assert channels_for(one, "skin") == (3,)
    with pytest.raises(InputError, match="'net' has no class 'person'; there are: skin"):
        channels_for(one, "person")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("hiar", "'net' has no class 'hiar'; did you mean hair"),
        ("skin,!hiar", "has no class 'hiar'; did you mean hair"),
        ("persn", "did you mean person"),
        (" , ", "name one class or more; 'net' has: background, skin, hair, clothes"),
    ],
)
def test_unknown_names_are_refused(asked: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        channels_for(card(), asked)


@pytest.fixture
def colours(make_card: MakeCard) -> Card:
    """Red, green and blue as probabilities; "red" is what the card calls its own."""
    pytest.importorskip("onnxruntime")
    net = {"weights": np.eye(3) / 255, "bias": (0.0, 0.0, 0.0)}
    return make_card(net=net, output={"classes": ["background", "green", "blue"], "channel": 1, "activation": "none"})


def shown(model: Card, classes: str | None) -> Any:
    segmenter = load_segmenter(model, classes=classes)
    segmenter.warm_up()
    image = halves()
    image[..., 1] = 51
    return segmenter.infer(segmenter.prepare(frame_of(image))).data


def test_probabilities_are_added_up(colours: Card) -> None:
    """The left half is red (here the background), the right half blue, all of it a fifth green."""
    for classes, left, right in (
        (None, 0.2, 0.2), ("blue", 0, 1), ("background", 1, 0), ("person", 0.2, 1.0), ("background,blue", 1, 1),
    ):  # fmt: skip
        data = shown(colours, classes)
        assert np.allclose(data[:, :7], left, atol=1e-5), classes
        assert np.allclose(data[:, 9:], right, atol=1e-5), classes
        assert data.max() <= 1, "blue and green are 1.2 together"


def test_a_softmax_is_added_up_too(make_card: MakeCard) -> None:
    pytest.importorskip("onnxruntime")
    output = {"classes": ["background", "skin"], "channel": 1, "activation": "softmax"}
    model = make_card(output=output)
    one, other, both = (shown(model, classes) for classes in ("skin", "background", "skin,background"))
    assert np.allclose(one + other, both, atol=1e-5)
    assert np.allclose(both, 1, atol=1e-5)


def test_a_segmenter_of_a_class(colours: Card) -> None:
    image = halves()
    with Segmenter(colours, classes="blue") as segmenter:
        mask = segmenter(image)
    assert mask[:, 40:].min() > 200
    assert mask[:, :24].max() < 55
    with pytest.raises(InputError, match="no class 'bleu'; did you mean blue"):
        Segmenter(colours, classes="bleu")


def test_methods_know_skin_only() -> None:
    assert load_segmenter("ellipse", classes="skin").card.name == "ellipse"
    with pytest.raises(InputError, match="'ellipse' has no class 'hair'"):
        load_segmenter("ellipse", classes="hair")
