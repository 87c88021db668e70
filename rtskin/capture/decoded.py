"""What captures that decode with PyAV give, and within which bounds; files and pipes differ in how they begin and end."""

from __future__ import annotations

import logging
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

from rtskin.capture.avio import Pictures
from rtskin.capture.base import Capture
from rtskin.capture.decoder import Decoder, Item
from rtskin.capture.picture import AvPicture
from rtskin.capture.said import LOST
from rtskin.frame import Frame, SourceInfo

log = logging.getLogger("rtskin.capture")


@dataclass(frozen=True, slots=True)
class Bounds:
    """pts with low ≤ pts < high, and places in the order of decoding with skip ≤ place < stop; None: no bound."""

    low: int | None = None
    high: int | None = None
    skip: int = 0
    stop: int | None = None

    def before(self, pts: int, place: int) -> bool:
        return place < self.skip or (self.low is not None and pts < self.low)

    def behind(self, pts: int, place: int) -> bool:
        return (self.stop is not None and place >= self.stop) or (self.high is not None and pts >= self.high)


class DecodedCapture(Capture):
    """Frames of a Decoder.

    Counters: damaged (packets or frames that the decoder complained of), lost (frames that gave no picture), retimed
    (frames whose time was missing or stepped back), resized (times that the picture changed its size).
    """

    def __init__(
        self, info: SourceInfo, decoder: Decoder, pictures: Pictures, ahead: Item | None, bounds: Bounds
    ) -> None:
        super().__init__(info)
        self._decoder, self._pictures, self._bounds = decoder, pictures, bounds
        decoder.losses.low, decoder.losses.high = bounds.low, bounds.high
        self._ahead = ahead
        self._size = info.width, info.height
        self._resized = 0
        self._ended = False
        self._reached: int | None = None

    def read(self) -> Frame | None:
        while not (self._interrupted.is_set() or self._ended):
            item = self._next()
            if item is None:
                self._end(complete=True)
                return None
            frame, pts = item
            place = self._decoder.decoded - 1
            if self._bounds.behind(pts, place):
                self._end(complete=False)
                return None
            self._reached = pts + (frame.duration or 0)
            if not self._bounds.before(pts, place):
                return self._give(frame, pts)
        return None

    def close(self) -> None:
        super().close()
        self._ahead = None

    def counters(self) -> dict[str, int | float | str]:
        decoder = self._decoder
        return {
            "damaged": decoder.damaged,
            "lost": len(decoder.losses.lost),
            "retimed": decoder.times.retimed,
            "resized": self._resized,
        }

    @abstractmethod
    def _finish(self, complete: bool) -> None:
        """After the last frame; complete: the source was read to its end. Errors are raised once."""

    def _end(self, complete: bool) -> None:
        self._ended = True
        lost = self._decoder.losses.lost
        if lost:
            at = float(lost[0] * self._decoder.base)
            log.warning(LOST, self.info.name, len(lost), at, extra={"uri": self.info.path})
        self._finish(complete)

    def _next(self) -> Item | None:
        if self._ahead is not None:
            item, self._ahead = self._ahead, None
            return item
        return self._decoder.next()

    def _give(self, frame: Any, pts: int) -> Frame:
        picture = self._pictures.of(frame)
        base = self._decoder.base
        if (picture.width, picture.height) != self._size:
            self._note_size(picture, float(pts * base))
        return self._stamp(picture, pts, base, duration=frame.duration or None)

    def _note_size(self, picture: AvPicture, seconds: float) -> None:
        size = picture.width, picture.height
        if not self._resized:
            log.warning(
                "%s changes its size from %d×%d to %d×%d at %.2f s", self.info.name, *self._size, *size, seconds
            )
        self._size = size
        self._resized += 1
