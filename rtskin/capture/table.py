"""The frames of a video file by number, from its packets alone: nothing is decoded."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rtskin.capture.container import Packets, is_shown, open_file, video_stream
from rtskin.capture.entry import entry_test
from rtskin.errors import NoFramesError

I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

#: pts, duration, key, entry of a packet.
_Row = tuple[int | None, int, bool, bool]
#: Tables of the files used last; one of an hour at 60 frames a second takes 4 MB.
_KEPT = 4


@dataclass(frozen=True, slots=True, eq=False)
class FrameTable:
    """What the container says of every frame that is to be shown, in the order of showing. Frame n is row n.

    pts, duration: int64, in ticks of ``time_base`` (duration 0: not said). key: the container calls it a key frame.
    entry: decoding may begin there: the row itself and all rows after it come out as from the beginning of the file.
    timed: every frame has a time, and no two the same; without that rows are in the order of decoding, pts count
    from 0, and ``entry`` is the first row alone. broken: why the file could not be read any further, where it could not.

    A row may still give no picture, if its packet is damaged.
    """

    time_base: Fraction
    pts: I64
    duration: I64
    key: Bools
    entry: Bools
    timed: bool
    broken: str | None = None

    def __len__(self) -> int:
        return len(self.pts)

    def entry_before(self, number: int) -> int:
        """The last row at or before ``number`` to begin decoding at; 0 where there is none."""
        rows = np.flatnonzero(self.entry[: number + 1])
        return int(rows[-1]) if rows.size else 0

    def number_at(self, pts: int) -> int:
        """The first row that is shown at ``pts`` or later; the number of rows where none is."""
        return int(np.searchsorted(self.pts, pts))


def frame_table(path: str | os.PathLike[str]) -> FrameTable:
    """The table of a video file, read from beginning to end; kept for the next call while the file stays what it is.

    Left out are packets that the container marks as not to be shown (before the beginning of an edit list), and what
    comes before the first key frame, which nobody can decode. SourceError and NoFramesError as for opening the file.
    """
    path = Path(path)
    try:
        state = path.stat()
    except OSError:
        return _read(path)  # which says what is wrong
    return _kept(path, (state.st_ino, state.st_size, state.st_mtime_ns))


@lru_cache(_KEPT)
def _kept(path: Path, state: tuple[int, ...]) -> FrameTable:
    return _read(path)


def _read(path: Path) -> FrameTable:
    with open_file(path) as container:
        stream = video_stream(container, path.name)
        enters = entry_test(stream)
        rows: list[_Row] = []
        packets = Packets(container, stream)
        # Before the first key frame, itself to be shown or not, nothing can be decoded.
        decodable = itertools.dropwhile(lambda packet: not packet.is_keyframe, packets)
        begin = next(decodable, None)
        for packet in itertools.chain([] if begin is None else [begin], decodable):
            if is_shown(packet):
                rows.append((packet.pts, packet.duration or 0, packet.is_keyframe, enters(packet)))
        base = Fraction(stream.time_base)
    if begin is None or not rows:
        raise NoFramesError(f"{path.name} holds no key frame, so no picture of it can be decoded")
    return _table(base, rows, begin.pts, packets.broken)


def _table(base: Fraction, rows: list[_Row], begin: int | None, broken: str | None) -> FrameTable:
    """begin: pts of the first key frame; nothing that is shown before it can be decoded."""
    times = [row[0] for row in rows]
    known = [time for time in times if time is not None]
    timed = len(set(known)) == len(rows)
    duration = np.array([row[1] for row in rows], np.int64)
    key, entry = (np.array([row[place] for row in rows], np.bool_) for place in (2, 3))
    if not timed:
        first = np.arange(len(rows)) == 0
        return FrameTable(base, np.arange(len(rows), dtype=np.int64), duration, key, first, False, broken)
    pts = np.array(known, np.int64)
    # What is decoded before an entry must be shown before it, or beginning there would leave it out.
    highest = np.maximum.accumulate(pts)
    entry[1:] &= pts[1:] > highest[:-1]
    order = np.argsort(pts)
    order = order if begin is None else order[pts[order] >= begin]
    return FrameTable(base, pts[order], duration[order], key[order], entry[order], True, broken)
