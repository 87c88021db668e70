"""What ``--sink`` means: a word, a file, a pattern or a folder → a kind of node and its options."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from rtskin.errors import InputError, UnknownNameError
from rtskin.render.outputs.formats import CONTAINERS
from rtskin.render.sinks.png import is_pattern
from rtskin.render.sinks.uplink import check_url

_WORDS = ("window", "null")


def sink_for(text: str) -> tuple[str, dict[str, Any]]:
    """(node kind, options) for "window", "null", "camera" or "camera:DEVICE" (a virtual one), "out.mp4" (.mov, .mkv, .webm),
    "out.%04d.png", a folder ("frames/") or the URL of a streaming server (rtmp, rtmps, rtsp, srt).

    InputError or UnknownNameError say what there is.
    """
    if text in _WORDS:
        return text, {}
    if text == "camera" or text.startswith("camera:"):
        device = text.removeprefix("camera").removeprefix(":")
        return "virtual-camera", {"device": device} if device else {}
    if "://" in text:
        return "stream", {"url": check_url(text)}
    path = Path(text)
    refuse_bare_folder(text)
    if is_pattern(path.name) or text.endswith(("/", os.sep)):
        return "png", {"path": path}
    if path.suffix.lower() in CONTAINERS:
        return "file", {"path": path}
    if path.suffix.lower() == ".png":
        raise InputError(f"{text} is one picture, but there will be many; write e.g. {_as_pattern(path)}")
    if not path.suffix and os.sep not in text:
        raise UnknownNameError(
            "sink", text, [*_WORDS, "camera", *(f"FILE{end}" for end in CONTAINERS), "FILE.%04d.png", "FOLDER/"]
        )
    files = ", ".join([*CONTAINERS, ".%04d.png"])
    raise InputError(
        f"no sink writes {path.suffix or text}; there are: window, null, camera, rtmp://, rtsp://, srt://, files ending in "
        f"{files}, folders/"
    )


def is_live(text: str) -> bool:
    """Whether it shows, sends or times pictures, and writes no files."""
    return text in _WORDS or text == "camera" or text.startswith("camera:") or "://" in text


def refuse_bare_folder(text: str) -> None:
    """InputError for a folder that is there, and not written as one that is to be filled."""
    if text and os.path.isdir(text) and not text.endswith(("/", os.sep)):
        raise InputError(f"{text} is a folder; to fill it with numbered images write {text}/ or {text}/mask.%04d.png")


def _as_pattern(path: Path) -> str:
    """The name with a number in it; a name has room for one % only."""
    return f"{path.stem.replace('%', '')}.%04d.png"
