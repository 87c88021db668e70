"""Names of what is labelled: no two alike, however deep the folders are."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtskin.errors import InputError
from rtskin.train.data.imaging import cv2
from rtskin.train.label_sources import check, pictures

from .conftest import picture


def place(path: Path, index: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture(index)[0])
    return path


def clip(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (96, 72))
    for index in range(4):
        writer.write(picture(index)[0])
    writer.release()
    return path


def names(*sources: Path) -> list[str]:
    check(sources)
    return [str(name) for source in sources for name, _, _ in pictures(source, 2, [])]


def test_the_whole_path_is_the_name(tmp_path: Path) -> None:
    for name in ("a/x.png", "a/deep/x.png", "a/deep/er/x.v2.jpg", "b/x.png", "x.png"):
        place(tmp_path / "photos" / name)
    found = names(tmp_path / "photos", clip(tmp_path / "talk.avi"))
    assert found == [
        "a/deep/er/x.v2", "a/deep/x", "a/x", "b/x", "photos/x", "talk/00001", "talk/00003",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("photos/a/x.png", "photos/a/x.jpg"),
        ("photos/x.png", "photos/photos/x.png"),
        ("photos/a/x.png", "more/a/x.png"),
        ("photos/x.png", "deep/photos/x.png"),
    ],
)
def test_two_that_would_have_one_name_are_refused(tmp_path: Path, one: str, other: str) -> None:
    place(tmp_path / one)
    place(tmp_path / other)
    sources = [tmp_path / part for part in ("photos", "more") if (tmp_path / part).exists()]
    sources += [tmp_path / "deep" / "photos"] if (tmp_path / "deep").exists() else []
    with pytest.raises(InputError, match="would have the same name; rename one"):
        check(sources)


def test_clips_of_one_name_and_a_folder_called_like_a_clip_are_refused(tmp_path: Path) -> None:
    one, other = clip(tmp_path / "one/talk.avi"), clip(tmp_path / "two/talk.avi")
    with pytest.raises(InputError, match=r"one/talk.avi and of .*two/talk.avi would have the same name"):
        check([one, other])
    place(tmp_path / "photos/talk/x.png")
    with pytest.raises(InputError, match=r"talk.avi and of .*photos/talk/x.png would have the same name"):
        check([tmp_path / "photos", one])


def test_the_same_source_twice_is_no_clash(tmp_path: Path) -> None:
    place(tmp_path / "photos/x.png")
    check([tmp_path / "photos", tmp_path / "photos"])


@pytest.mark.parametrize(
    "name",
    [
        "x/intel_asl_want/7.png", "x/y/sam2_04_coffee/deep/7.png", "x/intel_asl_hungry.png", "intel_asl_want_0007.png",
        "sam2_04_coffee-frames/7.png",
    ],
)  # fmt: skip
def test_frames_for_measuring_are_found_at_any_depth(tmp_path: Path, name: str) -> None:
    place(tmp_path / "photos" / name)
    with pytest.raises(InputError, match="is kept for measuring"):
        check([tmp_path / "photos"])


def test_what_cannot_be_decoded_is_noted(tmp_path: Path) -> None:
    place(tmp_path / "photos/a/good.png")
    (tmp_path / "photos/a/bad.png").write_bytes(b"no picture")
    broken: list[str] = []
    assert [str(name) for name, _, _ in pictures(tmp_path / "photos", 1, broken)] == ["a/good"]
    assert [Path(name).name for name in broken] == ["bad.png"]


def test_a_set_with_masks_is_no_folder_of_photos(tmp_path: Path) -> None:
    for name in ("images", "masks"):
        place(tmp_path / "set" / name / "x.png")
    with pytest.raises(InputError, match=r"has masks already, .*; give .*set/images"):
        check([tmp_path / "set"])


def test_a_folder_without_pictures_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"there is no picture in .*empty"):
        check([tmp_path / "empty"])
