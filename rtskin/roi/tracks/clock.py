"""The time of a stream: seconds that only go forward, and where it breaks."""

from __future__ import annotations

from typing import NamedTuple

from rtskin.frame import Frame
from rtskin.smooth.cuts import CutDetector
from rtskin.smooth.stream import Seen, elapsed

#: Seconds between two frames after which nothing goes on.
LONGEST_GAP = 2.0
#: Frames a second where neither the frame nor its source says anything of time.
RATE = 30.0


class Tick(NamedTuple):
    """broke: nothing goes on from the frame before. seconds: since that frame, above 0. now: of the stream, from 0."""

    broke: bool
    seconds: float
    now: float


class Clock:
    """Tells the time frame by frame: by pts, else by the monotonic clock at capture, else by the source's rate.

    It breaks at a cut, when the size of the frames changes, and when time jumps back or ahead by more than two seconds; a
    step of the clock is such a jump, and never counts as time. cuts: look for
    cuts, where the smoothing did not do so already.
    """

    def __init__(self, cuts: bool = True) -> None:
        self._cuts = CutDetector() if cuts else None
        self._before: Seen | None = None
        self._now = 0.0

    def __call__(self, frame: Frame) -> Tick:
        seen = Seen(frame.time, frame.captured_ns, (frame.width, frame.height), (), "")
        before, self._before = self._before, seen
        cut = self._cuts is not None and (self._cuts(frame) if frame.cut is None else frame.cut)
        usual = 1.0 / float(frame.source.rate or RATE)
        if before is None:
            return Tick(False, usual, self._now)
        seconds = elapsed(before, seen)
        broke = cut or before.frame_size != seen.frame_size
        if seconds is None:
            seconds = usual
        elif not 0 <= seconds <= LONGEST_GAP:
            broke, seconds = True, usual
        # Two frames of one time: sources round.
        seconds = max(seconds, 1e-3)
        self._now += seconds
        return Tick(broke, seconds, self._now)
