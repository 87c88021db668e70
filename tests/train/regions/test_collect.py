from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.media import cv2
from rtskin.roi.found import FoundRegion
from rtskin.train.regions import collect as collects
from rtskin.train.regions import recipe as recipes
from rtskin.train.regions.collect import KEPT, collect
from rtskin.train.regions.decide import FACE, OTHER, Evidence
from rtskin.train.regions.find import regions_of
from rtskin.train.regions.labels import UNKNOWN, counts, labels_of

FACE_SEEN = Evidence(0.95, 0.7, 0, 0, 0, 0, 0.1)
UNSURE = Evidence(0.7, 0.7, 0, 0, 0, 0, 0.1)


class Bright:
    """Takes what is white for skin."""

    def __init__(self, model: str) -> None: ...

    def __call__(self, picture: Any) -> list[FoundRegion]:
        return regions_of(picture[..., 0], (picture.shape[1], picture.shape[0]))


class Sees:
    """A face in the largest region, and something in the next."""

    def __init__(self, weights: Path) -> None: ...

    def look(self, picture: Any, regions: list[FoundRegion]) -> list[Evidence]:
        return [FACE_SEEN, *[UNSURE] * (len(regions) - 1)]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(collects, "Finder", Bright)
    monkeypatch.setattr(collects, "Witness", Sees)
    for folder in ("one", "two", "wood"):
        (tmp_path / "data" / "set" / folder).mkdir(parents=True)
        for name in "ab":
            picture = np.zeros((120, 160, 3), np.uint8)
            picture[20:80, 20:70] = picture[90:110, 100:120] = 255
            cv2.imwrite(str(tmp_path / "data" / "set" / folder / f"{name}.png"), picture)
    return tmp_path / "data"


def recipe(**changes: Any) -> recipes.RegionRecipe:
    spec = {"name": "people", "paths": ["set/one", "set/two"], "ship": True, "terms": "CC0", **changes}
    return recipes.parse({"name": "x", "data": [spec]})


def test_crops_of_all_regions_with_what_is_seen(data: Path, tmp_path: Path) -> None:
    made = collect(recipe(), [data], tmp_path, tmp_path / "out")["people"]
    assert made.crops.shape == (8, KEPT, KEPT, 4)
    assert sorted(set(made.groups)) == ["one", "two"]
    assert made.names[:2] == ["people/one/a#0.0", "people/one/a#0.1"]
    assert labels_of(recipe(), "people", made).tolist() == [FACE, UNKNOWN] * 4
    assert counts(recipe(), "people", made) == "4 face, 0 hand, 0 other, 4 left out"


def test_pictures_without_skin_need_no_detector(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collects, "Witness", None)
    skinless = recipe(skinless=True, paths=["set/wood"])
    made = collect(skinless, [data], tmp_path, tmp_path / "out")["people"]
    assert (labels_of(skinless, "people", made) == OTHER).all()


def test_every_second_picture_and_closer_views(data: Path, tmp_path: Path) -> None:
    made = collect(recipe(every=2, views=2, group="picture"), [data], tmp_path, tmp_path / "out")["people"]
    assert {name.split("#")[0] for name in made.names} == {"people/one/a", "people/two/a"}
    assert {int(name.split("#")[1].split(".")[0]) for name in made.names} == {0, 1, 2}
    assert sorted(set(made.groups)) == ["one/a", "two/a"]
    again = collect(recipe(every=2, views=2, group="picture"), [data], tmp_path, tmp_path / "again")["people"]
    assert (again.crops == made.crops).all()


def test_a_file_is_made_once_and_refused_for_another_recipe(data: Path, tmp_path: Path) -> None:
    collect(recipe(), [data], tmp_path, tmp_path / "out")
    before = (tmp_path / "out" / "people.npz").stat().st_mtime_ns
    collect(recipe(terms="other words", weight=2.0), [data], tmp_path, tmp_path / "out")
    assert (tmp_path / "out" / "people.npz").stat().st_mtime_ns == before
    with pytest.raises(InputError, match=r"people\.npz was made by another recipe or model; delete it"):
        collect(recipe(every=2), [data], tmp_path, tmp_path / "out")
    whole = (tmp_path / "out" / "people.npz").read_bytes()
    for broken in (b"", b"no such file", whole[: len(whole) // 2], whole[:-100], _spoilt(whole)):
        (tmp_path / "out" / "people.npz").write_bytes(broken)
        with pytest.raises(InputError, match="cannot be read"):
            collect(recipe(), [data], tmp_path, tmp_path / "out")


def _spoilt(whole: bytes) -> bytes:
    """A disc that forgot something in the middle."""
    at = len(whole) // 2
    return whole[:at] + bytes(200) + whole[at + 200 :]


def test_what_is_kept_for_measuring_and_what_has_no_terms_is_refused(data: Path, tmp_path: Path) -> None:
    (data / "videos").mkdir()
    (data / "videos" / "intel_asl_want.mkv").touch()
    with pytest.raises(InputError, match="kept for measuring"):
        collect(recipe(paths=["videos/intel_asl_want.mkv"]), [data], tmp_path, tmp_path / "out")
    (data / "terms.tsv").write_text("file\tlicence\nset/one/a.png\tCC0\nset/one/b.png\tCC0\nset/two/a.png\tMIT\n")
    with pytest.raises(InputError, match="gives no terms for two/b"):
        collect(recipe(terms_file="terms.tsv"), [data], tmp_path, tmp_path / "out")
    with pytest.raises(InputError, match="there is no set/none"):
        collect(recipe(paths=["set/none"]), [data], tmp_path, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())
