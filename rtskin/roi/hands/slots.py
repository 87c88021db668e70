"""Landmarkers, each for one hand at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Container, Sequence
from contextlib import ExitStack

from rtskin.roi.hands.landmarker import Bundle, Confidences, Landmarker


class Slots:
    """At most ``most`` landmarkers. A hand keeps its own, also while it is away, until another hand has none.

    (Given to another hand, a landmarker has to detect it anew, which costs several times what following does.)
    """

    def __init__(self, bundle: Bundle, confidences: Confidences, most: int) -> None:
        self._bundle, self._confidences, self._most = bundle, confidences, most
        self._free: list[Landmarker] = []
        self._taken: OrderedDict[int, Landmarker] = OrderedDict()

    def warm(self, count: int) -> None:
        """Open so many now: the first hand must not wait for it."""
        while len(self._free) < count:
            self._free.append(Landmarker(self._bundle, self._confidences))
            self._free[-1].forget()

    def admit(self, present: Sequence[int]) -> list[int]:
        """The tracks of a frame that can be followed: those that are, and new ones in their order while there is room."""
        own = [track_id for track_id in present if track_id in self._taken]
        new = [track_id for track_id in present if track_id not in self._taken]
        return own + new[: self._most - len(own)]

    def of(self, track_id: int, present: Container[int]) -> Landmarker:
        """The landmarker of a track that was admitted. present: the tracks of this frame."""
        if track_id not in self._taken:
            self._taken[track_id] = self._unused(present)
        self._taken.move_to_end(track_id)
        return self._taken[track_id]

    def close(self) -> None:
        with ExitStack() as stack:
            for landmarker in (*self._free, *self._taken.values()):
                stack.callback(landmarker.close)

    def _unused(self, present: Container[int]) -> Landmarker:
        if self._free:
            return self._free.pop()
        away = next((track_id for track_id in self._taken if track_id not in present), None)
        if away is None:
            return Landmarker(self._bundle, self._confidences)
        landmarker = self._taken.pop(away)
        landmarker.forget()
        return landmarker
