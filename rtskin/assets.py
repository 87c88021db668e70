"""Files that rtskin uses where the user has them: it does not bring them, ``rtskin models pull NAME`` fetches them.

The digests are those that many independent projects publish for these very addresses, which name a version.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from rtskin import paths
from rtskin.errors import ModelError, UnknownNameError
from rtskin.infer.weights import digest

_MEDIAPIPE = "https://storage.googleapis.com/mediapipe-models"


@dataclass(frozen=True)
class Asset:
    """file: its name on disk, in a folder called ``name``. urls: where to get it, https, the first that answers.

    sha256: hexadecimal digits, lower case. size: bytes.
    """

    name: str
    file: str
    urls: tuple[str, ...]
    sha256: str
    size: int
    licence: str
    description: str


HAND_LANDMARKER = Asset(
    name="hand-landmarker",
    file="hand_landmarker.task",
    urls=(f"{_MEDIAPIPE}/hand_landmarker/hand_landmarker/float16/1/hand_landmarker.task",),
    sha256="fbc2a30080c3c557093b5ddfc334698132eb341044ccee322ccf8bcf3607cde1",
    size=7_819_105,
    licence="Apache-2.0",
    description="MediaPipe's 21 landmarks of a hand",
)
GESTURE_RECOGNIZER = Asset(
    name="gesture-recognizer",
    file="gesture_recognizer.task",
    urls=(f"{_MEDIAPIPE}/gesture_recognizer/gesture_recognizer/float16/1/gesture_recognizer.task",),
    sha256="97952348cf6a6a4915c2ea1496b4b37ebabc50cbbf80571435643c455f2b0482",
    size=8_373_440,
    licence="Apache-2.0",
    description="the same and the name of the gesture",
)
ASSETS = {asset.name: asset for asset in (HAND_LANDMARKER, GESTURE_RECOGNIZER)}


def asset_named(name: str) -> Asset:
    """UnknownNameError names the nearest."""
    if name not in ASSETS:
        raise UnknownNameError("asset", name, ASSETS)
    return ASSETS[name]


def place(asset: Asset, folder: str | os.PathLike[str] | None = None) -> Path:
    """Where the asset belongs in a folder of models; the user's by default."""
    return Path(folder or paths.user_folder("models")) / asset.name / asset.file


def find_asset(asset: Asset) -> Path | None:
    """The asset in the folders of models ($RTSKIN_MODELS, the user's, the bundled); None where it is in none of them."""
    candidates = (place(asset, folder) for folder in paths.folders("models"))
    return next((path for path in candidates if paths.is_file(path)), None)


def require_asset(asset: Asset) -> Path:
    """The asset, whole; ModelError where it is missing, or is not what it is called."""
    path = find_asset(asset)
    if path is None:
        raise ModelError(f"{asset.name} is not here: rtskin models pull {asset.name}")
    check(asset, path)
    return path


def check(asset: Asset, path: Path) -> None:
    """ModelError where the file is not the asset."""
    found = digest(path)
    if found != asset.sha256:
        raise ModelError(
            f"{path} is not {asset.name} (its sha256 is {found[:12]}…, not {asset.sha256[:12]}…): "
            f"rtskin models pull {asset.name} --overwrite"
        )
