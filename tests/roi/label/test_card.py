from __future__ import annotations

from pathlib import Path

import pytest

from rtskin import paths
from rtskin.errors import ModelError, UnknownNameError
from rtskin.infer.cards import list_models
from rtskin.roi.label.base import LABELS
from rtskin.roi.label.card import list_label_cards, load_label_card


def test_the_bundled_one_is_no_model_that_makes_masks() -> None:
    card = load_label_card("region-label")
    assert card.output.classes == LABELS
    assert card.weights_path is not None
    assert card.weights_path.stat().st_size <= 200_000
    assert "region-label" in [one.name for one in list_label_cards()]
    assert "region-label" not in paths.names("models")
    assert "region-label" not in [one.name for one in list_models()]


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="no label model is called 'region-lable'; did you mean region-label"):
        load_label_card("region-lable")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('["face", "hand", "other"]', '["hand", "face", "other"]', "output.classes are"),
        ("width = 64", "width = 96", "96×64 is not"),
    ],
)
def test_a_card_that_does_not_fit(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = paths.find("labels", "region-label").read_text("utf-8")
    assert old in text
    path = tmp_path / "label.toml"
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(ModelError, match=said):
        load_label_card(path)
    assert load_label_card(paths.find("labels", "region-label").parent).name == "region-label"
