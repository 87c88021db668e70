"""Segments are a function of frames and options."""

from __future__ import annotations

from rtskin.offline.manifest import SegmentsPart
from rtskin.offline.segments import segments_of


def test_segments_cover_every_frame_once_and_look_no_further_than_asked() -> None:
    segments = segments_of(SegmentsPart(first=5, last=58, frames=20, warm_up=8, tail=3))
    assert [(one.start, one.end) for one in segments] == [(5, 25), (25, 45), (45, 58)]
    assert [(one.from_, one.to) for one in segments] == [(5, 28), (17, 48), (37, 58)]
    assert [one.name for one in segments] == ["000000", "000001", "000002"]
