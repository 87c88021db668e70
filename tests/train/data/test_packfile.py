"""Packs: what comes out of one is what went in, as far as was promised, and damage is an error that says so."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError, OutputExistsError
from rtskin.infer.card_toml import dumps
from rtskin.train.data import pack, pack_content, packfile
from rtskin.train.data.batches import Batches
from rtskin.train.data.imaging import cv2, read_bgr, read_grey
from rtskin.train.data.pack import File
from rtskin.train.data.packfile import PackPath
from rtskin.train.data.sets import Reader, Sides, scan
from rtskin.train.recipe import Recipe, parse

from ..conftest import picture


@pytest.fixture
def soft(data: Path) -> Path:
    """The same data with soft masks, weights and labels."""
    rng = np.random.default_rng(0)
    for folder in ("weights", "labels"):
        (data / "pairs" / folder).mkdir()
    for path in sorted((data / "pairs/masks").iterdir()):
        mask = cv2.GaussianBlur(cv2.imread(str(path), 0), (0, 0), 3)
        cv2.imwrite(str(path), mask)
        cv2.imwrite(str(data / "pairs/weights" / path.name), rng.choice(np.array([0, 255], np.uint8), mask.shape))
        cv2.imwrite(str(data / "pairs/labels" / path.name), rng.integers(0, 59, mask.shape, np.uint8))
    (data / "pairs/TERMS").write_text("made up")
    (data / "tree.tsv").write_text("file\tlicence\n")
    return data


def packed(folder: Path, long_side: int = 0, quality: int = 90) -> Path:
    out = folder.parent / "all.pack"
    pack.write(pack_content.of_folders([folder])[0], out, long_side, quality)
    return out


def keys(sets: list[Sides]) -> list[Any]:
    return [
        [(item.group, Path(str(item.image)).name) for item in side] for one in sets for side in (one.train, one.held)
    ]


def test_the_split_and_the_draws_are_those_of_the_folder(recipe: Recipe, soft: Path) -> None:
    from_folder, from_pack = scan(recipe, [soft]), scan(recipe, [packed(soft)])
    assert keys(from_folder) == keys(from_pack)
    assert all(keys(from_pack))
    one, two = (Batches(recipe, sets)[2] for sets in (from_folder, from_pack))
    assert np.abs(one.targets.astype(int) - two.targets).max() <= 9
    assert np.abs(one.images.astype(int) - two.images).mean() < 12


def test_planes_keep_what_was_promised(recipe: Recipe, soft: Path) -> None:
    from_folder, from_pack = scan(recipe, [soft])[0], scan(recipe, [packed(soft)])[0]
    reader = Reader()
    for one, two in zip(from_folder.train, from_pack.train, strict=True):
        before, after = reader.read(one), reader.read(two)
        assert np.array_equal(before.labels, after.labels)
        assert np.array_equal(before.weight, after.weight)
        assert set(np.unique(after.mask)) <= set(range(0, 256, 17))
        assert np.abs(before.mask.astype(int) - after.mask).max() <= 8
        assert np.array_equal(before.mask > 127, after.mask > 127)
        assert after.labels.size
        assert 0 in after.weight


def test_pictures_are_shrunk_to_the_long_side_and_planes_with_them(data: Path) -> None:
    path = PackPath(packed(data, long_side=48))
    assert read_bgr(path / "pairs/images/000.png").shape == (36, 48, 3)
    assert read_grey(path / "pairs/masks/000.png").shape == (36, 48)
    cv2.imwrite(str(data / "long.png"), np.zeros((1, 17000), np.uint8))  # WebP ends at 16383
    with pytest.raises(InputError, match="takes no"):
        pack.coded(File("long", data / "long.png", "labels"), 0, 50)


def test_real_photographs_stay_small_enough(shared: Path, tmp_path: Path) -> None:
    content, _ = pack_content.of_folders([shared / "data"])
    # Every so manyth file stands for the others of its folder; all of them would take minutes.
    each = 24
    done = pack.write(replace(content, files=content.files[each // 2 :: each], texts={}), tmp_path / "some.pack")
    assert not done.broken
    assert done.size * each < 36e6


def test_what_a_folder_says_of_its_terms_goes_along(soft: Path) -> None:
    path = packed(soft)
    assert packfile.read(path, "terms/pairs/TERMS") == b"made up"
    assert packfile.read(path, "terms/data/tree.tsv")


def test_the_same_pictures_make_the_same_bytes_in_the_order_they_are_read(data: Path) -> None:
    one = packed(data).read_bytes()
    (data.parent / "all.pack").unlink()
    assert packed(data).read_bytes() == one
    names = zipfile.ZipFile(data.parent / "all.pack").namelist()
    assert names[0] == "pack.json"
    assert sum(name.startswith("data/") for name in names) == 26


def test_a_picture_that_is_broken_is_named_and_skipped_as_it_would_have_been(recipe: Recipe, data: Path) -> None:
    (data / "pairs/images/003.png").write_bytes(b"no picture")
    content, _ = pack_content.of_folders([data])
    done = pack.write(content, data.parent / "all.pack", 0)
    assert [Path(name.split(":")[0]).name for name in done.broken] == ["003.png"]
    assert done.pictures == {"pairs": 10, "tree": 6}
    sets = [scan(recipe, [root]) for root in (data, data.parent / "all.pack")]
    assert keys(sets[0]) == keys(sets[1])
    noted = [
        [Path(name.split(": ")[0]).name for step in range(8) for name in Batches(recipe, one)[step].broken]
        for one in sets
    ]
    assert noted[0] == noted[1] != []


def test_a_cut_off_pack_is_refused(recipe: Recipe, data: Path) -> None:
    path = packed(data)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(InputError, match=r"all\.pack is no pack, or it is cut off; copy it again"):
        scan(recipe, [path])


def test_a_flipped_bit_is_found_before_training(recipe: Recipe, data: Path) -> None:
    path = packed(data)
    bytes_ = bytearray(path.read_bytes())
    place = bytes_.index(b"RIFF", len(bytes_) // 2) + 60
    bytes_[place] ^= 1
    path.write_bytes(bytes_)
    with pytest.raises(InputError, match=r"is damaged: data/.* is not what was written; copy it again"):
        scan(recipe, [path])


def test_other_files_are_no_packs(recipe: Recipe, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("readme", "no")
    with pytest.raises(InputError, match=r"is not a pack of `rtskin train pack`"):
        scan(recipe, [tmp_path / "other.zip"])
    with zipfile.ZipFile(tmp_path / "newer.pack", "w") as archive:
        archive.writestr("pack.json", json.dumps({"format": 2}))
    with pytest.raises(InputError, match="of format 2, this version reads 1"):
        scan(recipe, [tmp_path / "newer.pack"])


def test_what_fails_leaves_no_file(data: Path) -> None:
    content, _ = pack_content.of_folders([data])
    out = data.parent / "all.pack"

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pack.write(content, out, report=stop)
    assert [path.name for path in data.parent.iterdir()] == ["data"]
    pack.write(content, out)
    with pytest.raises(OutputExistsError):
        pack.write(content, out)


def test_folders(data: Path, tmp_path: Path) -> None:
    (data / "clips").mkdir()
    content, empty = pack_content.of_folders([data])
    assert empty == ["clips"]
    one, _ = pack_content.of_folders([data / "pairs", data / "tree"])
    assert [file.name for file in one.files] == [file.name for file in content.files]
    with pytest.raises(InputError, match="the same name in the pack"):
        pack_content.of_folders([data, data / "tree"])
    with pytest.raises(InputError, match="is no folder"):
        pack_content.of_folders([tmp_path / "none"])
    (tmp_path / "void").mkdir()
    with pytest.raises(InputError, match="no pictures"):
        pack_content.of_folders([tmp_path / "void"])


def test_a_set_that_lies_elsewhere_goes_by_its_name(table: dict[str, Any], data: Path, tmp_path: Path) -> None:
    table["data"][0]["path"] = str(data / "pairs")
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(dumps(table))
    content = pack_content.of_recipe(recipe, [data])
    assert content.recipe is not None
    assert content.recipe["data"][0]["path"] == "pairs"
    assert {file.name.split("/")[0] for file in content.files} == {"pairs", "tree"}


def test_two_processes_read_one_pack(recipe: Recipe, data: Path) -> None:
    """A worker gets the items, not an open file."""
    import pickle

    sets = scan(recipe, [packed(data)])
    Reader().read(sets[0].train[0])
    code = (
        "import pickle, sys; from rtskin.train.data.batches import Batches\n"
        "print(pickle.load(sys.stdin.buffer)[1].images.sum())"
    )
    sent = pickle.dumps(Batches(recipe, sets))
    found = subprocess.run([sys.executable, "-c", code], input=sent, capture_output=True, check=True)
    assert int(found.stdout) == Batches(recipe, sets)[1].images.sum()


def test_a_pack_beside_folders(table: dict[str, Any], data: Path, tmp_path: Path) -> None:
    path = packed(data)
    (tmp_path / "more/late/images").mkdir(parents=True)
    (tmp_path / "more/late/masks").mkdir()
    for index in range(5):
        image, mask = picture(50 + index)
        cv2.imwrite(str(tmp_path / f"more/late/images/{index}.png"), image)
        cv2.imwrite(str(tmp_path / f"more/late/masks/{index}.png"), mask)
    table["data"].append({**table["data"][0], "name": "late", "path": "late"})
    sets = scan(parse(table), [path, tmp_path / "more"])
    assert isinstance(sets[0].train[0].image, PackPath)
    assert isinstance(sets[2].train[0].image, Path)
