"""Motion beside inference: it lies between two frames alone, so it is searched while the network still looks at the second.

The network and the flow take about as long as each other on a small machine; one after the other they are what a live mask
comes late by. It is searched before anybody asks for it only where the last frames were asked for too, so that a picture
that stands still costs nothing, nor does a filter that asks for other pairs of frames (masks that ride, several workers that
overtake each other).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from rtskin.frame import U8, Frame
from rtskin.preprocess.small import small_luma
from rtskin.smooth.motion import Motion
from rtskin.smooth.search import Search

#: Frames that may be between the network and the filter and are known still; more are searched when they are asked for.
REMEMBERED = 8
#: The motion to one of so many frames before was asked for, else none is searched ahead.
LATELY = 3


#: A motion, and the milliseconds of searching for it.
_Timed = tuple[Motion, float]


@dataclass(slots=True, eq=False)
class _Expected:
    """A frame that the network looks at, with the one before it. motion: under way or done; None: nobody searches."""

    number: int
    before: U8
    now: U8
    motion: Future[_Timed] | None


class Ahead:
    """Searches in a thread of its own. :meth:`expect` is for the network's threads; it is called, like :class:`Search`, in
    one other. It belongs to one stream and is closed at its end.
    """

    def __init__(self) -> None:
        self._search = Search(finely=True)
        self._thread = ThreadPoolExecutor(1, "rtskin-motion")
        self._lock = threading.Lock()
        self._expected: deque[_Expected] = deque(maxlen=REMEMBERED)
        #: Number and small luma of the newest frame, never the frame itself: its buffers are wanted back.
        self._newest: tuple[int, U8] | None = None
        self._count, self._asked, self._closed = 0, -LATELY, False
        #: Milliseconds that searches took while nobody waited for them, all together; and how many of them were asked for.
        self.hidden_ms, self.hits = 0.0, 0

    def expect(self, frame: Frame) -> None:
        """The network begins with ``frame``; soon the motion to it, from the one before, may be asked for."""
        now = small_luma(frame)
        with self._lock:
            newest = self._newest
            if self._closed:
                return
            if newest is not None and newest[0] - REMEMBERED < frame.seq <= newest[0]:
                return  # another worker was faster
            self._newest = (frame.seq, now)
            if newest is None or newest[1].shape != now.shape:
                return
            self._count += 1
            lately = self._count - self._asked <= LATELY
            motion = self._thread.submit(self._timed, newest[1], now) if lately else None
            self._expected.append(_Expected(self._count, newest[1], now, motion))

    def __call__(self, before: U8, now: U8) -> Motion:
        """As :class:`Search`, where it was expected at once."""
        begun = time.perf_counter()
        motion, took = (self._found(before, now) or self._thread.submit(self._timed, before, now)).result()
        self.hidden_ms += max(0.0, took - (time.perf_counter() - begun) * 1e3)
        return motion

    def close(self) -> None:
        """Ends the thread; what is still expected is not searched any more."""
        with self._lock:
            self._closed = True
        self._thread.shutdown(cancel_futures=True)

    def _found(self, before: U8, now: U8) -> Future[_Timed] | None:
        with self._lock:
            for one in self._expected:
                if one.now is now and one.before is before:
                    self._asked = one.number
                    self.hits += one.motion is not None
                    return one.motion
        return None

    def _timed(self, before: U8, now: U8) -> _Timed:
        begun = time.perf_counter()
        return self._search(before, now), (time.perf_counter() - begun) * 1e3
