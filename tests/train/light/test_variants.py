from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.train.data.imaging import cv2, read_grey
from rtskin.train.data.sets import scan
from rtskin.train.light.colours import VARIANTS
from rtskin.train.light.variants import augment
from rtskin.train.recipe import parse


def test_26_of_each_with_their_masks_on_the_side_of_the_original(table: dict, data: Path, tmp_path: Path) -> None:
    (data / "pairs/weights").mkdir()
    for path in (data / "pairs/masks").iterdir():
        cv2.imwrite(str(data / "pairs/weights" / path.name), np.full_like(read_grey(path), 255))
    seen: list[tuple[int, int]] = []
    done = augment(data / "pairs", data / "more", lambda one, total: seen.append((one, total)))
    assert (done.written, done.existing, done.broken) == (260, 0, [])
    assert seen[-1] == (10, 10)
    table["data"][1] = {**table["data"][0], "name": "more", "path": "more"}
    originals, variants = scan(parse(table), [data])
    for side in ("train", "held"):
        before, after = ([item.group for item in getattr(one, side)] for one in (originals, variants))
        assert sorted(before * 26) == sorted(after)
    assert all(item.weights for item in variants.train)
    mask, hidden = (read_grey(data / "more/masks/004" / f"{name}.png") for name in ("hue051", "lattice"))
    assert np.array_equal(mask, read_grey(data / "pairs/masks/004.png"))
    assert hidden.sum() < mask.sum()


def test_what_is_there_is_kept_and_what_is_broken_does_not_stop_the_rest(data: Path, tmp_path: Path) -> None:
    (data / "pairs/images/003.png").write_bytes(b"no picture")
    cv2.imwrite(str(data / "pairs/masks/005.png"), np.zeros((3, 3), np.uint8))
    out = tmp_path / "out"
    first = augment(data / "pairs", out)
    assert first.written == 26 * 8
    assert [Path(name.split(": ")[0]).name for name in first.broken] == ["003.png", "005.png"]
    kept = out / "images/000/sepia0500.png"
    kept.write_bytes(b"mine")
    gone = out / "masks/001/lattice.png"
    before = gone.read_bytes()
    gone.unlink()
    again = augment(data / "pairs", out)
    assert (again.written, again.existing) == (1, 26 * 8 - 1)
    assert kept.read_bytes() == b"mine"
    assert gone.read_bytes() == before, "a lattice is the same in every run"


def test_a_plain_tree_has_no_masks(data: Path, tmp_path: Path) -> None:
    done = augment(data / "tree", tmp_path / "out")
    assert done.written == 26 * 6
    assert {path.suffix for path in (tmp_path / "out/images/one/0").iterdir()} == {".jpg"}
    assert len(list((tmp_path / "out/images/one/0").iterdir())) == len(VARIANTS)
    assert not (tmp_path / "out/masks").exists()


def test_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="whose pictures it would add to"):
        augment(data / "pairs", data / "pairs/variants")
    with pytest.raises(InputError, match="no pictures in"):
        augment(tmp_path / "none", tmp_path / "out")
    cv2.imwrite(str(data / "tree/one/0.png"), np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(InputError, match="the same variants; rename one"):
        augment(data / "tree", tmp_path / "out")
