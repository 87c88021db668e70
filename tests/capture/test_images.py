from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from rtskin.capture import open_source
from rtskin.errors import InputError, NoFramesError, SourceError, SourceNotFoundError
from rtskin.media import cv2


def shots(folder: Path, numbers, form: str = "shot.%04d.png") -> Path:
    """Images whose grey value is their number."""
    for number in numbers:
        cv2.imwrite(str(folder / (form % number)), np.full((8, 12), number, np.uint8))
    return folder / form


def values(source) -> list[int]:
    return [int(frame.bgr[0, 0, 0]) for frame in source]


def test_numbers_are_kept_and_gaps_are_gaps_in_time(tmp_path, caplog):
    uri = shots(tmp_path, [7, 8, 10, 100])
    with open_source(uri) as source:
        frames = list(source)
        assert source.counters() == {"damaged": 0, "missing": 90}
    assert [frame.number for frame in frames] == [7, 8, 10, 100]
    assert [frame.pts for frame in frames] == [0, 1, 3, 93]
    assert [frame.seq for frame in frames] == [0, 1, 2, 3]
    assert frames[0].time_base == Fraction(1, 25)
    assert "90 numbers are missing" in caplog.text
    assert not source.live


def test_info(tmp_path):
    with open_source(shots(tmp_path, range(10)), rate=10) as source:
        info = source.info
    assert (info.width, info.height, info.rate, info.frames, info.duration) == (12, 8, 10, 10, 1.0)
    assert info.path is None


def test_only_names_that_printf_would_write_belong(tmp_path):
    uri = shots(tmp_path, [1, 2])
    shots(tmp_path, [3], "shot.%d.png")
    shots(tmp_path, [4], "shot.%06d.png")
    shots(tmp_path, [5], "other.%04d.png")
    with open_source(uri) as source:
        assert [frame.number for frame in source] == [1, 2]
    with open_source(tmp_path / "shot.%d.png") as source:
        assert [frame.number for frame in source] == [3]


def test_numbers_may_outgrow_their_width(tmp_path):
    uri = shots(tmp_path, [9, 10, 11], "%01d.png")
    with open_source(uri) as source:
        assert [frame.number for frame in source] == [9, 10, 11]


def test_a_glob_comes_in_natural_order(tmp_path):
    shots(tmp_path, [1, 2, 10], "img%d.png")
    with open_source(tmp_path / "*.png") as source:
        frames = list(source)
    assert values(frames) == [1, 2, 10]
    assert [frame.pts for frame in frames] == [0, 1, 2]
    assert {frame.number for frame in frames} == {None}


def test_one_image_is_a_sequence_of_one(tmp_path):
    shots(tmp_path, [5])
    with open_source(tmp_path / "shot.0005.png") as source:
        assert source.info.frames == 1
        assert values(source) == [5]
        assert source.read() is None
    with pytest.raises(InputError, match="an image takes no option 'rate'"):
        open_source(tmp_path / "shot.0005.png", rate=3)


def test_start_and_end(tmp_path):
    uri = shots(tmp_path, range(20, 40))
    with open_source(uri, rate=10, start=0.5, end=0.8) as source:
        assert source.info.frames == 3
        assert [frame.number for frame in source] == [25, 26, 27]
    with pytest.raises(NoFramesError, match="no image between 9 s"):
        open_source(uri, start=9)


def test_a_damaged_image_in_the_middle_is_passed_over(tmp_path, caplog):
    uri = shots(tmp_path, range(5))
    (tmp_path / "shot.0000.png").write_text("first")
    (tmp_path / "shot.0003.png").write_text("middle")
    with open_source(uri) as source:
        frames = list(source)
        assert source.counters()["damaged"] == 2
    assert [frame.number for frame in frames] == [1, 2, 4]
    assert [frame.pts for frame in frames] == [1, 2, 4]
    assert "shot.0003.png" in caplog.text


def test_damaged_alone_is_an_error(tmp_path):
    uri = shots(tmp_path, [3])
    (tmp_path / "shot.0003.png").write_text("text")
    with pytest.raises(SourceError, match=r"shot\.0003\.png"):
        open_source(uri)
    (tmp_path / "shot.0004.png").write_text("text")
    with pytest.raises(NoFramesError, match="none of the 2 images"):
        open_source(uri)


def test_sizes_may_change(tmp_path):
    cv2.imwrite(str(tmp_path / "a1.png"), np.zeros((1, 1, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "a2.png"), np.zeros((4000, 2, 3), np.uint8))
    with open_source(tmp_path / "a%d.png") as source:
        assert [(frame.width, frame.height) for frame in source] == [(1, 1), (2, 4000)]


def test_nothing_there(tmp_path):
    with pytest.raises(SourceNotFoundError, match="is empty"):
        open_source(tmp_path / "shot.%04d.png")
    shots(tmp_path, [1], "photo_%d.png")
    with pytest.raises(SourceNotFoundError, match=r"the first name in .* is photo_1\.png"):
        open_source(tmp_path / "shot.%04d.png")
    with pytest.raises(SourceNotFoundError, match=r"no file matches .*jpg"):
        open_source(tmp_path / "*.jpg")
    with pytest.raises(SourceError):
        open_source(tmp_path / "absent" / "%d.png")
    with pytest.raises(InputError, match="more than one number"):
        open_source(tmp_path / "%d_%d.png")


@pytest.mark.parametrize("rate", [0, -1, 5000])
def test_a_rate_that_is_none(tmp_path, rate):
    with pytest.raises(InputError, match="frames a second"):
        open_source(shots(tmp_path, [1]), rate=rate)


def test_interrupt_ends_it(tmp_path):
    with open_source(shots(tmp_path, range(3))) as source:
        source.read()
        source.interrupt()
        assert source.read() is None
