"""What is labelled: the pictures of folders and frames of clips, each under a name of its own.

A picture is called after its path below the source; one that lies in no folder there, after the source's name. A frame is
called after its clip and its number. What a name begins with stays together in a split (rtskin.train.data.split).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from rtskin.errors import InputError
from rtskin.train.data.imaging import BrokenImageError, cv2, find_images, read_bgr

log = logging.getLogger("rtskin.train")

#: Clips that measure video. They are refused here, so that no recipe can get hold of labels for them.
MEASURED_CLIPS = frozenset({"intel_asl_hungry", "intel_asl_want", "sam2_04_coffee"})
_VIDEO = frozenset({".mp4", ".mkv", ".webm", ".mov", ".avi"})
Array = np.ndarray[Any, Any]


def check(sources: Sequence[Path]) -> None:
    """To be asked before any work: InputError for what is neither a folder nor a clip, for what is kept for measuring, and
    for two pictures that would have the same name."""
    named: dict[PurePosixPath, Path] = {}
    for source in sources:
        _must_not_measure(source.stem, source)
        if is_clip(source):
            _name(named, PurePosixPath(source.stem), source)
            continue
        if not source.is_dir():
            raise InputError(f"{source} is neither a folder of images nor a video")
        if (source / "images").is_dir() and (source / "masks").is_dir():
            raise InputError(f"{source} has masks already, which would be taken for pictures; give {source / 'images'}")
        named_here = list(_named(source))
        if not named_here:
            raise InputError(f"there is no picture in {source}; give a folder with images, or videos themselves")
        for name, path in named_here:
            for part in name.parts:
                _must_not_measure(part, path)
            _name(named, name, path)
    groups = {path: name for name, path in named.items() if len(name.parts) == 1}
    for clip, group in groups.items():
        for name, path in named.items():
            if len(name.parts) > 1 and name.parts[0] == str(group):
                raise _same(clip, path)


def pictures(source: Path, frames: int, broken: list[str]) -> Iterator[tuple[PurePosixPath, Path | None, Array]]:
    """(name without extension, file or None, uint8 H×W×3 BGR) of everything in a folder, or of ``frames`` of a clip.

    What cannot be decoded goes to ``broken``; InputError for a clip without any picture.
    """
    if is_clip(source):
        for index, image in _frames(source, frames):
            yield PurePosixPath(source.stem, f"{index:05d}"), None, image
        return
    for name, path in _named(source):
        try:
            yield name, path, read_bgr(path)
        except BrokenImageError as error:
            log.warning("left out: %s", error)
            broken.append(str(path))


def _named(folder: Path) -> Iterator[tuple[PurePosixPath, Path]]:
    for path in find_images(folder):
        name = PurePosixPath(path.relative_to(folder).with_suffix("").as_posix())
        yield (name if len(name.parts) > 1 else PurePosixPath(folder.resolve().name) / name), path


def is_clip(source: Path) -> bool:
    """By its name."""
    return source.suffix.lower() in _VIDEO


def _must_not_measure(name: str, source: Path) -> None:
    # Frames of one are often called after it, with their number.
    if name.startswith(tuple(MEASURED_CLIPS)):
        raise InputError(f"{name} ({source}) is kept for measuring and may not be labelled; leave it out")


def _name(named: dict[PurePosixPath, Path], name: PurePosixPath, path: Path) -> None:
    other = named.setdefault(name, path)
    if other != path:
        raise _same(other, path)


def _same(one: Path, other: Path) -> InputError:
    return InputError(
        f"the labels of {one} and of {other} would have the same name; rename one, or label them into two folders"
    )


def _frames(path: Path, count: int) -> Iterator[tuple[int, Array]]:
    """``count`` frames spread over a clip, the middle of equal parts, decoded in order (seeking is not exact)."""
    capture = cv2.VideoCapture(str(path))
    total = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    if total <= 0:  # not every container says how long it is
        total = sum(1 for _ in iter(capture.grab, False))
        capture.release()
        capture = cv2.VideoCapture(str(path))
    wanted = {int((part + 0.5) * total / count) for part in range(count)}
    index = 0
    try:
        while capture.grab():
            if index in wanted:
                ok, image = capture.retrieve()
                if ok:
                    yield index, image
            index += 1
    finally:
        capture.release()
    if index == 0:
        raise InputError(f"{path} holds no picture that can be decoded")
