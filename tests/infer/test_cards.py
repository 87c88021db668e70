from __future__ import annotations

import logging
import tomllib
from pathlib import Path

import pytest

from rtskin.errors import InputError, ModelError, UnknownNameError
from rtskin.infer.cards import Card, list_models, load_card

from .conftest import MakeCard

MINIMAL = 'name = "a"\narchitecture = "tiny"\n'


def card_at(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_the_bundled_ellipse() -> None:
    card = load_card("ellipse")
    assert (card.name, card.architecture, card.licence) == ("ellipse", "ellipse", "Apache-2.0")
    assert card.input is None
    assert card.weights_path is None
    assert card.path is not None
    assert card.path.name == "model.toml"


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    table = {
        "name": "b-1",
        "architecture": "tiny",
        "description": 'quotes ", a\nline, ünïcode, \\ and \x7f',
        "parameters": 12,
        "input": {"width": 320, "height": 180, "fit": "letterbox", "scale": 1 / 255, "mean": [0.1, 0.2, 0.3]},
        "output": {"name": "out", "channel": 1, "activation": "softmax", "classes": ["none", "skin"]},
        "weights": {"path": "../w.onnx", "sha256": "0" * 64, "url": "https://example.org/w"},
        "accuracy": {"ccp": {"iou": 0.55, "interval": [0.5, 0.6], "images": 41}, "note text": {"x": True}},
        "speed": {"cpu_1_thread_ms": 6.4},
    }
    card = Card.parse(table)
    card.save(tmp_path / "model.toml")
    again = Card.load(tmp_path / "model.toml")
    assert again.model_dump() == card.model_dump()
    assert tomllib.loads(card.to_toml()) == table
    assert list(tmp_path.iterdir()) == [tmp_path / "model.toml"]


def test_a_card_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Card.parse({"name": "a", "architecture": "b"}).name = "c"  # type: ignore[misc]


def test_weights_are_relative_to_the_card(tmp_path: Path) -> None:
    path = card_at(tmp_path / "deep" / "model.toml", MINIMAL + '[weights]\npath = "../elsewhere/net.onnx"\n')
    assert Card.load(path).weights_path == tmp_path / "deep" / ".." / "elsewhere" / "net.onnx"
    path = card_at(tmp_path / "model.toml", MINIMAL + '[weights]\npath = "/opt/net.onnx"\n')
    assert Card.load(path).weights_path == Path("/opt/net.onnx")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('name = "a"\narchitecture = \n', r"model\.toml:2: not TOML"),
        (MINIMAL + "licens = 'x'\n", r"unknown key 'licens'; did you mean licence\?"),
        (MINIMAL + "[input]\nwith = 3\n", r"unknown key 'input\.with'; did you mean width"),
        (MINIMAL + "[output]\nactivatoin = 'none'\n", r"unknown key 'output\.activatoin'; did you mean activation\?"),
        (MINIMAL + "[output]\nactivation = 'tanh'\n", r"output\.activation: .*'none', 'sigmoid' or 'softmax'.*'tanh'"),
        (MINIMAL + "[input]\nwidth = 0\n", r"input\.width: .*greater than or equal to 1.*got 0"),
        (MINIMAL + "[input]\nstd = [1.0, 0.0, 1.0]\n", "std must be above 0"),
        (MINIMAL + "[input]\nmean = [1.0]\n", r"input\.mean"),
        (MINIMAL + "[input]\ndtype = 'uint8'\nscale = 0.5\n", "takes pixels as they are"),
        (MINIMAL + "[weights]\nsha256 = 'abc'\nfile = 'x'\n", r"weights\.sha256"),
        (MINIMAL + "[weights]\n", "give either file .* or path"),
        (MINIMAL + "[weights]\nfile = '../x.onnx'\n", "use path for one elsewhere"),
        ('name = "a"\n', "'architecture' is missing"),
        ('name = "../a"\narchitecture = "b"\n', "name: "),
    ],
)
def test_wrong_cards(tmp_path: Path, text: str, message: str) -> None:
    path = card_at(tmp_path / "model.toml", text)
    with pytest.raises(ModelError, match=message) as caught:
        Card.load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_several_faults_are_all_named(tmp_path: Path) -> None:
    path = card_at(tmp_path / "model.toml", MINIMAL + "titel = 'x'\n[input]\nwidth = -1\n")
    with pytest.raises(ModelError, match=r"'titel'.*; did you mean title.*input\.width|input\.width.*; .*'titel'"):
        Card.load(path)


def test_unreadable_cards(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no model card"):
        Card.load(tmp_path / "nothing.toml")
    with pytest.raises(ModelError, match="cannot be read"):
        Card.load(tmp_path)
    (tmp_path / "model.toml").write_bytes(b"name = '\xff\xfe'")
    with pytest.raises(ModelError, match="not text in UTF-8"):
        Card.load(tmp_path / "model.toml")


def test_unknown_names(models: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"no model is called 'elipse'; did you mean ellipse\?"):
        load_card("elipse")
    with pytest.raises(InputError, match="there is no model at"):
        load_card(models / "nothing" / "model.toml")


def test_by_path_of_card_or_folder(make_card: MakeCard) -> None:
    card = make_card()
    assert card.path is not None
    assert load_card(card.path).name == "tiny"
    assert load_card(card.path.parent).name == "tiny"


def test_listing_is_sorted_and_the_nearer_folder_wins(models: Path) -> None:
    card_at(models / "zebra" / "model.toml", 'name = "zebra"\narchitecture = "tiny"\n')
    card_at(models / "ellipse" / "model.toml", 'name = "ellipse"\narchitecture = "ellipse"\ntitle = "mine"\n')
    found = list_models()
    names = [card.name for card in found]
    assert names == sorted(names)
    assert {"ellipse", "zebra"} <= set(names)
    assert next(card for card in found if card.name == "ellipse").title == "mine"


def test_broken_ones_are_logged_and_left_out(models: Path, caplog: pytest.LogCaptureFixture) -> None:
    card_at(models / "broken" / "model.toml", "name = ")
    card_at(models / "alias" / "model.toml", 'name = "other"\narchitecture = "tiny"\n')
    with caplog.at_level(logging.WARNING, "rtskin.infer"):
        names = [card.name for card in list_models()]
    assert "ellipse" in names
    assert not {"broken", "alias", "other"} & set(names)
    assert "model 'broken' is left out" in caplog.text
    assert "calls itself 'other'" in caplog.text


def test_a_bundled_card_is_valid_and_its_weights_are_there() -> None:
    from rtskin.infer.weights import checked_weights

    for card in list_models():
        assert card.licence, card.name
        if card.weights is not None and card.path is not None and card.weights.file:
            assert card.weights.sha256
            assert checked_weights(card).is_file()
