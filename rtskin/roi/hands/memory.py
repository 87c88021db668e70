"""What is remembered of each track: when it was looked at, whether a hand was seen, and which hand it is."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

#: A region in which no hand was found is looked at again after 1, 2, 4 … frames, at most so many.
PATIENCE = 8
#: Tracks that are remembered: also those that left, since they may come back under the same id.
KEPT = 64


@dataclass
class Track:
    """looked: number of the frame in which it was looked at last (-1: never). due: the one in which it may be again."""

    looked: int = -1
    due: int = 0
    misses: int = 0
    votes: dict[str, float] = field(default_factory=dict)

    @property
    def side(self) -> str | None:
        """What most looks said, by their scores; None before the first."""
        return max(self.votes, key=lambda side: self.votes[side]) if self.votes else None


class Memory:
    """The tracks, the one seen last at the end. ``begin`` is called once a frame."""

    def __init__(self) -> None:
        self._tracks: OrderedDict[int, Track] = OrderedDict()
        self._now = -1

    def begin(self, ids: Collection[int]) -> None:
        """The next frame, and the tracks that could be looked at in it."""
        self._now += 1
        for track_id in ids:
            self._tracks.setdefault(track_id, Track())
            self._tracks.move_to_end(track_id)
        while len(self._tracks) > max(KEPT, len(ids)):
            self._tracks.popitem(last=False)

    def turn(self, ids: Iterable[int], most: int) -> list[int]:
        """Whom to look at in this frame: those who are due, the new ones first, then who has waited longest."""
        due = [track_id for track_id in ids if self._tracks[track_id].due <= self._now]
        return sorted(due, key=lambda track_id: self._tracks[track_id].looked)[:most]

    def seen(self, track_id: int, side: str, score: float) -> None:
        """A hand was found, and it is this one."""
        track = self._tracks[track_id]
        track.looked, track.due, track.misses = self._now, self._now + 1, 0
        track.votes[side] = track.votes.get(side, 0.0) + score

    def missed(self, track_id: int) -> None:
        """No hand was found."""
        track = self._tracks[track_id]
        track.looked, track.due = self._now, self._now + min(PATIENCE, 1 << track.misses)
        track.misses = min(track.misses + 1, PATIENCE)

    def side(self, track_id: int) -> str | None:
        track = self._tracks.get(track_id)
        return track.side if track else None
