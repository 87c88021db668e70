"""Motion that is searched beside the network: the same motion, only where it is wanted, and never in the way."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from rtskin.frame import U8, BgrPicture, Frame, SourceInfo
from rtskin.preprocess.small import small_luma
from rtskin.smooth.ahead import LATELY, Ahead
from rtskin.smooth.motion import Motion
from rtskin.smooth.search import Search
from tests.smooth.test_motion import texture


@pytest.fixture
def ahead() -> Iterator[Ahead]:
    made = Ahead()
    yield made
    made.close()


def moving(count: int, first: int = 0) -> list[Frame]:
    """A picture that moves on by three pixels a frame."""
    picture = texture()[..., None].repeat(3, axis=2)
    height, width = picture.shape[:2]
    source = SourceInfo("made", width, height)
    return [
        Frame(first + n, BgrPicture(np.ascontiguousarray(np.roll(picture, 3 * n, axis=1))), source)
        for n in range(count)
    ]


def through(ahead: Ahead, frames: list[Frame]) -> list[Motion]:
    """The network begins with each, and then its motion is asked for."""
    found = []
    for before, now in zip([None, *frames], frames, strict=False):
        ahead.expect(now)
        if before is not None:
            found.append(ahead(small_luma(before), small_luma(now)))
    return found


def test_it_is_the_motion_that_is_found_in_turn(ahead: Ahead) -> None:
    frames, search = moving(6), Search(finely=True)
    found = [(motion.flow.copy(), motion.lost.copy(), motion.still) for motion in through(ahead, frames)]
    for (flow, lost, still), before, now in zip(found, frames, frames[1:], strict=False):
        wanted = search(small_luma(before), small_luma(now))
        assert not still
        assert np.array_equal(flow, wanted.flow)
        assert np.array_equal(lost, wanted.lost)
    assert ahead.hits == len(found) - 1, "all but the first were searched before they were asked for"


def searches(ahead: Ahead, monkeypatch: pytest.MonkeyPatch) -> list[tuple[U8, U8]]:
    """What is searched from now on."""
    seen: list[tuple[U8, U8]] = []
    search = ahead._search

    def noted(before: U8, now: U8) -> Motion:
        seen.append((before, now))
        return search(before, now)

    monkeypatch.setattr(ahead, "_search", noted)
    return seen


def test_nothing_is_searched_that_nobody_asked_for_lately(ahead: Ahead, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = searches(ahead, monkeypatch)
    frames = moving(20)
    for frame in frames[:10]:
        ahead.expect(frame)
    assert seen == []
    through(ahead, frames[9:12])
    del seen[:]
    for frame in frames[12:]:
        ahead.expect(frame)
    ahead.close()
    assert len(seen) <= LATELY


def test_motion_between_other_frames_is_found_too_and_ends_it(ahead: Ahead, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every third frame is asked for, as with a network on key frames only: none of it is expected."""
    seen = searches(ahead, monkeypatch)
    frames = moving(19)
    for number, frame in enumerate(frames):
        ahead.expect(frame)
        if number and number % 3 == 0:
            motion = ahead(small_luma(frames[number - 3]), small_luma(frame))
            assert np.median(motion.flow[..., 0]) == pytest.approx(-9, abs=0.5)
    assert len(seen) == 6, "what was asked for, and nothing else"


def test_workers_that_overtake_each_other(ahead: Ahead) -> None:
    frames = moving(8)
    for number in (0, 1, 3, 2, 4, 5, 7, 6):
        ahead.expect(frames[number])
    for before, now in itertools.pairwise(frames):
        assert np.median(ahead(small_luma(before), small_luma(now)).flow[..., 0]) == pytest.approx(-3, abs=0.3)


def test_a_stream_that_begins_anew_is_expected_again(ahead: Ahead) -> None:
    through(ahead, moving(4, first=1000))
    before = ahead.hits
    through(ahead, moving(4))
    assert ahead.hits > before


def test_what_fails_fails_where_it_is_asked_for(ahead: Ahead, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(before: U8, now: U8) -> Motion:
        raise MemoryError

    monkeypatch.setattr(ahead, "_search", broken)
    with pytest.raises(MemoryError):
        through(ahead, moving(2))


def test_closed_while_the_network_still_runs(ahead: Ahead) -> None:
    frames = moving(3)
    through(ahead, frames[:2])
    ahead.close()
    ahead.expect(frames[2])
    assert not [one for one in threading.enumerate() if one.name.startswith("rtskin-motion")]
