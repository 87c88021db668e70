"""Generated shots for the cut detector: cuts among flashes, exposure jumps and waved hands, the truth exact.

A shot is a motion clip (people or a hand, moving, before a background of its own). Between shots is a cut. Within them a
camera's light changes: a flash (one frame over-exposed, burnt out), an exposure jump (brighter or darker from one frame to
the next, and so it stays), or nothing; a "wave" shot is a hand that fills the picture and waves all the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from rtskin.errors import InputError
from rtskin.evaluate.video.cut_report import CutFigures
from rtskin.evaluate.video.h264 import encode
from rtskin.evaluate.video.scene import MotionClip
from rtskin.frame import U8, Frame
from rtskin.train.data.crops import Shape

#: Size of the frames: a cut detector looks at thumbnails.
SIZE: Shape = (640, 352)
#: Frames of a shot; the event lies at EVENT, far from both cuts.
FRAMES, EVENT = 16, 8
#: Frames after a flash in which a reset is still counted as the flash's.
AFTER = 2
#: How much brighter a flash is, and an exposure jump at least and at most (or as much darker).
FLASH, JUMP = 3.0, (1.4, 2.0)

#: Tells of a frame whether it starts a new shot; the first is never asked about anything before it.
Detect = Callable[[Frame], bool]


@dataclass
class Shots:
    """Frames of several shots, and what each frame is: "cut", "flash", "jump", "wave" or "nothing"."""

    clips: Sequence[MotionClip]
    seed: int = 0
    what: list[str] = field(default_factory=list)

    def pictures(self) -> Iterator[U8]:
        """All frames; ``what`` is filled while they are drawn."""
        self.what.clear()
        for number, clip in enumerate(self.clips):
            rng = np.random.default_rng([self.seed, number, 5])
            event = "wave" if clip.motion.swing else ("flash", "jump", "nothing")[number % 3]
            gain = rng.uniform(*JUMP) ** (1 if rng.random() < 0.5 else -1)
            for frame in range(clip.frames):
                self.what.append(_what(event, number, frame))
                yield _exposed(clip.picture(frame), event, frame, gain)


def measure_cuts(
    shots: Shots, detector: Callable[[], Detect], progress: Callable[[int, int], None] | None = None
) -> CutFigures:
    """The detector on the encoded and decoded shots. InputError: fewer than two shots, so there is no cut."""
    from rtskin.capture.file import FileCapture

    if len(shots.clips) < 2:
        raise InputError("cuts lie between shots: give two at least")
    detect = detector()
    with TemporaryDirectory(prefix="rtskin-cuts-") as folder:
        path = Path(folder) / "shots.mp4"
        total = sum(clip.frames for clip in shots.clips)
        encode(path, _counted(shots.pictures(), total, progress), shots.clips[0].size)
        with FileCapture(path) as source:
            reset = [detect(frame) for frame in source]
    return count(shots.what, reset)


def count(what: Sequence[str], reset: Sequence[bool]) -> CutFigures:
    """what: of each frame. reset: what the detector said of it. ValueError where they are not equally many."""
    found, cuts = 0, 0
    events: dict[str, int] = {}
    false: dict[str, int] = {}
    for name, said in zip(what, reset, strict=True):
        if name == "cut":
            cuts, found = cuts + 1, found + said
            continue
        kind = name.removeprefix("after ")
        events[kind] = events.get(kind, 0) + (name == kind)
        if said:
            false[kind] = false.get(kind, 0) + 1
    return CutFigures(len(what), cuts, found, events, false)


def _what(event: str, shot: int, frame: int) -> str:
    if frame == 0 and shot > 0:
        return "cut"
    if event == "wave":
        return "wave"
    if event != "nothing" and frame == EVENT:
        return event
    if event == "flash" and EVENT < frame <= EVENT + AFTER:
        return "after flash"
    return "nothing"


def _exposed(picture: U8, event: str, frame: int, gain: float) -> U8:
    if event == "flash" and frame == EVENT:
        factor = FLASH
    elif event == "jump" and frame >= EVENT:
        factor = gain
    else:
        return picture
    lit: U8 = np.clip(picture.astype(np.float32) * np.float32(factor) + np.float32(0.5), 0, 255).astype(np.uint8)
    return lit


def _counted(pictures: Iterator[U8], total: int, progress: Callable[[int, int], None] | None) -> Iterator[U8]:
    for number, picture in enumerate(pictures):
        yield picture
        if progress is not None:
            progress(number + 1, total)
