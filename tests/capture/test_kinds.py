from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from rtskin.capture.kinds import KINDS, kind_of, open_source
from rtskin.errors import InputError, SourceError, SourceNotFoundError
from rtskin.media import cv2


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("0", "camera"),
        ("12", "camera"),
        ("/dev/video3", "camera"),
        ("rtsp://host/a", "network"),
        ("RTSP://host/a", "network"),
        ("rtmp://host/a", "network"),
        ("http://host/%04d.mp4?x=*", "network"),
        ("https://host/a", "network"),
        ("udp://239.0.0.1:5000", "network"),
        ("tcp://host:1", "network"),
        ("pattern:", "pattern"),
        ("pattern:64x48@10?frames=2", "pattern"),
        ("demo:", "demo"),
        ("absent/shot.%04d.png", "images"),
        ("absent/*.png", "images"),
        ("absent/shot[12].png", "images"),
    ],
)
def test_a_name_says_what_it_is(uri, kind):
    assert kind_of(uri) == kind


def test_what_exists_is_what_it_is(tmp_path):
    for name, kind in (
        ("a.png", "image"),
        ("a.JPG", "image"),
        ("a.mp4", "file"),
        ("odd%d[1].mkv", "file"),
        ("b", "file"),
    ):
        (tmp_path / name).touch()
        assert kind_of(str(tmp_path / name)) == kind


def test_a_directory_is_refused_with_the_name_to_use_instead(tmp_path):
    with pytest.raises(SourceError, match=r"is a directory.*%04d\.png"):
        open_source(tmp_path)
    cv2.imwrite(str(tmp_path / "img_00012.jpg"), np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(SourceError, match=r"img_%05d\.jpg"):
        open_source(tmp_path)


def test_options_must_apply(tmp_path):
    path = tmp_path / "a.mp4"
    path.touch()
    with pytest.raises(InputError, match="a video file takes no option 'width'; it is for a camera"):
        open_source(path, width=640)
    with pytest.raises(InputError, match="a pattern takes no option 'start'"):
        open_source("pattern:", start=1.0)
    with pytest.raises(InputError, match="a camera takes no option 'end'"):
        open_source(0, end=1.0)
    with pytest.raises(InputError, match="no option 'strat'; did you mean start"):
        open_source(path, strat=1.0)
    with open_source("pattern:64x48?frames=1", start=None, width=None) as source:
        assert len(list(source)) == 1


@pytest.mark.parametrize("uri", ["", "  ", None, 1.5, True, b"x.mp4", -1, "a\0b"])
def test_names_that_are_none(uri):
    with pytest.raises(InputError):
        open_source(uri)


def test_unknown_schemes_and_missing_files():
    with pytest.raises(InputError, match=r"rtps:// is not a kind of source; did you mean rtsp"):
        open_source("rtps://host")
    with pytest.raises(SourceNotFoundError, match=r"there is no file or folder absent\.mp4"):
        open_source("absent.mp4")


def test_nothing_heavy_is_imported_before_it_is_needed():
    code = "import sys, rtskin.capture; print([m for m in ('cv2', 'av', 'numba', 'skimage') if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_every_place_exists():
    import importlib

    for kind in KINDS.values():
        module, _, name = kind.place.partition(":")
        assert callable(getattr(importlib.import_module(module), name))
