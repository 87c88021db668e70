from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rtskin import assets, paths
from rtskin.assets import GESTURE_RECOGNIZER, HAND_LANDMARKER, find_asset, place
from rtskin.errors import MissingExtraError, ModelError
from rtskin.roi.hands import landmarker
from rtskin.roi.hands.landmarker import Bundle, Confidences, Landmarker, find_bundle
from tests.roi.hands.conftest import write_bundle


def test_bundles_are_told_apart(bundle: Path, tmp_path: Path) -> None:
    assert not Bundle.read(bundle).gestures
    gestures = tmp_path / "gestures.task"
    write_bundle(gestures, "hand_landmarker.task", "hand_gesture_recognizer.task")
    assert Bundle.read(gestures).gestures


def test_what_is_no_bundle_is_refused(tmp_path: Path) -> None:
    text, other = tmp_path / "text.task", tmp_path / "face.task"
    text.write_text("hand")
    write_bundle(other, "face_detector.tflite")
    for path, message in ((text, "not a bundle"), (other, "not for hands"), (tmp_path / "none.task", "No such file")):
        with pytest.raises(ModelError, match=message):
            Bundle.read(path)


def test_gestures_are_preferred_and_nothing_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "folders", lambda kind: [tmp_path])
    with pytest.raises(ModelError, match="rtskin models pull hand-landmarker"):
        find_bundle()
    checked: list[Path] = []
    monkeypatch.setattr(landmarker, "check", lambda asset, path: checked.append(path))
    for asset in (HAND_LANDMARKER, GESTURE_RECOGNIZER):
        path = place(asset, tmp_path)
        path.parent.mkdir()
        path.write_bytes(b"")
        assert find_bundle() == path
        assert checked[-1] == path


def test_a_damaged_one_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "folders", lambda kind: [tmp_path])
    path = place(HAND_LANDMARKER, tmp_path)
    path.parent.mkdir()
    path.write_bytes(b"half")
    with pytest.raises(ModelError, match="is not hand-landmarker"):
        find_bundle()
    assert assets.find_asset(HAND_LANDMARKER) == path


def test_without_mediapipe_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    with pytest.raises(MissingExtraError, match=r"rtskin\[mediapipe\]"):
        Landmarker(Bundle(b"", gestures=False), Confidences())


def test_the_gesture_that_is_none_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """How the recognizer's answers are read; the real one is asked below, where it is to be had."""
    said = SimpleNamespace(category_name="Thumb_Up", score=0.7)
    side = SimpleNamespace(category_name="Left", score=0.8)
    points = [SimpleNamespace(x=0.1, y=0.2, z=0.3)] * 21
    result = SimpleNamespace(hand_landmarks=[points], handedness=[[side]], gestures=[[said]])
    task = SimpleNamespace(recognize_for_video=lambda image, time: result, close=lambda: None)
    vision = SimpleNamespace(
        GestureRecognizer=SimpleNamespace(create_from_options=lambda options: task),
        GestureRecognizerOptions=lambda **options: options,
        RunningMode=SimpleNamespace(VIDEO=1),
    )
    mediapipe: Any = SimpleNamespace(
        tasks=SimpleNamespace(vision=vision, BaseOptions=lambda **options: options),
        Image=lambda **options: options,
        ImageFormat=SimpleNamespace(SRGB=1),
    )
    monkeypatch.setattr(landmarker, "import_mediapipe", lambda: mediapipe)
    asked = Landmarker(Bundle(b"", gestures=True), Confidences())
    picture = np.zeros((9, 9, 3), np.uint8)
    seen = asked.look(picture)
    assert seen is not None
    assert (seen.gesture, seen.side, seen.side_score) == ("Thumb_Up", "left", 0.8)
    assert seen.landmarks.shape == (21, 3)
    said.category_name = "None"
    seen = asked.look(picture)
    assert seen is not None
    assert seen.gesture is None


@pytest.mark.parametrize("gestures", [False, True])
def test_what_mediapipe_cannot_read_is_one_error(bundle: Path, gestures: bool) -> None:
    pytest.importorskip("mediapipe", reason="mediapipe is not installed")
    with pytest.raises(ModelError, match="MediaPipe cannot use the bundle"):
        Landmarker(Bundle(bundle.read_bytes(), gestures), Confidences())


def test_the_real_gesture_recognizer_names_a_thumb(shared: Path) -> None:
    pytest.importorskip("mediapipe", reason="mediapipe is not installed")
    path = find_asset(GESTURE_RECOGNIZER)
    if path is None:
        pytest.skip("the gesture recognizer is not here: rtskin models pull gesture-recognizer")
    from rtskin.media import cv2

    picture = cv2.imread(str(shared / "data/hgr/images/1_P_hgr1_id05_2.jpg"))
    asked = Landmarker(Bundle.read(path), Confidences())
    try:
        seen = asked.look(np.ascontiguousarray(picture[:, 80:560, ::-1]))
    finally:
        asked.close()
    assert seen is not None
    assert seen.gesture == "Thumb_Up"
