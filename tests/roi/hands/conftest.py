"""A landmarker that sees what a test says, and the real one where it can be had."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from rtskin.frame import F32, U8
from rtskin.roi.hands import slots
from rtskin.roi.hands.landmarker import Bundle, Confidences, Seen


class FakeLandmarker:
    """Sees a right hand in every crop whose middle is bright: all its landmarks where ``at`` says."""

    opened: ClassVar[list[FakeLandmarker]] = []
    at: ClassVar[tuple[float, float]] = (0.5, 0.5)
    side: ClassVar[str] = "right"

    def __init__(self, bundle: Bundle, confidences: Confidences) -> None:
        self.bundle, self.confidences = bundle, confidences
        self.looks = self.forgotten = 0
        self.closed = False
        self.opened.append(self)

    def look(self, rgb: U8) -> Seen | None:
        self.looks += 1
        if rgb[rgb.shape[0] // 2, rgb.shape[1] // 2].max() < 128:
            return None
        return Seen(landmarks(*self.at), self.side, 0.9, "Victory")

    def forget(self) -> None:
        self.forgotten += 1

    def close(self) -> None:
        self.closed = True


def landmarks(x: float, y: float) -> F32:
    return np.tile(np.array((x, y, -0.1), np.float32), (21, 1))


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[FakeLandmarker]]:
    """The class; ``opened`` holds those that were made since."""
    monkeypatch.setattr(slots, "Landmarker", FakeLandmarker)
    monkeypatch.setattr(FakeLandmarker, "opened", [])
    monkeypatch.setattr(FakeLandmarker, "at", (0.5, 0.5))
    monkeypatch.setattr(FakeLandmarker, "side", "right")
    yield FakeLandmarker
    assert all(one.closed for one in FakeLandmarker.opened)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """What looks like a hand landmarker from outside."""
    path = tmp_path / "made.task"
    write_bundle(path, "hand_detector.tflite", "hand_landmarks_detector.tflite")
    return path


def write_bundle(path: Path, *names: str) -> None:
    with zipfile.ZipFile(path, "w") as parts:
        for name in names:
            parts.writestr(name, b"network")


@pytest.fixture(scope="session")
def task(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real hand_landmarker.task, made of MediaPipe's older networks; skips without these or the library."""
    pytest.importorskip("mediapipe", reason="mediapipe is not installed")
    if not (shared / "weights/hand_landmark_lite.tflite").is_file():
        pytest.skip(f"no networks of hands in {shared / 'weights'}")
    from tests.roi.hands.asset import make_hand_landmarker

    return make_hand_landmarker(shared / "weights", tmp_path_factory.mktemp("asset") / "hand_landmarker.task")
