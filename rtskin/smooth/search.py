"""The search for motion between two frames of a stream: their exposure matched, then dense flow."""

from __future__ import annotations

from rtskin.frame import U8
from rtskin.smooth.motion import FlowField, Motion
from rtskin.smooth.tone import ToneMatch


class Search:
    """(before, now) → :class:`Motion`, both small lumas (uint8 h×w) of one size. One thread at a time.

    finely: as of :class:`FlowField`.
    """

    def __init__(self, finely: bool = False) -> None:
        self._match, self._field = ToneMatch(), FlowField(finely)

    def __call__(self, before: U8, now: U8) -> Motion:
        return self._field(self._match(before, now), now)
