"""``rtskin cameras``: there may be no camera where tests run, so the lists are the test's own."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from rtskin.capture.formats import Format
from rtskin.capture.lister import Camera
from rtskin.cli import cameras as module
from tests.cli.conftest import Outcome

Rtskin = Callable[..., Outcome]


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    cameras = [Camera(0, "/dev/video0", "Built-in"), Camera(2, "/dev/video2", "USB")]
    offered = {"/dev/video0": [Format("MJPG", 1280 - n, 720, (30.0,)) for n in range(9)], "/dev/video2": None}
    monkeypatch.setattr(module, "list_cameras", lambda: cameras)
    monkeypatch.setattr(module, "list_formats", offered.get)


@pytest.mark.usefixtures("two")
def test_cameras_and_their_formats_are_listed(rtskin: Rtskin) -> None:
    outcome = rtskin("cameras")
    assert outcome.status == 0
    for words in ("/dev/video0", "Built-in", "1280x720 MJPG 30 fps", "and 3 more", "/dev/video2", "unknown"):
        assert words in outcome.out
    assert "v4l-utils" in outcome.err
    report = json.loads(rtskin("cameras", "--json").out)
    assert report[0]["formats"][0] == {"code": "MJPG", "width": 1280, "height": 720, "rates": [30.0]}
    assert report[1] == {"index": 2, "path": "/dev/video2", "name": "USB", "formats": None}


def test_no_camera_says_so(rtskin: Rtskin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "list_cameras", list)
    outcome = rtskin("cameras")
    assert outcome.status == 1
    assert "camera" in outcome.out
    assert json.loads(rtskin("cameras", "--json").out) == []
