from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.train.data.batches import Batches
from rtskin.train.data.imaging import BrokenImageError, cv2
from rtskin.train.data.sets import Item, Reader, probabilities, scan
from rtskin.train.recipe import Recipe, parse


def test_both_sides_make_the_whole(recipe: Recipe, data: Path) -> None:
    pairs, tree = scan(recipe, [data])
    assert len(pairs.train) + len(pairs.held) == 10
    assert pairs.held
    assert not {item.group for item in tree.train} & {item.group for item in tree.held}


def test_the_first_root_that_has_it(recipe: Recipe, data: Path, tmp_path: Path) -> None:
    assert scan(recipe, [tmp_path / "none", data])[0].train
    with pytest.raises(InputError, match="'pairs' is not there"):
        scan(recipe, [tmp_path / "none"])


def test_a_mask_without_its_image(recipe: Recipe, data: Path) -> None:
    (data / "pairs/images/004.png").unlink()
    with pytest.raises(InputError, match="a mask without its image: 004"):
        scan(recipe, [data])


def test_an_image_without_its_mask(recipe: Recipe, data: Path) -> None:
    (data / "pairs/masks/004.png").unlink()
    with pytest.raises(InputError, match="has an image without its mask: 004"):
        scan(recipe, [data])


def test_an_empty_set(recipe: Recipe, data: Path) -> None:
    for path in (data / "tree").rglob("*.jpg"):
        path.unlink()
    with pytest.raises(InputError, match="'tree' is empty"):
        scan(recipe, [data])


def test_a_set_without_labels_says_how_to_get_them(table: dict, data: Path) -> None:
    table["data"][1]["kind"] = "unlabelled"
    with pytest.raises(InputError, match="rtskin train label"):
        scan(parse(table), [data])


def test_all_kept_out(table: dict, data: Path) -> None:
    table["data"][1] |= {"group": "one", "held_out": 0}
    table["split"]["folds"] = 2
    recipe = parse(table)
    from rtskin.train.data.split import fold_of

    if fold_of("one", 2) != 0:
        table["data"][1]["held_out"] = 1
        recipe = parse(table)
    with pytest.raises(InputError, match="'tree' has no pictures left"):
        Batches(recipe, scan(recipe, [data]))


def test_sizes_that_differ(data: Path) -> None:
    cv2.imwrite(str(data / "pairs/masks/000.png"), np.zeros((10, 20), np.uint8))
    item = Item(data / "pairs/images/000.png", data / "pairs/masks/000.png", None, "000")
    with pytest.raises(BrokenImageError, match=r"000\.png: is 20×10 but its image is 96×72"):
        Reader().read(item)


def test_what_is_read(data: Path) -> None:
    picture = Reader(100).read(Item(data / "pairs/images/000.png", data / "pairs/masks/000.png", None, "000"))
    assert picture.image.shape == (72, 96, 3)
    assert picture.weight.min() == 255
    assert len(picture.skin)
    x, y = picture.skin.T
    assert (picture.mask[y, x] == 255).all(), "crops are centred on (x, y) of skin"


def test_the_cache_stops_at_its_size(data: Path) -> None:
    item = Item(data / "pairs/images/000.png", data / "pairs/masks/000.png", None, "000")
    keeps, forgets = Reader(100), Reader(0)
    assert keeps.read(item) is keeps.read(item)
    assert forgets.read(item) is not forgets.read(item)


def test_caps(table: dict, data: Path) -> None:
    table["data"][1] |= {"caps": {"one": 0.1}, "held_out": 4}
    table["split"]["held_out"] = -1
    table["data"][1].pop("held_out")
    recipe = parse(table)
    tree = scan(recipe, [data])[1]
    chance = probabilities(tree)
    assert chance.sum() == pytest.approx(1)
    assert sum(p for p, item in zip(chance, tree.train, strict=True) if item.group == "one") == pytest.approx(0.1)


def test_batches_depend_on_seed_and_step_alone(recipe: Recipe, data: Path) -> None:
    sets = scan(recipe, [data])
    one, two = Batches(recipe, sets), Batches(recipe, sets)
    _ = one[0]
    assert np.array_equal(one[5].images, two[5].images)
    assert np.array_equal(one[5].targets, two[5].targets)
    assert not np.array_equal(one[5].images, one[6].images)
    other = Batches(recipe.model_copy(update={"seed": 4}), sets)
    assert not np.array_equal(one[5].images, other[5].images)


def test_a_corrupt_picture_is_skipped_and_named(recipe: Recipe, data: Path) -> None:
    for index in range(5):
        (data / f"pairs/images/{index:03d}.png").write_bytes(b"no picture")
    batches = Batches(recipe, scan(recipe, [data]))
    broken = [name for step in range(6) for name in batches[step].broken]
    assert broken
    assert all("is not a picture that OpenCV can decode" in name for name in broken)
    assert batches[0].images.shape == (3, 64, 64, 3)


def test_a_set_of_nothing_but_corrupt_pictures_ends(table: dict, data: Path) -> None:
    table["data"].pop()
    for path in (data / "pairs/images").iterdir():
        path.write_bytes(b"")
    recipe = parse(table)
    with pytest.raises(InputError, match="20 pictures in a row cannot be read; the last is"):
        _ = Batches(recipe, scan(recipe, [data]))[0]
