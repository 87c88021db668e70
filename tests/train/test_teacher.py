from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError, ModelError
from rtskin.media import av
from rtskin.train.data.imaging import cv2, read_grey
from rtskin.train.data.sets import scan
from rtskin.train.recipe import parse
from rtskin.train.teacher import Teacher, agree, label, open_teacher

from .conftest import picture


def red(image: Any) -> Any:
    """A teacher that never doubts."""
    return (image[..., 2] > 180).astype(np.float32)


def left(image: Any) -> Any:
    """A teacher that sees skin on the left, whatever is there: it contradicts its mirror image."""
    found = np.zeros(image.shape[:2], np.float32)
    found[:, : image.shape[1] // 4] = 1
    return found


def test_where_the_mirror_disagrees_nothing_counts() -> None:
    image, mask = picture(1, (96, 72))
    label_, weight = agree(image, [Teacher(red)])
    assert np.array_equal(label_ > 0.5, mask > 0)
    assert weight.all()
    _, weight = agree(image, [Teacher(left)])
    assert not weight[:, :24].any()
    assert not weight[:, -24:].any()
    assert weight[:, 24:-24].all()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for index in range(4):
        place = tmp_path / f"photos/repo{index % 2}/{index}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(place), picture(index)[0])
    cv2.imwrite(str(tmp_path / "photos/repo0/empty.png"), picture(9, skin=False)[0])
    (tmp_path / "photos/repo1/broken.jpg").write_bytes(b"no picture")
    return tmp_path / "photos"


def test_labels_are_what_the_reader_takes(photos: Path, tmp_path: Path, table: dict[str, Any]) -> None:
    done = label([photos], tmp_path / "labels/people", [Teacher(red)])
    assert done.written == 4
    assert done.without_skin == ["repo0/empty"]
    assert [Path(name).name for name in done.broken] == ["broken.jpg"]
    table["data"] = [{**table["data"][0], "name": "people", "path": "people"}]
    (people,) = scan(parse({**table, "split": {"folds": 2, "held_out": -1}}), [tmp_path / "labels"])
    assert {item.group for item in people.train} == {"repo0", "repo1"}
    assert all(item.weights for item in people.train)
    assert read_grey(tmp_path / "labels/people/weights/repo0/0.png").min() == 255


def test_an_interrupted_run_goes_on(photos: Path, tmp_path: Path) -> None:
    seen: list[str] = []
    label([photos], tmp_path / "out", [Teacher(red)])
    (tmp_path / "out/masks/repo1/3.png").unlink()
    assert label([photos], tmp_path / "out", [Teacher(red)], progress=seen.append).written == 4
    assert seen == ["repo1/3"]


@pytest.mark.parametrize("name", ["intel_asl_hungry.mkv", "intel_asl_want.mkv", "sam2_04_coffee.mp4"])
def test_clips_for_measuring_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="kept for measuring"):
        label([tmp_path / name], tmp_path / "out", [Teacher(red)])
    assert not (tmp_path / "out").exists()


def test_frames_of_such_clips_are_refused_too(tmp_path: Path) -> None:
    (tmp_path / "photos/intel_asl_want").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "photos/intel_asl_want/0.png"), picture(0)[0])
    with pytest.raises(InputError, match=r"intel_asl_want .* is kept for measuring"):
        label([tmp_path / "photos"], tmp_path / "out", [Teacher(red)])
    assert not (tmp_path / "out").exists()


def test_nobody_teaches_nothing(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least one teacher"):
        label([photos], tmp_path / "out", [])


def test_a_clip_that_does_not_say_how_long_it_is(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "clip.mkv"), "w", options={"live": "1"}) as sink:
        stream: Any = sink.add_stream("mjpeg", 10)
        stream.width, stream.height, stream.pix_fmt = 96, 72, "yuvj420p"
        for index in range(20):
            sink.mux(stream.encode(av.VideoFrame.from_ndarray(picture(index)[0], format="bgr24")))
        sink.mux(stream.encode(None))
    assert cv2.VideoCapture(str(tmp_path / "clip.mkv")).get(cv2.CAP_PROP_FRAME_COUNT) <= 0
    assert label([tmp_path / "clip.mkv"], tmp_path / "out", [Teacher(red)], frames=4).written == 4


def test_frames_spread_over_a_clip(tmp_path: Path) -> None:
    writer = cv2.VideoWriter(str(tmp_path / "clip.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (96, 72))
    for index in range(20):
        writer.write(picture(index)[0])
    writer.release()
    assert label([tmp_path / "clip.avi"], tmp_path / "out", [Teacher(red)], frames=4).written == 4
    assert [path.stem for path in sorted((tmp_path / "out/masks/clip").iterdir())] == [
        "00002", "00007", "00012", "00017",
    ]  # fmt: skip


def test_what_is_no_source(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="neither a folder of images nor a video"):
        label([tmp_path / "none"], tmp_path / "out", [Teacher(red)])
    (tmp_path / "text.mp4").write_text("hello")
    with pytest.raises(InputError, match="no picture that can be decoded"):
        label([tmp_path / "text.mp4"], tmp_path / "out", [Teacher(red)])


def test_what_is_no_teacher(tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"no network")
    with pytest.raises(ModelError, match="cannot be loaded as a teacher"):
        open_teacher(str(tmp_path / "bad.onnx"))
    with pytest.raises(InputError, match="a number above 0"):
        open_teacher("ellipse=much")


def test_a_real_teacher_keeps_the_size(shared: Path) -> None:
    weights = shared / "weights/pan_skin_512.onnx"
    if not weights.exists():
        pytest.skip("no teacher network here")
    found = open_teacher(str(weights)).predict(picture(0, (96, 72))[0])
    assert found.shape == (72, 96)
    assert 0 <= found.min() <= found.max() <= 1


def test_any_model_teaches() -> None:
    teacher = open_teacher("ellipse=0.5", threads=1)
    image, mask = picture(1, (96, 72))
    assert teacher.weight == 0.5
    found = teacher.predict(image)
    assert found.dtype == np.float32
    assert found[mask > 0].mean() > 0.9 > 0.1 > found[mask == 0].mean()


def test_an_ensemble_is_believed_where_most_of_its_weight_agrees() -> None:
    image, mask = picture(1, (96, 72))
    skin = mask > 0

    def blind(image: Any) -> Any:
        return np.zeros(image.shape[:2], np.float32)

    label_, weight = agree(image, [Teacher(red, 3.0), Teacher(blind)])
    assert label_[skin] == pytest.approx(0.75)
    assert weight.all()
    _, weight = agree(image, [Teacher(red), Teacher(blind)])
    assert not weight[skin].any()
    assert weight[~skin].all()


def test_small_skin_is_looked_at_more_closely() -> None:
    sizes: list[tuple[int, ...]] = []

    def watch(image: Any) -> Any:
        sizes.append(image.shape[:2])
        return red(image)

    image = np.zeros((100, 200, 3), np.uint8)
    image[40:50, 90:100] = (110, 150, 215)
    label_, weight = agree(image, [Teacher(watch)])
    assert sizes == [(100, 200)] * 2 + [(60, 120)] * 4
    assert np.array_equal(label_ > 0.5, image[..., 2] > 0)
    assert weight.all()
    sizes.clear()
    image[:] = (110, 150, 215)
    agree(image, [Teacher(watch)])
    assert len(sizes) == 2
