"""What is remembered of a stream of regions, and for how much memory."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from rtskin.frame import BgrPicture, Frame, Region, RegionEvent, Regions, SourceInfo
from rtskin.roi.history import History, Span

PICTURE = BgrPicture(np.zeros((36, 64, 3), np.uint8))


def regions(seq: int, *found: Region, events: tuple[RegionEvent, ...] = (), ms: int | None = None) -> Regions:
    pts = 100 * seq if ms is None else ms
    return Regions(Frame(seq, PICTURE, SourceInfo("made", 64, 36), pts, Fraction(1, 1000)), list(found), events)


def hand(number: int = 1, x: float = 0, label: str = "hand", state: str = "tracked") -> Region:
    return Region(number, (x, 10, 4, 6), 24, 0.9, label, state=state)


def test_spans_end_where_label_or_state_change_and_where_it_leaves() -> None:
    history = History()
    states = [("hand", "tracked")] * 2 + [("hand", "held")] * 2 + [("face", "tracked")] * 2
    for seq, (label, state) in enumerate(states):
        history.add(regions(seq, hand(label=label, state=state)))
    history.add(regions(6))
    history.add(regions(7, hand(2), hand()))
    history.add(regions(8, hand(2)))
    assert history.spans() == {
        1: [
            Span(0.0, 0.2, "hand", False),
            Span(0.2, 0.4, "hand", True),
            Span(0.4, 0.5, "face", False),
            Span(0.7, 0.7, "hand", False),
        ],
        2: [Span(0.7, 0.8, "hand", False)],
    }


def test_ways_break_where_a_region_was_away() -> None:
    history = History()
    for seq, x in enumerate((0, 2, None, 8, 9)):
        history.add(regions(seq, *([] if x is None else [hand(x=x)])))
    assert history.paths() == {1: [[(2, 13), (4, 13)], [(10, 13), (11, 13)]]}


def test_an_endless_stream_is_thinned_out_evenly() -> None:
    history = History(moments=100)
    for seq in range(10_000):
        history.add(regions(seq, hand(1, seq % 50), hand(2)))
    assert history.frames == 10_000
    moments = sum(len(way) for ways in history.paths().values() for way in ways)
    assert 50 <= moments <= 100
    assert history.stride == 256
    (span,) = history.spans()[1]
    assert span.start == 0
    assert span.end >= 0.1 * (10_000 - history.stride - 1)


def test_frames_without_regions_and_events_are_bounded_too() -> None:
    history = History(moments=100, events=50)
    for seq in range(3000):
        history.add(regions(seq, events=(RegionEvent("found", seq), RegionEvent("lost", seq))))
    assert len(history._kept) <= 100
    assert 25 <= len(history.events) <= 50
    assert history.events[0] == (0.0, RegionEvent("found", 0))


def test_a_source_that_begins_anew_goes_on() -> None:
    history = History()
    for ms in (1000, 1100, 0, 100):
        history.add(regions(0, hand(), ms=ms))
    assert history.spans()[1] == [Span(1.0, 1.2000000000000002, "hand", False)]
