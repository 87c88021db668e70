"""Capture: what every source of frames is to the rest."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from fractions import Fraction
from types import TracebackType
from typing import Self

from rtskin.frame import Frame, Picture, SourceInfo


class Capture(ABC):
    """An open source. ``read`` gives frame after frame, then None; use it in ``with``, or call ``close``.

    One thread reads and closes; ``interrupt`` and ``counters`` may be called from any other.

    info: what is known of the source once it is open.
    live: it has no end of its own (cameras, network streams, endless generators); files and sequences are not live.
    self_paced: reading it takes real time, because the frames come into being at their own rate.
    """

    live: bool = False
    self_paced: bool = False

    def __init__(self, info: SourceInfo) -> None:
        self.info = info
        self._seq = 0
        self._interrupted = threading.Event()

    @abstractmethod
    def read(self) -> Frame | None:
        """The next frame; None at the end and after ``interrupt``. SourceError where the source breaks."""

    def interrupt(self) -> None:
        """Makes a blocked ``read`` return None soon, and every later one at once."""
        self._interrupted.set()

    def close(self) -> None:
        """Gives the source back; ``read`` then gives None. Calling it again does nothing."""
        self._interrupted.set()

    def counters(self) -> dict[str, int | float | str]:
        """What went wrong so far, by name: "damaged", "late", "reconnects" …; empty where nothing can."""
        return {}

    def _stamp(
        self,
        picture: Picture,
        pts: int | None,
        time_base: Fraction,
        *,
        duration: int | None = None,
        number: int | None = None,
    ) -> Frame:
        """The frame of ``picture``, counted and stamped with the time of now."""
        frame = Frame(
            seq=self._seq,
            picture=picture,
            source=self.info,
            pts=pts,
            time_base=time_base,
            captured_ns=time.monotonic_ns(),
            duration=duration,
            number=number,
        )
        self._seq += 1
        return frame

    def __iter__(self) -> Iterator[Frame]:
        while (frame := self.read()) is not None:
            yield frame

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        info = self.info
        return f"<{type(self).__name__} {info.name} {info.width}×{info.height}>"
