"""Sets of pictures: what is found, what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.evaluate.datasets import Item, load_pairs, load_skinless, read
from rtskin.media import cv2
from rtskin.train.data.imaging import BrokenImageError
from tests.evaluate.conftest import Write, square


def test_pairs_are_found_and_read(tmp_path: Path, write_set: Write) -> None:
    dataset = load_pairs(write_set(tmp_path / "street", {"b": square(3), "a": square(5)}))
    assert dataset.name == "street"
    assert [item.key for item in dataset.items] == ["a.png", "b.png"]
    image, mask = read(dataset.items[0])
    assert image.shape == (20, 20, 3)
    assert np.array_equal(mask, square(5))


def test_a_plain_tree_has_empty_masks(tmp_path: Path) -> None:
    (tmp_path / "wood" / "deep").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "wood" / "deep" / "oak.jpg"), np.full((5, 7, 3), 90, np.uint8))
    dataset = load_skinless(tmp_path / "wood")
    assert [item.key for item in dataset.items] == ["deep/oak.jpg"]
    image, mask = read(dataset.items[0])
    assert image.shape == (5, 7, 3)
    assert mask.shape == (5, 7)
    assert not mask.any()


def test_only_some_and_always_the_same(tmp_path: Path, write_set: Write) -> None:
    folder = write_set(tmp_path / "s", {f"n{number}": square(2) for number in range(9)})
    assert [item.key for item in load_pairs(folder, keep=lambda key: key < "n2").items] == ["n0.png", "n1.png"]
    some = [item.key for item in load_pairs(folder, limit=4).items]
    assert len(some) == 4
    assert some == sorted(some) == [item.key for item in load_pairs(folder, limit=4).items]
    assert set(some) < {item.key for item in load_pairs(folder, limit=5).items}
    with pytest.raises(InputError, match="none of the 9 pictures"):
        load_pairs(folder, keep=lambda key: False)


@pytest.mark.parametrize(("gone", "what"), [("images", "mask without its image"), ("masks", "image without its mask")])
def test_one_without_the_other_is_refused(tmp_path: Path, write_set: Write, gone: str, what: str) -> None:
    folder = write_set(tmp_path / "s", {"a": square(2), "b": square(2), "c": square(2)})
    for name in ("b", "c"):
        (folder / gone / f"{name}.png").unlink()
    with pytest.raises(InputError, match=rf"{what}: b \(and 1 more\)"):
        load_pairs(folder)


def test_sizes_that_differ_are_refused(tmp_path: Path, write_set: Write) -> None:
    folder = write_set(tmp_path / "s", {"a": square(2)})
    cv2.imwrite(str(folder / "masks" / "a.png"), square(2, 10))
    with pytest.raises(InputError, match=r"is 10×10 but its image .* is 20×20"):
        read(load_pairs(folder).items[0])


def test_empty_missing_and_plain_folders_are_refused(tmp_path: Path, write_set: Write) -> None:
    with pytest.raises(InputError, match="there is no folder"):
        load_pairs(tmp_path / "nowhere")
    with pytest.raises(InputError, match="is empty"):
        load_pairs(write_set(tmp_path / "empty", {}))
    with pytest.raises(InputError, match="is empty"):
        load_skinless(tmp_path / "empty" / "images")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is not a folder"):
        load_skinless(tmp_path / "file")
    with pytest.raises(InputError, match="--skinless"):
        load_pairs(tmp_path)


def test_two_images_of_one_name_are_refused(tmp_path: Path, write_set: Write) -> None:
    folder = write_set(tmp_path / "s", {"a": square(2)})
    cv2.imwrite(str(folder / "images" / "a.jpg"), np.zeros((20, 20, 3), np.uint8))
    with pytest.raises(InputError, match="have the same name"):
        load_pairs(folder)


@pytest.mark.parametrize("part", ["images", "masks"])
@pytest.mark.parametrize("contents", [b"", b"no picture", b"\x89PNG\r\n\x1a\n"])
def test_a_file_that_does_not_decode_is_named(tmp_path: Path, write_set: Write, part: str, contents: bytes) -> None:
    folder = write_set(tmp_path / "s", {"a": square(2)})
    (folder / part / "a.png").write_bytes(contents)
    with pytest.raises(BrokenImageError) as caught:
        read(load_pairs(folder).items[0])
    assert caught.value.path == folder / part / "a.png"
    assert str(caught.value).count("a.png") == 1


def test_a_file_that_went_away_is_named(tmp_path: Path) -> None:
    with pytest.raises(BrokenImageError, match=r"gone\.png"):
        read(Item("gone.png", tmp_path / "gone.png", None))
