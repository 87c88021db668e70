"""The shapes on a card, and what a caller says of them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from rtskin.errors import InputError, ModelError
from rtskin.infer.card_input import CardInput, listed, spanned
from rtskin.infer.cards import Card
from rtskin.infer.sizes import parse_size, shapes_for

LIVE, STILL = ((320, 320), (416, 224), (224, 416)), ((512, 512), (672, 384))


def card(**entry: Any) -> Card:
    return Card.parse({"name": "a", "architecture": "b", "input": entry})


def test_without_lists_there_is_one_shape() -> None:
    plain = CardInput()
    assert plain.live == plain.stills == plain.all_shapes == ((256, 256),)
    assert CardInput(width=320, height=180).stills == ((320, 180),)


def test_stills_are_as_video_unless_told() -> None:
    assert CardInput(shapes=LIVE).stills == LIVE
    both = CardInput(shapes=LIVE, still=(*STILL, (320, 320)))
    assert (both.live, both.stills) == (LIVE, (*STILL, (320, 320)))
    assert both.all_shapes == (*LIVE, *STILL)
    only = CardInput(still=STILL)
    assert (only.live, only.stills) == (((256, 256),), STILL)


def test_the_plain_shape_is_the_first_or_one_of_them() -> None:
    found = card(shapes=[[416, 224], [320, 320]]).tensor
    assert (found.width, found.height) == (416, 224)
    found = card(shapes=[[416, 224], [320, 320]], width=320, height=320).tensor
    assert (found.width, found.height) == (320, 320)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    entry = {"width": 320, "height": 320, "shapes": [[320, 320], [416, 224]], "still": [[512, 512]], "multiple": 16}
    written = card(**entry)
    assert tomllib.loads(written.to_toml())["input"] == entry
    written.save(tmp_path / "model.toml")
    assert Card.load(tmp_path / "model.toml").model_dump() == written.model_dump()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"shapes": [[320, 320], [416, 224], [320, 320]]}, "shapes lists 320×320 twice"),
        ({"still": [[320, 320], [320, 320]]}, "still lists 320×320 twice"),
        ({"shapes": [[320, 180]]}, r"shapes lists 320×180; sides are multiples of 32 \(multiple = N"),
        ({"shapes": [[320, 184]], "multiple": 16}, "sides are multiples of 16"),
        ({"still": [[16, 512]], "multiple": 16}, "still lists 16×512; a side has at least 32 pixels"),
        ({"shapes": [320, 320]}, r"input\.shapes: shapes are pairs: \[\[width, height\], …\] \(got \[320, 320\]\)"),
        ({"shapes": [[320, 320, 3]]}, "shapes are pairs"),
        ({"still": "512x512"}, r"input\.still: shapes are pairs"),
        ({"shapes": [["a", 320]]}, r"input\.shapes\.0\.0: .*integer"),
        ({"shapes": [[0, 320]], "width": 32}, r"input\.shapes\.0\.0: .*greater than or equal to 1"),
        ({"shapes": [[320, 320]], "width": 256}, r"width and height are 256×256, which is none of shapes \(320×320\)"),
        ({"multiple": 0}, r"input\.multiple"),
        ({"stills": [[512, 512]]}, r"unknown key 'input\.stills'; did you mean still"),
    ],
)
def test_wrong_shapes(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        card(**entry)
    assert "\n" not in str(caught.value)


def test_in_words() -> None:
    assert listed(LIVE) == "320×320, 416×224, 224×416"
    assert spanned(LIVE) == "224×416 … 416×224"
    assert spanned(LIVE[:1]) == "320×320"


@pytest.mark.parametrize(
    ("said", "size"),
    [
        ("live", "live"), ("still", "still"), ("small", "small"),
        ("416x224", (416, 224)), ("416×224", (416, 224)), ("64X32", (64, 32)),
        ((416, 224), (416, 224)), ([416, 224], (416, 224)),
    ],
)  # fmt: skip
def test_sizes_are_understood(said: Any, size: Any) -> None:
    assert parse_size(said) == size


@pytest.mark.parametrize(
    "said", ["big", "", "416", "416x", "416x224x3", "0x32", (416,), (0, 32), (1.5, 2), (True, 32), None]
)
def test_sizes_that_are_none(said: Any) -> None:
    with pytest.raises(InputError, match=r"no input size is called .*; there are: live, still, small, or WIDTHxHEIGHT"):
        parse_size(said)


def test_the_shapes_of_a_size() -> None:
    both = CardInput(shapes=LIVE, still=STILL)
    assert shapes_for(both, "live") == LIVE
    assert shapes_for(both, "still") == STILL
    assert shapes_for(both, "small") == tuple((round(w * 3 / 128) * 32, round(h * 3 / 128) * 32) for w, h in LIVE)
    assert shapes_for(CardInput(width=513, height=513), "small") == ((513, 513),)
    assert shapes_for(CardInput(shapes=((32, 32), (64, 32))), "small") == ((32, 32), (64, 32))
    assert shapes_for(both, (64, 96)) == ((64, 96),)
    assert shapes_for(CardInput(width=513, height=513), (513, 513)) == ((513, 513),)
    with pytest.raises(
        InputError, match=r"multiples of 32, not 300×20; use 288×32, or a shape of its card \(320×320, "
    ):
        shapes_for(both, (300, 20))
