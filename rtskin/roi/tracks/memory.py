"""Memory: things that left over a border of the picture, and may come back there."""

from __future__ import annotations

from dataclasses import dataclass

from rtskin.frame import Box
from rtskin.roi.tracks.track import Track

#: A box is at a border that it is nearer to than this share of the frame's longer side.
TOUCH = 0.015
#: What is seen for the first time may have come so far already, in its own sizes.
ENTERED = 0.5
#: Seconds that a new thing may take until it is told of.
LATE = 1.0
#: Sizes a second from which something that touches a border is on its way out.
LEAVING = 0.3


@dataclass(frozen=True, slots=True)
class Left:
    """What left: the track it was, over which borders ("l", "t", "r", "b"), and where its middle was last seen."""

    track: Track
    borders: frozenset[str]
    middle: tuple[float, float]


class Memory:
    """Keeps what left for so many seconds; each is given back once."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._left: list[Left] = []

    def add(self, track: Track, frame_size: tuple[int, int]) -> None:
        """A confirmed track that is lost; only one at a border is kept."""
        box = track.last
        at = borders(box, frame_size) or borders(track.filter.box, frame_size)
        if at and self._seconds > 0:
            self._left.append(Left(track, at, (box[0] + box[2] / 2, box[1] + box[3] / 2)))

    def back(self, track: Track, frame_size: tuple[int, int]) -> Track | None:
        """Which of those that left a new track is: the nearest of those that fit; it is out of the memory then."""
        box = track.entry
        at = borders(box, frame_size, ENTERED)
        fitting = [
            left
            for left in self._left
            if left.borders & at
            and track.entered - left.track.seen <= self._seconds
            and not left.track.votes.contradicts(track.votes)
        ]
        if not fitting:
            return None
        x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
        nearest = min(fitting, key=lambda left: (left.middle[0] - x) ** 2 + (left.middle[1] - y) ** 2)
        self._left.remove(nearest)
        return nearest.track

    def forget(self, now: float) -> None:
        """Those that left too long ago also for what has been seen, but not told of yet."""
        self._left = [left for left in self._left if now - left.track.seen <= self._seconds + LATE]

    def clear(self) -> None:
        """All of them."""
        self._left = []


def borders(box: Box, frame_size: tuple[int, int], reach: float = 0.0) -> frozenset[str]:
    """The borders of the frame that a box touches, or is no more than ``reach`` of its own sides away from."""
    x, y, w, h = box
    width, height = frame_size
    near = TOUCH * max(frame_size)
    across, down = max(near, reach * w), max(near, reach * h)
    touched = {"l": x <= across, "t": y <= down, "r": x + w >= width - across, "b": y + h >= height - down}
    return frozenset(name for name, touches in touched.items() if touches)


def leaves(track: Track, frame_size: tuple[int, int]) -> bool:
    """It was last seen at a border, on its way out, or is expected to be out by now."""
    x, y, w, h = track.filter.box
    width, height = frame_size
    if x + w / 2 <= 0 or y + h / 2 <= 0 or x + w / 2 >= width or y + h / 2 >= height:
        return True
    at = borders(track.last, frame_size)
    across, down = track.filter.velocity
    fast = LEAVING * track.filter.size
    outward = {"l": -across, "t": -down, "r": across, "b": down}
    return any(outward[name] >= fast for name in at)
