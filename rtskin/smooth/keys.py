"""Key frames: which frames the network looks at, where masks ride between them.

A frame is a key frame where the stream breaks (rtskin.smooth.stream: a cut, another size, a gap in time), where another
model takes over, ``every`` frames after the last one, and sooner where the picture has changed so much since that no flow
leads back: more than ``change`` of its contrast is nowhere near in the last key frame (rtskin.smooth.cuts).
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any, NamedTuple

from rtskin.frame import U8, Frame
from rtskin.preprocess.answer import Answer
from rtskin.preprocess.small import small_luma
from rtskin.smooth.cuts import CutDetector
from rtskin.smooth.every import MOST, Every
from rtskin.smooth.stream import Continuity

#: Share of the contrast. Measured over 4 frames: 0.24 at most where a person moves by 24 pixels of 720p a frame, 0.36 where
#: a hand that fills the picture is waved, 0.31 in people's exercises; 0.54 where a car drives through the picture.
CHANGE = 0.4
#: The part of the time that the network may be busy, by ``auto``.
BUSY = 0.8
#: Network times and frame intervals that ``auto`` looks back on, and how many it needs.
WINDOW, ENOUGH = 9, 3
#: Frames a second where nothing is known.
USUAL_RATE = 30.0


class _Last(NamedTuple):
    seq: int
    segmenter: Any
    small: U8


class KeyFrames:
    """Decides for the frames of one stream, in order; used by one thread at a time. 0.3 to 0.6 ms a frame.

    every: 1 … MOST, or "auto": as few frames between as keep ``rate``. rate: frames a second; None: the source's, by what it
    says, else by the times of its frames. change: 0 … 1; 1: none is too much. cuts: look for cuts. by_number: frames whose
    number (Frame.seq) is a multiple of ``every`` are key frames, whichever came before: so those of a part of a file are
    those of the whole, from the first multiple on.
    """

    def __init__(
        self,
        every: Every,
        change: float = CHANGE,
        rate: float | None = None,
        cuts: bool = True,
        *,
        by_number: bool = False,
    ) -> None:
        self._by_number = by_number and every != "auto"
        self._rate = rate
        self.use(every)
        #: Key frames so far.
        self.count = 0
        self._change = change
        self._continuity, self._compare = Continuity(cuts), CutDetector()
        self._last: _Last | None = None

    def use(self, every: Every) -> None:
        """From the next frame on; from any thread."""
        self._auto = KeepUp(self._rate) if every == "auto" else None
        #: Frames from one key frame to the next, at most.
        self.every: int = 1 if every == "auto" else every

    def __call__(self, frame: Frame, segmenter: Any) -> bool:
        """Is it a key frame. segmenter: the model that would look at it."""
        auto = self._auto
        if auto is not None:
            self.every = auto(frame)
        elif self.every == 1:  # no need to look for reasons
            self._last = None
            self.count += 1
            return True
        fresh = self._continuity(frame, "").fresh
        last = self._last
        if not fresh and last is not None and not self._due(last, frame, segmenter):
            return False
        self._last = _Last(frame.seq, segmenter, small_luma(frame))
        self.count += 1
        return True

    def asked(self, answer: Answer) -> None:
        """The network's time for the last key frame will be told there."""
        auto = self._auto
        if auto is not None:
            auto.asked(answer)

    def _due(self, last: _Last, frame: Frame, segmenter: Any) -> bool:
        if segmenter is not last.segmenter or frame.seq - last.seq >= self.every:
            return True
        if self._by_number and frame.seq // self.every > last.seq // self.every:
            return True
        if self._change >= 1:
            return False
        return self._compare.missing(last.small, small_luma(frame), self._change) > self._change


class KeepUp:
    """How many frames the network may take, so that a rate is kept: the median of what it took, in frames.

    rate: as in KeyFrames.
    """

    def __init__(self, rate: float | None = None) -> None:
        self._rate = rate
        self._seconds: deque[float] = deque(maxlen=WINDOW)
        self._intervals: deque[float] = deque(maxlen=WINDOW)
        self._open: deque[Answer] = deque()
        self._before: tuple[int, float] | None = None

    def __call__(self, frame: Frame) -> int:
        """1 … MOST; 1 until enough was measured."""
        self._see(frame)
        while self._open and self._open[0].seconds is not None:
            self._seconds.append(self._open.popleft().seconds or 0.0)
        if len(self._seconds) < ENOUGH:
            return 1
        return min(max(math.ceil(_median(self._seconds) * self._target(frame) / BUSY), 1), MOST)

    def asked(self, answer: Answer) -> None:
        """Once it is given, it says how long it took."""
        # Where many key frames wait for the network, the oldest is the next that says something, so newer ones are left out.
        if len(self._open) < WINDOW and (not self._open or self._open[-1] is not answer):
            self._open.append(answer)

    def _see(self, frame: Frame) -> None:
        now = frame.time if frame.time is not None else frame.captured_ns / 1e9
        if self._before is not None:
            frames, seconds = frame.seq - self._before[0], now - self._before[1]
            # Frames may be missing here: what counts is the time of one.
            if frames > 0 and seconds > 0:
                self._intervals.append(seconds / frames)
        self._before = frame.seq, now

    def _target(self, frame: Frame) -> float:
        if self._rate is not None:
            return self._rate
        if frame.source.rate:
            return float(frame.source.rate)
        return 1 / _median(self._intervals) if len(self._intervals) >= ENOUGH else USUAL_RATE


def _median(values: deque[float]) -> float:
    return sorted(values)[len(values) // 2]
