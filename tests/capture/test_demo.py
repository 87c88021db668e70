from __future__ import annotations

import sys

import numpy as np
import pytest

from rtskin.capture import open_source
from rtskin.errors import MissingExtraError

skimage = pytest.importorskip("skimage")


def test_length_size_and_times():
    with open_source("demo:320x180@10?seconds=1.5") as source:
        assert not source.live
        assert (source.info.frames, source.info.duration) == (15, 1.5)
        frames = list(source)
    assert [frame.time for frame in frames] == pytest.approx([n / 10 for n in range(15)])
    assert {frame.bgr.shape for frame in frames} == {(180, 320, 3)}


def test_defaults():
    with open_source("demo:") as source:
        info = source.info
        assert (info.width, info.height, info.rate, info.frames) == (1280, 720, 30, 300)


def test_the_portrait_moves_over_the_background():
    with open_source("demo:320x180@1?seconds=10") as source:
        frames = [frame.bgr for frame in source]
    centres = []
    for pixels in frames:
        b, _, r = (pixels[..., index].astype(int) for index in range(3))
        suit = (r > 150) & (r - b > 90)
        assert suit.mean() > 0.05
        centres.append(float(np.nonzero(suit)[1].mean()))
    assert max(centres) - min(centres) > 50
    sky = np.concatenate([frames[0][:40, :40].ravel(), frames[0][:40, -40:].ravel()])
    assert sky.mean() < 90


def test_zero_seconds_is_endless():
    with open_source("demo:64x36@30?seconds=0") as source:
        assert source.live
        assert source.info.frames is None
        assert sum(1 for _, _ in zip(range(400), source, strict=False)) == 400
        source.interrupt()
        assert source.read() is None


def test_it_looks_alike_on_every_run():
    first, again = (next(iter(open_source("demo:160x90?seconds=1"))).bgr for _ in range(2))
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("size", [(1, 1), (2, 400), (400, 3)])
def test_odd_sizes(size):
    with open_source(f"demo:{size[0]}x{size[1]}?seconds=0.1") as source:
        assert {frame.bgr.shape for frame in source} == {(size[1], size[0], 3)}


def test_without_scikit_image(monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(MissingExtraError, match=r"rtskin\[demo\]"):
        open_source("demo:")
