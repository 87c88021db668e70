"""Who made labels is written down beside them, and is an origin of what learns from them."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from rtskin.errors import InputError
from rtskin.infer.card_toml import dumps
from rtskin.train.data import pack as packs
from rtskin.train.data import pack_content
from rtskin.train.data.imaging import cv2
from rtskin.train.loop import checkpoint
from rtskin.train.recipe import Recipe, parse
from rtskin.train.session import train
from rtskin.train.teacher import Teacher, label, open_teacher
from rtskin.train.terms.labels import NAME, NOBODY_KNOWS, Maker, makers, note
from rtskin.train.terms.origins import terms, with_origins
from tests.infer.conftest import write_net
from tests.train.conftest import picture

GOOD = Maker("good", 0.25, True, "CC0", "12")
BARE = Maker("bare", 0.75)


def red(image: Any) -> Any:
    return (image[..., 2] > 180).astype(np.float32)


@pytest.fixture
def people(data: Path, table: dict[str, Any]) -> dict[str, Any]:
    """A recipe that learns from labels of ``photos`` as well, which the good and the bare one made."""
    for index in range(4):
        path = data / "photos" / f"repo{index}" / f"{index}.png"
        path.parent.mkdir(parents=True)
        cv2.imwrite(str(path), picture(index)[0])
    label([data / "photos"], data / "people", [Teacher(red, 0.25, GOOD), Teacher(red, 0.75, BARE)])
    part = {**table["data"][0], "name": "people", "path": "people"}
    return {**table, "data": [*table["data"], part]}


def told(recipe: Recipe, *roots: Path) -> dict[str, tuple[bool, str]]:
    return {one.name: (one.ship, one.terms) for one in with_origins(recipe, Path(), roots).origins}


def test_the_file_says_who_and_on_what_terms(people: dict[str, Any], data: Path) -> None:
    found = tomllib.loads((data / "people" / NAME).read_text("utf-8"))["teachers"]
    assert found == [
        {"name": "good", "weight": 0.25, "ship": True, "terms": "CC0", "sha256": "12"},
        {"name": "bare", "weight": 0.75},
    ]
    recipe = parse(people)
    assert list(makers(recipe.data[2], [data.parent, data])) == [GOOD, BARE]
    assert list(makers(recipe.data[0], [data])) == []


def test_terms_of_teachers_are_origins_and_one_without_a_card_bars(people: dict[str, Any], data: Path) -> None:
    assert told(parse(people), data) == {"good": (True, "CC0"), "bare": (False, "unknown, it has no card")}
    assert not with_origins(parse(people), Path(), [data]).ships
    said = parse({**people, "origins": [{"name": "bare", "ship": True, "terms": "MIT"}]})
    assert told(said, data)["bare"] == (True, "MIT")
    assert with_origins(said, Path(), [data]).ships
    assert terms(with_origins(said, Path(), [data])).endswith("; bare: MIT; good: CC0")
    # What the labels say cannot be talked away.
    note(data / "people", [Maker("closed", 1.0, False, "research")])
    said = parse({**people, "origins": [{"name": "closed", "ship": True, "terms": "mine"}]})
    assert told(said, data)["closed"] == (False, "research")


def test_a_training_and_a_pack_hand_them_on(people: dict[str, Any], data: Path, tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(dumps({**people, "steps": 1}), "utf-8")
    last = train(path, tmp_path / "run", [data], quiet=True)
    held = json.loads(checkpoint.load(last)["recipe"])
    assert [one["name"] for one in held["origins"]] == ["good", "bare"]
    packs.write(pack_content.of_recipe(path, [data]), tmp_path / "all.pack")
    assert told(parse(people), tmp_path / "all.pack") == told(parse(people), data)


def test_generations_of_one_name_are_told_together(people: dict[str, Any], data: Path) -> None:
    note(data / "people", [Maker("good", 1.0, False, "by hand"), Maker("good", 0.5, True, "CC0")])
    assert told(parse(people), data)["good"] == (False, "CC0; by hand")


def test_a_run_that_goes_on_keeps_what_was_said(tmp_path: Path) -> None:
    note(tmp_path, [GOOD, GOOD])
    before = (tmp_path / NAME).stat().st_mtime_ns
    note(tmp_path, [GOOD])
    assert (tmp_path / NAME).stat().st_mtime_ns == before
    note(tmp_path, [BARE])
    assert [one["name"] for one in tomllib.loads((tmp_path / NAME).read_text())["teachers"]] == ["good", "bare"]


def test_labels_from_before_it_was_written_down_are_of_nobody_known(tmp_path: Path) -> None:
    (tmp_path / "masks" / "a").mkdir(parents=True)
    (tmp_path / "masks" / "a" / "1.png").touch()
    note(tmp_path, [GOOD])
    names = [one["name"] for one in tomllib.loads((tmp_path / NAME).read_text())["teachers"]]
    assert names == [NOBODY_KNOWS.name, "good"]


@pytest.mark.parametrize(
    "text",
    [
        "teachers = 3", "", "not toml", "[[teachers]]\nnme = 'x'", "[[teachers]]\nname = 'x'\nship = 'yes'",
        "[[teachers]]\nname = 'x'\nship = true\nterms = 3",
    ],
)  # fmt: skip
def test_a_file_that_says_nothing_is_refused(people: dict[str, Any], data: Path, text: str) -> None:
    (data / "people" / NAME).write_text(text)
    with pytest.raises(InputError, match=r"TERMS.toml"):
        told(parse(people), data)


def test_what_a_teacher_says_of_itself(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    ellipse = open_teacher("ellipse=0.5").maker
    assert (ellipse.name, ellipse.weight, ellipse.ship, ellipse.sha256) == ("ellipse", 0.5, True, None)
    weights = write_net(tmp_path / "bare.onnx", op="Sigmoid")
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    assert open_teacher(str(weights)).maker == Maker("bare", 1.0, sha256=digest)
    card = dumps({
        "name": "mine", "architecture": "x", "ships": False, "data_terms": "research",
        "input": {"width": 16, "height": 16}, "weights": {"file": "bare.onnx", "sha256": digest},
    })  # fmt: skip
    (tmp_path / "model.toml").write_text(card)
    expected = Maker("mine", 1.0, False, "research", digest)
    assert open_teacher(str(weights)).maker == expected, "its card is beside it"
    assert open_teacher(str(tmp_path / "model.toml")).maker == expected
