from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtskin.errors import InputError, OutputExistsError
from rtskin.train import preview
from rtskin.train.data.batches import Batches
from rtskin.train.data.imaging import cv2, read_bgr
from rtskin.train.data.sets import scan
from rtskin.train.recipe import parse


def test_the_sheet_shows_what_the_batches_give(table: dict, data: Path, tmp_path: Path) -> None:
    recipe = parse(table)
    sets = scan(recipe, [data])
    counts = preview.write(recipe, sets, tmp_path / "sheet.png", 4, step=2)
    assert counts.total() == 4
    assert set(counts) <= {"pairs", "tree"}
    sheet = read_bgr(tmp_path / "sheet.png")
    shown = cv2.cvtColor(Batches(recipe, sets)[2].images[0], cv2.COLOR_RGB2BGR)
    assert np.array_equal(sheet[: recipe.size, : recipe.size], shown)
    another = preview.write(recipe, sets, tmp_path / "other.png", 4, step=9)
    assert another.total() == 4
    assert not np.array_equal(read_bgr(tmp_path / "other.png")[: recipe.size, : recipe.size], shown)


def test_compositions_are_named_by_their_parts(table: dict, data: Path, tmp_path: Path) -> None:
    (data / "pairs/labels").mkdir()
    for path in (data / "pairs/masks").iterdir():
        cv2.imwrite(str(data / "pairs/labels" / path.name), cv2.imread(str(path), 0) // 255)
    recipe = parse({**table, "compose": {"share": 1.0, "people": "pairs"}})
    counts = preview.write(recipe, scan(recipe, [data]), tmp_path / "sheet.webp", 6)
    assert all(name.startswith("pairs x") and name.endswith(" on tree") for name in counts)


def test_what_does_not_count_is_marked_and_skin_is_green() -> None:
    image = np.full((30, 30, 3), 100, np.uint8)
    mask, weight = np.zeros((30, 30), np.uint8), np.full((30, 30), 255, np.uint8)
    mask[:10], weight[20:] = 255, 0
    shown = preview.marked(image, mask, weight)
    blue, green, red = shown[4, 4].tolist()
    assert green > max(blue, red)
    assert (shown[15] == 100).all()
    hatched = (shown[20:] == preview._IGNORED).all(axis=2)
    assert 0.2 < hatched.mean() < 0.5
    assert (image == 100).all()


def test_priors_and_classes_are_further_tiles(table: dict, data: Path, tmp_path: Path) -> None:
    table |= {"prior": {"use": True}, "classes": {"names": ["background", "skin", "hair"]}}
    recipe = parse(table)
    preview.write(recipe, scan(recipe, [data]), tmp_path / "sheet.png", 1)
    assert read_bgr(tmp_path / "sheet.png").shape[1] >= 4 * recipe.size


def test_refused(table: dict, data: Path, tmp_path: Path) -> None:
    recipe = parse(table)
    sets = scan(recipe, [data])
    with pytest.raises(InputError, match="the sheet is a picture"):
        preview.write(recipe, sets, tmp_path / "sheet.pdf")
    (tmp_path / "sheet.png").write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        preview.write(recipe, sets, tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").read_bytes() == b"mine"
