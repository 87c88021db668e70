"""Skipping: a frame that looks like one that went through the network takes that one's scores.

What counts is the difference to the frame that was really looked at, not to the one before, so that a hand that creeps or
light that fades is seen once it has gone far enough. It is judged in means of 8×8 pixels of the small luma (40×40 at 720p):
averaging takes noise away and leaves what moves.

Where every frame of a file is taken, the comparison begins anew at each frame whose number is a multiple of STRETCH. So what
is skipped in a part of a file is what is skipped in the whole, from the first multiple on.
"""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rtskin.frame import Frame
from rtskin.kernels.jit import njit
from rtskin.preprocess.answer import Answer
from rtskin.preprocess.small import small_luma

#: Pixels of the small luma.
BLOCK = 8
#: A block changed whose mean differs by more than this many deviations of its noise …
DEVIATIONS = 6.0
#: … within these bounds, in grey levels: the lower is about what a contour of contrast 80 makes that moves by a pixel of
#: 720p; noise that would ask for more than the upper is not skipped over.
LEAST, MOST = 1.0, 3.0
#: Seconds after which a frame goes through the network however still it stands.
LONGEST = 1.0
#: Frames after which everything begins anew, by their numbers: a second at the usual rate, in which the network looks at one
#: frame anyhow.
STRETCH = 30
#: The estimate of the noise may grow by so much a frame, and falls at once: what moves is not noise.
GROWTH = 1.05
#: The quarter of the smallest |differences| of Gaussian noise ends at so many deviations.
_QUARTER = 0.3186


class _Seen(NamedTuple):
    """The frame that goes, or went, through the network."""

    segmenter: Any
    seq: int
    seconds: float | None
    size: tuple[int, int]
    blocks: npt.NDArray[np.float32]
    answer: Answer


class Skip:
    """Decides for the frames of one stream; safe from several threads. About 0.05 ms a frame beside the small luma.

    by_number: begin anew at each multiple of STRETCH (Frame.seq). What is skipped is a function of the frames alone then,
    where they come in order.
    """

    def __init__(self, *, by_number: bool = False) -> None:
        self._by_number = by_number
        self._lock = threading.Lock()
        self._seen: _Seen | None
        self._before: npt.NDArray[np.float32] | None
        self._noise: float
        self._begin_anew()
        #: Frames that took the scores of another.
        self.frames = 0
        block_means(np.zeros((1, 1), np.uint8))

    def __call__(self, frame: Frame, segmenter: Any) -> tuple[Answer, bool]:
        """(where the scores are or will be, whether they are another frame's)."""
        blocks = block_means(small_luma(frame))
        with self._lock:
            if self._by_number and self._seen is not None and frame.seq // STRETCH > self._seen.seq // STRETCH:
                self._begin_anew()
            self._learn(blocks)
            seen = self._seen
            if seen is not None and self._same(seen, frame, segmenter, blocks):
                self.frames += 1
                return seen.answer, True
            answer = Answer()
            # A worker may bring an older frame after a newer one: it is looked at, and never waited for.
            if seen is None or frame.seq > seen.seq or seen.segmenter is not segmenter or frame.seq < seen.seq - 64:
                size = (frame.width, frame.height)
                self._seen = _Seen(segmenter, frame.seq, _seconds(frame), size, blocks, answer)
            return answer, False

    def _begin_anew(self) -> None:
        self._seen = self._before = None
        self._noise = 0.0

    def _same(self, seen: _Seen, frame: Frame, segmenter: Any, blocks: npt.NDArray[np.float32]) -> bool:
        if seen.segmenter is not segmenter or frame.seq <= seen.seq or seen.size != (frame.width, frame.height):
            return False
        now = _seconds(frame)
        if now is None or seen.seconds is None or not 0 <= now - seen.seconds < LONGEST:
            return False
        limit = min(max(DEVIATIONS * self._noise, LEAST), MOST)
        return float(np.abs(blocks - seen.blocks).max()) <= limit

    def _learn(self, blocks: npt.NDArray[np.float32]) -> None:
        before, self._before = self._before, blocks
        if before is None or before.shape != blocks.shape:
            return
        apart = np.abs(blocks - before).ravel()
        quarter = float(np.partition(apart, len(apart) // 4)[len(apart) // 4]) / _QUARTER
        known = self._noise * GROWTH if self._noise else MOST / DEVIATIONS
        self._noise = min(max(quarter, LEAST / DEVIATIONS), known)


def _seconds(frame: Frame) -> float | None:
    if frame.time is not None:
        return frame.time
    return frame.captured_ns / 1e9 if frame.captured_ns else None


@njit(nogil=True, cache=True)
def block_means(small):  # type: ignore[no-untyped-def]
    """float32: the mean of each BLOCK × BLOCK pixels of a uint8 h×w, and of what is left of them at the edges."""
    height, width = small.shape
    rows, columns = -(-height // BLOCK), -(-width // BLOCK)
    sums = np.zeros((rows, columns), np.int32)
    for y in range(height):
        for x in range(width):
            sums[y // BLOCK, x // BLOCK] += small[y, x]
    out = np.empty((rows, columns), np.float32)
    for row in range(rows):
        for column in range(columns):
            tall, wide = min(BLOCK, height - row * BLOCK), min(BLOCK, width - column * BLOCK)
            out[row, column] = sums[row, column] / np.float32(tall * wide)
    return out
