"""What v4l2-ctl says, as it prints it."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from rtskin.capture import formats as module
from rtskin.capture.formats import Format, list_formats, parse_formats

TEXT = """ioctl: VIDIOC_ENUM_FMT
	Type: Video Capture

	[0]: 'YUYV' (YUYV 4:2:2)
		Size: Discrete 640x480
			Interval: Discrete 0.033s (30.000 fps)
			Interval: Discrete 0.067s (15.000 fps)
		Size: Discrete 1280x720
			Interval: Discrete 0.100s (10.000 fps)
	[1]: 'MJPG' (Motion-JPEG, compressed)
		Size: Discrete 1280x720
			Interval: Discrete 0.017s (60.000 fps)
			Interval: Discrete 0.033s (30.000 fps)
	[2]: 'Y8  ' (8-bit Greyscale)
		Size: Stepwise 32x32 - 640x480 with step 1/1
"""


def test_formats_are_read_largest_first() -> None:
    assert parse_formats(TEXT) == [
        Format("MJPG", 1280, 720, (60.0, 30.0)),
        Format("YUYV", 1280, 720, (10.0,)),
        Format("YUYV", 640, 480, (30.0, 15.0)),
        Format("Y8", 32, 32, ()),
    ]
    assert parse_formats("") == []


def test_without_the_program_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    assert list_formats("/dev/video0") is None


def test_a_device_that_cannot_say_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*arguments: Any, **options: Any) -> Any:
        raise subprocess.TimeoutExpired("v4l2-ctl", 5)

    monkeypatch.setattr(module.shutil, "which", lambda name: "/usr/bin/v4l2-ctl")
    monkeypatch.setattr(module.subprocess, "run", fails)
    assert list_formats("/dev/video0") is None
