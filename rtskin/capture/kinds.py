"""Which kind of source a name stands for. The one place that decides; what opens it is imported late."""

from __future__ import annotations

import importlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rtskin.capture.base import Capture
from rtskin.errors import InputError, SourceError, SourceNotFoundError, nearest

IMAGE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".jp2", ".avif", ".exr", ".dpx"}
)

_SCHEMES = ("rtsp", "rtsps", "rtmp", "rtmps", "http", "https", "udp", "tcp", "rtp")
_DEVICE = re.compile(r"/dev/video\d+")
#: The number in the name of an image sequence, as printf writes it: %d, %4d, %04d.
NUMBER = re.compile(r"%(0?\d*)d")


@dataclass(frozen=True)
class Kind:
    """place: "module:class" that opens it with the uri and the options that it knows."""

    noun: str
    place: str
    options: frozenset[str] = frozenset()


KINDS = {
    "camera": Kind(
        "a camera", "rtskin.capture.camera:CameraCapture", frozenset({"width", "height", "rate", "lock", "reconnect"})
    ),
    "network": Kind(
        "a network stream",
        "rtskin.capture.network:NetworkCapture",
        frozenset({"open_timeout", "read_timeout", "reconnect", "max_lag", "decode"}),
    ),
    "pattern": Kind("a pattern", "rtskin.capture.pattern:PatternCapture"),
    "demo": Kind("the demo", "rtskin.capture.demo:DemoCapture"),
    "images": Kind("an image sequence", "rtskin.capture.images:ImageCapture", frozenset({"start", "end", "rate"})),
    "image": Kind("an image", "rtskin.capture.images:ImageCapture"),
    "pipe": Kind("standard input", "rtskin.capture.pipe:PipeCapture", frozenset({"start", "end"})),
    "file": Kind(
        "a video file",
        "rtskin.capture.file:FileCapture",
        frozenset({"start", "end", "first", "last", "threads", "decode"}),
    ),
}


def open_source(uri: str | int | os.PathLike[str], **options: Any) -> Capture:
    """Opens a source of frames.

    uri: what it is, by its looks:
        0, "0", "/dev/video0"                           camera (options width, height in pixels, rate in
                                                        frames/s, lock of exposure, reconnect: attempts)
        "rtsp://…", rtmp, http(s), udp, tcp             network stream (open_timeout, read_timeout, max_lag in
                                                        seconds, reconnect: attempts in a row; decode)
        "pattern:640x480@60?frames=100"                 synthetic picture with its frame number burnt in
        "demo:1280x720@30?seconds=10"                   a portrait in motion (extra ``demo``)
        "shot.%04d.png", "shots/*.jpg"                  image sequence (start, end; rate in frames/s)
        "photo.jpg"                                     one image, a sequence of one frame
        "-"                                             a video through standard input (start, end)
        anything else                                   video file (start, end; or first, last: frames by number;
                                                        threads to decode in; decode: "cpu", or "cuda" and
                                                        "cuda:N", an NVIDIA GPU, or an error)
    options: those named above; None means not given. start, end: seconds from the first frame (12.5), a clock
    ("1:02:03.5"), or the number of a frame ("300f"); the end itself is not given.

    Errors: InputError for an option that does not apply, SourceNotFoundError, SourceError, NoFramesError;
    RuntimeUnavailableError for a GPU that cannot be had, or cannot decode that video.

    >>> with open_source("clip.mp4", start=2.0) as source:
    ...     for frame in source:
    ...         print(frame.time, frame.bgr.shape)
    """
    kind, text, given = check_source(uri, **options)
    module, _, name = kind.place.partition(":")
    opener = getattr(importlib.import_module(module), name)
    capture: Capture = opener(text, **given)
    return capture


def check_source(uri: str | int | os.PathLike[str], **options: Any) -> tuple[Kind, str, dict[str, Any]]:
    """What can be told without opening it: its kind, its name as text, the options that were given; errors as above."""
    text = _text(uri)
    kind = KINDS[kind_of(text)]
    given = {key: value for key, value in options.items() if value is not None}
    for key in given:
        _check_option(key, kind)
    return kind, text, given


def kind_of(uri: str) -> str:
    """The key in KINDS; a path is looked at only as far as needed. SourceError for a directory."""
    if uri == "-":
        return "pipe"
    if uri.isdecimal() or _DEVICE.fullmatch(uri):
        return "camera"
    scheme = uri.partition(":")[0].lower()
    if scheme in _SCHEMES and "://" in uri:
        return "network"
    if scheme in ("pattern", "demo"):
        return scheme
    if "://" in uri:
        raise InputError(f"{scheme}:// is not a kind of source{nearest(scheme, _SCHEMES)}")
    return _kind_of_path(Path(uri))


def _kind_of_path(path: Path) -> str:
    if path.is_dir():
        raise SourceError(_about_directory(path))
    if not path.exists():
        if NUMBER.search(path.name) or any(sign in str(path) for sign in "*?["):
            return "images"
        raise SourceNotFoundError(f"there is no file or folder {path}")
    return "image" if path.suffix.lower() in IMAGE_SUFFIXES else "file"


def _text(uri: str | int | os.PathLike[str]) -> str:
    if isinstance(uri, bool) or not isinstance(uri, str | int | os.PathLike):
        raise InputError(f"a source is a name, a path or a camera's number, not {uri!r}")
    text = str(uri) if isinstance(uri, int) else os.fspath(uri)
    if not isinstance(text, str) or not text.strip() or "\0" in text:
        raise InputError(f"a source is a name, a path or a camera's number, not {uri!r}")
    if isinstance(uri, int) and uri < 0:
        raise InputError(f"cameras are counted from 0, so there is none with the number {uri}")
    return text


def _about_directory(path: Path) -> str:
    """A directory is refused, but the names in it say what was probably meant."""
    names = sorted(item.name for item in path.iterdir() if item.suffix.lower() in IMAGE_SUFFIXES)
    suffix = Path(names[0]).suffix if names else ".png"
    numbered = re.search(r"\d+(?=\.\w+$)", names[0]) if names else None
    example = f"%0{len(numbered[0])}d{suffix}" if numbered else f"%04d{suffix}"
    if numbered and names:
        example = names[0][: numbered.start()] + example
    return f"{path} is a directory; for the images in it name them, as {path / example} or '{path}/*{suffix}'"


def _check_option(key: str, kind: Kind) -> None:
    if key in kind.options:
        return
    owners = [other.noun for other in KINDS.values() if key in other.options]
    if owners:
        raise InputError(f"{kind.noun} takes no option {key!r}; it is for {' or '.join(owners)}")
    known = sorted({option for other in KINDS.values() for option in other.options})
    raise InputError(f"a source has no option {key!r}{nearest(key, known)}")
