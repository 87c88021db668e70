from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError, ModelError
from rtskin.train import part_labels
from rtskin.train.data.imaging import cv2, read_grey
from rtskin.train.part_labels import BACKGROUND, HAIR, NO_HAIR, PERSON, UNKNOWN, WORN, classes_of, label

H, W = 120, 160


def plane(*boxes: tuple[slice, slice], value: float = 1.0) -> Any:
    """A network that sees these boxes, wherever the picture's white corner is (it is shown mirrored pictures too)."""
    answer = np.zeros((H, W), np.float32)
    for box in boxes:
        answer[box] = value

    def predict(image: Any) -> Any:
        mirrored = image[0, 0].max() < 255
        return answer[:, ::-1] if mirrored else answer

    return predict


IMAGE = np.full((H, W, 3), 90, np.uint8)
IMAGE[0, 0] = 255
FACE, TOP, BODY = np.s_[40:80, 60:100], np.s_[20:40, 60:100], np.s_[20:120, 50:110]


def mask() -> Any:
    skin = np.zeros((H, W), np.uint8)
    skin[FACE] = 255
    return skin


def test_what_both_views_are_sure_of() -> None:
    labels = classes_of(IMAGE, mask(), plane(TOP), plane(BODY))
    assert (labels[22:38, 62:98] == HAIR).all()
    assert (labels[100:, 60:100] == WORN).all()
    assert (labels[:10] == BACKGROUND).all()
    assert (labels[82:84, 62:98] == PERSON).all(), "beside skin may be a beard"


def test_what_one_is_not_sure_of_stays_open() -> None:
    labels = classes_of(IMAGE, mask(), plane(TOP, value=0.5), plane(BODY))
    assert (labels[22:30, 62:98] == PERSON).all()
    labels = classes_of(IMAGE, mask(), plane(TOP), plane(BODY, value=0.5))
    assert (labels[110:, 60:100] == NO_HAIR).all()
    assert UNKNOWN not in classes_of(IMAGE, mask() * 0, plane(), plane())


def test_a_network_that_misses_the_face_is_not_believed() -> None:
    labels = classes_of(IMAGE, mask(), plane(TOP), plane(np.s_[100:120, 0:20]))
    assert not np.isin(labels, (BACKGROUND, PERSON, WORN)).any()
    assert (labels[22:38, 62:98] == HAIR).all()


def test_that_no_hair_is_seen_far_away_says_nothing() -> None:
    small = np.zeros((H, W), np.uint8)
    small[50:60, 70:80] = 255
    labels = classes_of(IMAGE, small, plane(), plane(BODY))
    assert (labels[100:, 60:100] == PERSON).all()


def test_all_pairs_get_labels_once(tmp_path: Path) -> None:
    for kind in ("images/one", "masks/one"):
        (tmp_path / kind).mkdir(parents=True)
    for name in ("a", "b", "alone"):
        cv2.imwrite(str(tmp_path / f"images/one/{name}.png"), IMAGE)
    for name in ("a", "b"):
        cv2.imwrite(str(tmp_path / f"masks/one/{name}.png"), mask())
    seen: list[str] = []
    assert label(tmp_path, plane(TOP), plane(BODY), seen.append) == 2
    assert seen == ["one/a", "one/b"]
    assert (read_grey(tmp_path / "labels/one/a.png")[22:38, 62:98] == HAIR).all()
    assert not (tmp_path / "labels/one/alone.png").exists()
    assert label(tmp_path, plane(TOP), plane(BODY), seen.append) == 2
    assert len(seen) == 2
    with pytest.raises(InputError, match="label skin first"):
        label(tmp_path / "none", plane(), plane())


def test_the_real_networks(shared: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    hair = part_labels.open_tflite(shared / "weights/hair_segmentation.tflite")
    person = part_labels.open_tflite(shared / "weights/selfie_segmenter.tflite")
    image = sorted((shared / "data/ccp/images").iterdir())[3]
    picture = cv2.imread(str(image))
    truth = read_grey(shared / "data/ccp/labels" / f"{image.stem}.png")
    head = around(truth == 19)  # the hair network was made for selfies
    for predict, part, true in ((hair, picture[head], truth[head] == 19), (person, picture, truth > 0)):
        found = predict(np.ascontiguousarray(part)) > 0.5
        assert (found & true).sum() / (found | true).sum() > 0.4


def around(hair: np.ndarray) -> tuple[slice, slice]:
    """A square around it, somewhat larger than a head."""
    y, x = np.nonzero(hair)
    middle, half = (int(y.mean()), int(x.mean())), int(1.3 * max(np.ptp(y), np.ptp(x)))
    rows, columns = (slice(max(0, at - half), at + half) for at in middle)
    return rows, columns


def test_without_the_library_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(ModelError, match="pip install ai-edge-litert"):
        part_labels.open_tflite(tmp_path / "hair.tflite")
