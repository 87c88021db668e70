"""Where a stream breaks: the one rule by which everything starts afresh that remembers masks."""

from __future__ import annotations

from typing import NamedTuple

from rtskin.frame import Frame
from rtskin.smooth.cuts import CutDetector

#: Seconds between two masks after which the old one says nothing about the new one.
LONGEST_GAP = 1.0


class Step(NamedTuple):
    """From one mask to the next. fresh: nothing goes on from before. broke: something ended here. dt: seconds or None."""

    fresh: bool
    broke: bool
    dt: float | None


class Seen(NamedTuple):
    """What is remembered of the frame before: never a packet itself, its buffers are wanted back."""

    time: float | None
    captured_ns: int
    frame_size: tuple[int, int]
    mask_size: tuple[int, ...]
    model: str


class Continuity:
    """Tells, frame by frame, whether the stream goes on. One stream, one thread at a time.

    It breaks at a cut, when the size of the frames or the masks changes, when another model takes over, and when time jumps
    backwards or ahead by more than a second. cuts: look for cuts.
    """

    def __init__(self, cuts: bool = True) -> None:
        self._cuts = CutDetector() if cuts else None
        self._before: Seen | None = None

    def __call__(self, frame: Frame, model: str, mask_size: tuple[int, ...] = ()) -> Step:
        now = Seen(frame.time, frame.captured_ns, (frame.width, frame.height), mask_size, model)
        before, self._before = self._before, now
        # The detector sees every frame, also where something else broke the stream already: it compares neighbours.
        cut = self._cuts is not None and self._cuts(frame)
        if self._cuts is not None:
            frame.cut = cut
        if before is None:
            return Step(True, False, None)
        if cut or breaks(before, now):
            return Step(True, True, None)
        return Step(False, False, elapsed(before, now))

    def forget(self) -> None:
        """The next frame is the first."""
        self._before = None
        if self._cuts is not None:
            self._cuts.forget()


def breaks(before: Seen, now: Seen) -> bool:
    """The mask before says nothing about this one."""
    if (before.model, before.mask_size, before.frame_size) != (now.model, now.mask_size, now.frame_size):
        return True
    seconds = elapsed(before, now)
    return seconds is not None and not 0 <= seconds <= LONGEST_GAP


def elapsed(before: Seen, now: Seen) -> float | None:
    """Seconds from one mask to the next: by pts, else by the clock at capture, else None (not known)."""
    if before.time is not None and now.time is not None:
        return now.time - before.time
    if before.captured_ns and now.captured_ns:
        return (now.captured_ns - before.captured_ns) / 1e9
    return None
