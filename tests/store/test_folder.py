"""Models come into the folder whole, and leave it whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtskin.errors import InputError, OutputExistsError, UnknownNameError
from rtskin.infer.cards import Card, list_models
from rtskin.store.folder import install, remove


def card(name: str, words: str = "") -> Card:
    return Card.parse({"name": name, "architecture": "ellipse", "description": words})


def test_a_model_is_there_whole_or_not_at_all(home: Path) -> None:
    def half(part: Path) -> Card:
        (part / "weights").write_bytes(b"half")
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        install("mine", half)
    assert list(home.iterdir()) == []
    assert install("mine", lambda part: card("mine")).path == home / "mine" / "model.toml"
    assert "mine" in [one.name for one in list_models()]


def test_one_that_is_there_is_replaced_on_request_only(home: Path) -> None:
    install("mine", lambda part: card("mine", "first"))
    with pytest.raises(OutputExistsError, match="--overwrite"):
        install("mine", lambda part: card("mine", "second"))

    def stopped(part: Path) -> Card:
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        install("mine", stopped, overwrite=True)
    assert Card.load(home / "mine/model.toml").description == "first"
    assert install("mine", lambda part: card("mine", "second"), overwrite=True).description == "second"
    assert [path.name for path in home.iterdir()] == ["mine"]


def test_only_ones_own_are_removed(home: Path) -> None:
    install("mine", lambda part: card("mine"))
    with pytest.raises(InputError, match=r"mobile-unet is at .* which is not the folder of your models"):
        remove("mobile-unet")
    with pytest.raises(UnknownNameError, match="no installed model is called 'mne'; did you mean mine"):
        remove("mne")
    assert remove("mine") == home / "mine"
    assert list(home.iterdir()) == []


def test_a_bundled_name_cannot_be_taken(home: Path) -> None:
    with pytest.raises(OutputExistsError, match="two of one name"):
        install("mobile-unet", lambda part: card("mobile-unet"), overwrite=True)
