from __future__ import annotations

import sys

import pytest

from rtskin.capture.lister import Camera, list_cameras

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux lists its cameras")


def test_cameras_by_index_with_their_names(tmp_path, capfd):
    devices, system = tmp_path / "dev", tmp_path / "sys"
    devices.mkdir()
    for index, name, part in ((10, "HDMI grabber\n", "0"), (2, "Webcam\n", "0"), (3, "Webcam\n", "1"), (4, None, None)):
        (devices / f"video{index}").touch()
        if name:
            (system / f"video{index}").mkdir(parents=True)
            (system / f"video{index}" / "name").write_text(name)
            (system / f"video{index}" / "index").write_text(part + "\n")
    (devices / "videos").touch()
    assert list_cameras(devices, system) == [
        Camera(2, str(devices / "video2"), "Webcam"),
        Camera(4, str(devices / "video4"), ""),
        Camera(10, str(devices / "video10"), "HDMI grabber"),
    ]
    assert capfd.readouterr().err == ""


def test_none(tmp_path):
    assert list_cameras(tmp_path, tmp_path) == []
    assert list_cameras(tmp_path / "absent", tmp_path) == []
