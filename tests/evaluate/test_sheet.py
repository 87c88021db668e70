"""The contact sheet of the worst."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtskin.errors import SinkError
from rtskin.evaluate.datasets import load_pairs
from rtskin.evaluate.run import evaluate
from rtskin.evaluate.sheet import ACROSS, LINE, TILE, ContactSheet
from rtskin.media import cv2
from tests.evaluate.conftest import Write, blind, greedy, sees, square


def made(tmp_path: Path, write_set: Write, size: int = 24) -> ContactSheet:
    masks = {f"side{side}": square(side) for side in (2, 19, 10, 15)}
    sheet = ContactSheet("greedy", size)
    dataset = load_pairs(write_set(tmp_path / "s", masks | {"none": square(0)}))
    evaluate([dataset], {"greedy": greedy, "blind": blind}, watch=[sheet], draws=10)
    return sheet


def test_the_worst_come_first_and_no_more_than_asked_for(tmp_path: Path, write_set: Write) -> None:
    sheet = made(tmp_path, write_set, size=2)
    # 99 % of side2's mask is wrong, 75 % of side10's; all of "none", which comes after those with skin, is called skin.
    assert [round(badness, 2) for badness, _ in sheet.worst()] == [0.99, 0.75, 1.0]
    assert sheet.picture().shape == (TILE + LINE, 3 * TILE * ACROSS, 3)


def test_it_is_a_png_whole_or_not_at_all(tmp_path: Path, write_set: Write) -> None:
    sheet = made(tmp_path, write_set)
    sheet.save(tmp_path / "worst.png")
    picture = cv2.imread(str(tmp_path / "worst.png"))
    assert np.array_equal(picture, sheet.picture())
    assert picture.shape[0] == 2 * (TILE + LINE)
    with pytest.raises(SinkError, match="cannot write"):
        sheet.save(tmp_path / "no" / "worst.png")
    assert not list(tmp_path.glob("*.part"))


def test_a_model_without_a_fault_has_a_sheet_too(tmp_path: Path, write_set: Write) -> None:
    sheet = ContactSheet("sees")
    evaluate([load_pairs(write_set(tmp_path / "s", {"a": square(3)}))], {"sees": sees}, watch=[sheet], draws=10)
    assert sheet.picture().shape[2] == 3


@pytest.mark.parametrize("size", [(1, 1), (2, 900), (900, 2)])
def test_pictures_of_any_size_fit(size: tuple[int, int], tmp_path: Path, write_set: Write) -> None:
    sheet = ContactSheet("blind")
    evaluate(
        [load_pairs(write_set(tmp_path / "s", {"é": np.full(size, 255, np.uint8)}))], {"blind": blind}, watch=[sheet]
    )
    assert sheet.picture().shape == (TILE + LINE, 3 * TILE, 3)
