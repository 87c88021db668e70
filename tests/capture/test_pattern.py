from __future__ import annotations

import gc
from fractions import Fraction

import numpy as np
import pytest

from rtskin.capture import open_source
from rtskin.capture.pattern import NUMBERS, burn_number, read_number
from rtskin.errors import InputError
from rtskin.media import cv2

from .media import make_video


def test_frames_have_exact_times_and_numbers():
    with open_source("pattern:320x240@60?frames=90") as source:
        assert not source.live
        assert (source.info.rate, source.info.frames, source.info.duration) == (60, 90, 1.5)
        for expected, frame in enumerate(source):
            assert (frame.seq, frame.pts, frame.time_base) == (expected, expected, Fraction(1, 60))
            assert read_number(frame.bgr) == expected
            assert frame.bgr.shape == (240, 320, 3)
        assert expected == 89


def test_without_a_number_of_frames_it_is_endless_and_live():
    with open_source("pattern:") as source:
        assert source.live
        assert (source.info.width, source.info.height, source.info.rate, source.info.frames) == (640, 480, 30, None)
        assert [source.read().seq for _ in range(5)] == [0, 1, 2, 3, 4]
        source.interrupt()
        assert source.read() is None


@pytest.mark.parametrize("number", [0, 1, 12345, NUMBERS - 1])
@pytest.mark.parametrize("size", [(48, 48), (96, 64), (321, 241), (1280, 720), (2, 4000)])
def test_numbers_survive(number, size):
    picture = np.full((size[1], size[0], 3), 90, np.uint8)
    burn_number(picture, number + NUMBERS)
    if size[0] < 48:
        assert (picture == 90).all()
        return
    assert read_number(picture) == number
    assert read_number(picture[..., 1]) == number
    if min(size) > 64:
        assert read_number(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)) == number
        assert read_number(cv2.GaussianBlur(picture, (3, 3), 0)) == number


def test_numbers_survive_hard_compression(tmp_path):
    path = make_video(tmp_path / "clip.mp4", 30, size=(320, 240), options={"crf": "40"})
    with open_source(path) as source:
        assert [read_number(cv2.resize(frame.bgr, (160, 120))) for frame in source] == list(range(30))


def test_pictures_without_a_number_are_refused():
    for value in (0, 127, 255):
        with pytest.raises(InputError, match="no frame number"):
            read_number(np.full((240, 320, 3), value, np.uint8))
    with pytest.raises(InputError, match="too small"):
        read_number(np.zeros((1, 1, 3), np.uint8))


def test_the_disc_is_skin_coloured_the_rest_is_not():
    with open_source("pattern:640x480?frames=61") as source:
        frames = list(source)
    for frame in (frames[0], frames[60]):
        y, cr, cb = cv2.split(cv2.cvtColor(frame.bgr[80:], cv2.COLOR_BGR2YCrCb).astype(int))
        skin = (abs(cr - 157) < 8) & (abs(cb - 102) < 8) & (y > 100)
        assert 0.02 < skin.mean() < 0.06
    assert np.abs(frames[0].bgr[80:].astype(int) - frames[60].bgr[80:]).mean() > 2


def test_kept_frames_stay_and_let_go_buffers_come_back():
    with open_source("pattern:320x240?frames=40") as source:
        kept = [frame.bgr for frame in source]
    assert [read_number(pixels) for pixels in kept] == list(range(40))
    with open_source("pattern:320x240") as source:
        addresses = set()
        for _ in range(6):
            frame = source.read()
            addresses.add(frame.bgr.ctypes.data)
            del frame
            gc.collect()
    assert len(addresses) <= 2


@pytest.mark.parametrize("size", [(1, 1), (2, 4000), (641, 3)])
def test_odd_sizes(size):
    with open_source(f"pattern:{size[0]}x{size[1]}?frames=2") as source:
        assert [frame.bgr.shape for frame in source] == [(size[1], size[0], 3)] * 2


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("pattern:640", "write pattern:640x480@30"),
        ("pattern:0x480", "from 1 to"),
        ("pattern:99999x480", "from 1 to"),
        ("pattern:640x480@0", "the rate"),
        ("pattern:640x480@1/0", "the rate"),
        ("pattern:?frame=3", "'frame'; did you mean frames"),
        ("pattern:?frames=-3", "0 or more"),
        ("pattern:?frames=many", "0 or more"),
        ("pattern:?frames=nan", "0 or more"),
        ("demo:big", "write demo:1280x720@30"),
    ],
)
def test_parameters_that_are_none(uri, words):
    with pytest.raises(InputError, match=words):
        open_source(uri)


def test_rates_may_be_fractions():
    with open_source("pattern:64x48@30000/1001?frames=2") as source:
        assert source.info.rate == Fraction(30000, 1001)
    with open_source("pattern:64x48@12.5?frames=2") as source:
        assert source.info.rate == Fraction(25, 2)
