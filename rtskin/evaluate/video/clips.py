"""The clips that are measured on, ready to be run: a file, and a tally for each way of making masks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rtskin.errors import InputError
from rtskin.evaluate.video.h264 import CRF
from rtskin.evaluate.video.scene import MotionClip
from rtskin.evaluate.video.tally import Figures, MotionTally, RealTally
from rtskin.evaluate.video.warping import Motion, MotionFinder
from rtskin.frame import U8


class Tally(Protocol):
    """Masks in order → figures."""

    def add(self, mask: U8) -> None: ...
    def figures(self) -> Figures: ...


@dataclass(frozen=True)
class Ready:
    """A file, and what its masks are given to: a new tally for each way."""

    path: Path
    tally: Callable[[], Tally]


class VideoClip(Protocol):
    """Something to measure on. kind: of the motion, or "real"."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def has_truth(self) -> bool: ...
    def file(self) -> Path: ...
    def ready(self) -> AbstractContextManager[Ready]: ...


@dataclass(frozen=True)
class Made:
    """A motion clip, written into ``folder`` when it is first wanted."""

    clip: MotionClip
    folder: Path
    crf: int = CRF
    has_truth: bool = True

    @property
    def name(self) -> str:
        return self.clip.name

    @property
    def kind(self) -> str:
        return self.clip.kind

    def file(self) -> Path:
        """Encoded; where it is there already, it is not made again."""
        path = self.folder / f"{self.clip.name}.mp4"
        if not path.exists():
            self.clip.write(path, self.crf)
        return path

    @contextmanager
    def ready(self) -> Iterator[Ready]:
        """To be run."""
        yield Ready(self.file(), lambda: MotionTally(self.clip))


@dataclass(frozen=True)
class Real:
    """A video without truth. SourceError where it cannot be decoded."""

    path: Path
    kind: str = "real"
    has_truth: bool = False

    @property
    def name(self) -> str:
        return self.path.stem

    def file(self) -> Path:
        """As it is."""
        return self.path

    @contextmanager
    def ready(self) -> Iterator[Ready]:
        """With the motion between its frames, found once."""
        motions = list(motions_of(self.path))
        if not motions:
            raise InputError(f"{self.path} has one frame; steadiness needs two")
        yield Ready(self.path, lambda: RealTally(motions.__getitem__))


def motions_of(path: Path) -> Iterator[Motion]:
    """Between each frame of a file and the next."""
    from rtskin.capture.file import FileCapture

    find = MotionFinder()
    with FileCapture(path) as source:
        for frame in source:
            motion = find(frame.bgr)
            if motion is not None:
                yield motion
