from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rtskin.errors import InputError, ModelError
from rtskin.frame import U8
from rtskin.media import cv2
from rtskin.roi.found import FoundRegion
from rtskin.roi.label import LABELS, UNKNOWN, Labeller
from rtskin.roi.label.heuristic import variation
from rtskin.roi.label.network import NetworkMethod
from rtskin.train.regions.find import Finder
from tests.roi.label.regions import frame_of, region_at

SIZE = (640, 480)
VIDEOS = Path(__file__).resolve().parents[4] / "shared" / "data" / "videos"
TRUTH = Path(__file__).resolve().parents[3] / "bench" / "data" / "labels.csv"


def noise(seed: int = 0) -> U8:
    return np.random.default_rng(seed).integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8)


def many(count: int) -> list[FoundRegion]:
    rng = np.random.default_rng(1)
    return [
        region_at((int(x), int(y), int(w), int(h)), SIZE)
        for x, y, w, h in zip(*rng.integers(0, 300, (2, count)), *rng.integers(8, 150, (2, count)), strict=True)
    ]


def test_probabilities_in_order_whatever_is_asked_for_beside() -> None:
    labeller, frame, regions = Labeller(budget=None), frame_of(noise()), many(40)
    together = labeller(frame, regions)
    assert np.allclose(np.sum(together, 1), 1, atol=1e-5)
    assert len(set(together)) > 30
    backwards = labeller(frame, regions[::-1])
    assert np.allclose(together, backwards[::-1], atol=1e-5)
    assert np.allclose(together[7], labeller(frame, [regions[7]])[0], atol=1e-5)


def test_the_first_ones_up_to_the_budget() -> None:
    frame, regions = frame_of(noise()), many(200)
    some = Labeller(budget=5)(frame, regions)
    assert len(some) == 200
    assert np.allclose(some[:5], Labeller(budget=None)(frame, regions[:5]), atol=1e-5)
    assert some[5:] == [UNKNOWN] * 195


@pytest.mark.parametrize("method", ["network", "heuristic"])
def test_no_regions(method: str) -> None:
    assert Labeller(method)(frame_of(noise()), []) == []


def test_only_the_heuristic_has_to_see_all_of_a_frame() -> None:
    assert [Labeller(method).compares for method in ("network", "heuristic")] == [False, True]


def test_the_heuristic_takes_what_varies_most_for_the_face() -> None:
    picture = np.full((SIZE[1], SIZE[0], 3), 150, np.uint8)
    picture[200:300, 400:500] = noise()[200:300, 400:500]
    smooth, rough = region_at((100, 200, 100, 100), SIZE), region_at((400, 200, 100, 100), SIZE)
    assert Labeller("heuristic")(frame_of(picture), [smooth, rough]) == [(0, 1, 0), (1, 0, 0)]
    assert Labeller("heuristic")(frame_of(picture), [rough, smooth]) == [(1, 0, 0), (0, 1, 0)]


def test_what_varies_beside_a_region_is_not_its_own() -> None:
    crop = np.dstack([noise()[:64, :64], np.zeros((64, 64), np.uint8)])
    crop[20:44, 20:44] = (90, 90, 90, 255)
    assert variation(crop) == 0
    assert variation(np.zeros((64, 64, 4), np.uint8)) == 0


def test_wrong_settings_are_said() -> None:
    with pytest.raises(InputError, match="no labelling method is called 'netwok'; did you mean network"):
        Labeller("netwok")
    with pytest.raises(InputError, match="at least 1, not 0"):
        Labeller(budget=0)


def test_a_network_that_is_no_labelling_network(tmp_path: Path) -> None:
    from rtskin.infer.cards import load_card

    mask = load_card("mobile-unet").weights_path
    assert mask is not None
    card = (Path(NetworkMethod().card.path or "")).read_text("utf-8")
    lines = [line for line in card.splitlines() if not line.startswith(("file", "sha256"))]
    path = tmp_path / "label.toml"
    path.write_text("\n".join([*lines, f'path = "{mask.as_posix()}"']), "utf-8")
    with pytest.raises(ModelError, match="cannot run"):
        NetworkMethod(path).warm_up()
    (tmp_path / "bad.onnx").write_bytes(b"no network")
    path.write_text("\n".join([*lines, 'file = "bad.onnx"']), "utf-8")
    with pytest.raises(ModelError, match=r"bad\.onnx cannot be loaded"):
        NetworkMethod(path)


def test_warming_up_and_closing() -> None:
    labeller = Labeller()
    labeller.warm_up()
    labeller.close()
    labeller.close()


def _truth(clip: str, frames: set[int]) -> Iterator[tuple[U8, list[dict[str, str]]]]:
    with TRUTH.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["clip"] == clip]
    capture = cv2.VideoCapture(str(next(VIDEOS.glob(f"{clip}.*"))))
    for number in range(max(frames) + 1):
        ok, picture = capture.read()
        assert ok
        if number in frames:
            yield picture, [row for row in rows if int(row["frame"]) == number]


@pytest.mark.skipif(not VIDEOS.is_dir(), reason="needs ../shared/data/videos")
def test_real_faces_and_hands() -> None:
    find, labeller, right, total = Finder("mobile-unet"), Labeller(budget=None), 0, 0
    for picture, rows in _truth("intel_asl_want", {0, 8, 24, 32}):
        regions = find(picture)
        for region, given in zip(regions, labeller(frame_of(picture), regions), strict=True):
            near = [
                row for row in rows if abs(float(row["x"]) - region.box[0]) + abs(float(row["y"]) - region.box[1]) < 8
            ]
            total += len(near)
            right += sum(row["label"] == LABELS[int(np.argmax(given))] for row in near)
    assert total >= 12
    assert right / total >= 0.8
