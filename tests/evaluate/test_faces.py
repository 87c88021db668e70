"""Close-ups of faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("skimage")

from rtskin.errors import InputError, MissingExtraError
from rtskin.evaluate.datasets import Reader, load_pairs
from rtskin.evaluate.faces import crop_faces, faces, with_margin
from rtskin.evaluate.run import evaluate
from rtskin.evaluate.sheet import ContactSheet
from rtskin.media import cv2
from tests.evaluate.conftest import Write, blind, square

#: Of the portrait: centre and half axes of the face.
FACE = (224, 110), (42, 58)


@pytest.fixture
def folder(tmp_path: Path, write_set: Write) -> Path:
    """A portrait with the face as its skin, one in which nothing is skin, and a plain picture."""
    from skimage import data

    portrait = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)
    mask = np.zeros(portrait.shape[:2], np.uint8)
    cv2.ellipse(mask, FACE[0], FACE[1], 0, 0, 360, 255, -1)
    folder = write_set(tmp_path / "set", {"portrait": mask, "unmarked": np.zeros_like(mask), "plain": square(0, 64)})
    for name in ("portrait", "unmarked"):
        cv2.imwrite(str(folder / "images" / f"{name}.png"), portrait)
    return folder


def test_each_face_that_the_truth_shows_is_cut_out_and_enlarged(folder: Path) -> None:
    dataset = crop_faces(load_pairs(folder))
    assert dataset.name == "set faces"
    (item,) = dataset.items
    assert item.box is not None
    x, y, width, height = item.box
    assert x < 190 < 260 < x + width
    assert y < 70 < 160 < y + height
    with Reader() as read:
        image, mask = read(item)
    assert image.shape[:2] == mask.shape
    assert max(mask.shape) == 512
    # The truth goes with it: the same part is skin as in the picture.
    share = (read(load_pairs(folder).items[1])[1][y : y + height, x : x + width] >= 128).mean()
    assert (mask >= 128).mean() == pytest.approx(share, abs=0.01)
    assert crop_faces(load_pairs(folder)) == dataset, "the same each time"


def test_a_false_alarm_is_told_by_the_truth() -> None:
    def alarm(image: np.ndarray) -> list[tuple[int, int, int, int]]:
        return [(100, 100, 60, 60)]

    image = np.zeros((600, 400, 3), np.uint8)
    face, arm, nothing = (np.zeros((600, 400), np.uint8) for _ in range(3))
    face[100:160, 100:160] = 255
    arm[0:300, 100:160] = 255
    assert faces(image, face, alarm) == [(100, 100, 60, 60)]
    assert faces(image, arm, alarm) == []
    assert faces(image, nothing, alarm) == []


def test_small_faces_are_left_and_one_face_is_found_once() -> None:
    def alarms(image: np.ndarray) -> list[tuple[int, int, int, int]]:
        return [(100, 100, 60, 60), (96, 96, 80, 80), (300, 100, 20, 20), (20, 300, 40, 40)]

    image, truth = np.zeros((600, 400, 3), np.uint8), np.zeros((600, 400), np.uint8)
    for x, y, side in ((100, 100, 60), (300, 100, 20), (20, 300, 40)):
        truth[y : y + side, x : x + side] = 255
    assert faces(image, truth, alarms) == [(20, 300, 40, 40), (96, 96, 80, 80)]


def test_small_pictures_are_searched_enlarged() -> None:
    sizes = []

    def looks(image: np.ndarray) -> list[tuple[int, int, int, int]]:
        sizes.append(image.shape[:2])
        return [(60, 60, 60, 60)]

    truth = np.full((200, 300), 255, np.uint8)
    truth[:30] = 0
    assert faces(np.zeros((200, 300, 3), np.uint8), truth, looks) == [(30, 30, 30, 30)]
    assert sizes == [(400, 600)]


def test_the_room_around_a_face_ends_at_the_picture() -> None:
    assert with_margin((100, 100, 50, 50), 400, 300) == (70, 70, 110, 110)
    assert with_margin((0, 10, 50, 50), 60, 60) == (0, 0, 60, 60)


def test_a_set_without_faces_is_refused(tmp_path: Path, write_set: Write) -> None:
    dataset = load_pairs(write_set(tmp_path / "s", {"a": square(30, 64), "tiny": square(3, 8)}))
    with pytest.raises(InputError, match="no faces of at least 24 pixels"):
        crop_faces(dataset)


def test_the_worst_of_them_are_on_the_sheet(folder: Path) -> None:
    sheet = ContactSheet("blind")
    evaluate([crop_faces(load_pairs(folder))], {"blind": blind}, watch=[sheet], draws=10)
    ((badness, tile),) = sheet.worst()
    assert badness == 1
    assert tile.std() > 20


def test_without_scikit_image_the_extra_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "skimage.feature", None)
    with pytest.raises(MissingExtraError, match=r"rtskin\[eval\]"):
        crop_faces(load_pairs(folder))
