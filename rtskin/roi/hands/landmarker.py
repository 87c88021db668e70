"""MediaPipe's hand landmarker, or its gesture recognizer, on a sequence of crops of one hand.

F. Zhang et al., "MediaPipe Hands: On-device Real-time Hand Tracking", 2020: a palm detector finds the hand, a second network
its landmarks, and in the next picture the hand is expected where the landmarks were, so that the detector, which costs most,
runs only where the hand was lost. Hence one of these for each hand.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast

import numpy as np

from rtskin.assets import GESTURE_RECOGNIZER, HAND_LANDMARKER, check, find_asset
from rtskin.errors import MissingExtraError, ModelError, reason
from rtskin.frame import F32, U8

#: A picture without a hand, after which none is expected anywhere.
_NOTHING = np.zeros((32, 32, 3), np.uint8)


@dataclass(frozen=True)
class Confidences:
    """0 … 1. detection: of a palm, to begin. presence: of the hand, or it is lost. tracking: it is where it was."""

    detection: float = 0.5
    presence: float = 0.5
    tracking: float = 0.5


@dataclass(frozen=True)
class Seen:
    """landmarks: float32 21×3, x and y in parts of the crop's sides, z in parts of its width, towards the camera below 0.

    side: "left" or "right", of the person, if the picture is no mirror image; side_score: 0 … 1. gesture: None where the
    network has no name for it, or was not asked.
    """

    landmarks: F32
    side: str
    side_score: float
    gesture: str | None


@dataclass(frozen=True)
class Bundle:
    """A bundle of MediaPipe's, read. gestures: it also names gestures."""

    data: bytes
    gestures: bool

    @classmethod
    def read(cls, path: Path) -> Self:
        """ModelError where it is not one for hands."""
        try:
            with zipfile.ZipFile(path) as parts:
                names = set(parts.namelist())
            data = path.read_bytes()
        except (OSError, zipfile.BadZipFile) as error:
            raise ModelError(f"{path} is not a bundle of MediaPipe's (.task): {reason(error)}") from None
        if "hand_gesture_recognizer.task" in names:
            return cls(data, gestures=True)
        if {"hand_detector.tflite", "hand_landmarks_detector.tflite"} <= names:
            return cls(data, gestures=False)
        raise ModelError(f"{path} is not for hands; rtskin models pull {HAND_LANDMARKER.name} brings one that is")


def find_bundle() -> Path:
    """The gesture recognizer where the user has it, else the landmarker; ModelError where there is neither."""
    for asset in (GESTURE_RECOGNIZER, HAND_LANDMARKER):
        path = find_asset(asset)
        if path is not None:
            check(asset, path)
            return path
    raise ModelError(
        f"landmarks of hands need a file that rtskin does not bring along: rtskin models pull {HAND_LANDMARKER.name}"
        f" (or {GESTURE_RECOGNIZER.name})"
    )


class Landmarker:
    """One hand in crop after crop. Calls one after another, from any thread; to be closed."""

    def __init__(self, bundle: Bundle, confidences: Confidences) -> None:
        self._mediapipe = import_mediapipe()
        self._gestures = bundle.gestures
        self._task = self._open(bundle, confidences)
        self._tick = 0

    def look(self, rgb: U8) -> Seen | None:
        """The hand in a crop (uint8 n×n×3, contiguous); None where there is none."""
        result = self._run(rgb)
        if not result.hand_landmarks or not result.handedness:
            return None
        points = [(point.x, point.y, point.z) for point in result.hand_landmarks[0]]
        side = result.handedness[0][0]
        gesture = result.gestures[0][0].category_name if self._gestures and result.gestures else None
        return Seen(
            np.array(points, np.float32),
            cast(str, side.category_name).lower(),
            float(side.score),
            gesture if gesture not in ("", "None") else None,
        )

    def forget(self) -> None:
        """The next crop is of another hand: do not expect it where the last one was."""
        self._run(_NOTHING)

    def close(self) -> None:
        self._task.close()

    def _run(self, rgb: U8) -> Any:
        mp = self._mediapipe
        image = mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb)
        self._tick += 1  # only the order of these times matters
        run = self._task.recognize_for_video if self._gestures else self._task.detect_for_video
        return run(image, self._tick)

    def _open(self, bundle: Bundle, confidences: Confidences) -> Any:
        tasks = self._mediapipe.tasks
        vision = tasks.vision
        kind, options = (
            (vision.GestureRecognizer, vision.GestureRecognizerOptions)
            if bundle.gestures
            else (vision.HandLandmarker, vision.HandLandmarkerOptions)
        )
        try:
            return kind.create_from_options(
                options(
                    # As bytes: the library cannot open every path that Python can.
                    base_options=tasks.BaseOptions(model_asset_buffer=bundle.data),
                    running_mode=vision.RunningMode.VIDEO,
                    num_hands=1,
                    min_hand_detection_confidence=confidences.detection,
                    min_hand_presence_confidence=confidences.presence,
                    min_tracking_confidence=confidences.tracking,
                )
            )
        except (RuntimeError, ValueError, IndexError, OSError) as error:
            raise ModelError(f"MediaPipe cannot use the bundle: {reason(error)}") from error


def import_mediapipe() -> Any:
    """The library; MissingExtraError names the extra. It takes a second, and brings matplotlib along."""
    try:
        import mediapipe
    except ImportError as error:
        raise MissingExtraError("mediapipe", "mediapipe", "landmarks of hands") from error
    return mediapipe
