"""Which frames the network looks at."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.frame import BgrPicture, Frame, SourceInfo
from rtskin.preprocess.answer import Answer
from rtskin.smooth.every import MOST, parse_every
from rtskin.smooth.keys import BUSY, KeyFrames

from .test_motion import WIDTH, scene, texture
from .test_prior import frame

MODEL = object()


def chosen(keys: KeyFrames, frames: list[Frame], model: Any = MODEL) -> list[int]:
    return [one.seq for one in frames if keys(one, model)]


def moving(count: int = 20) -> list[Frame]:
    return [frame(number, scene(40 + 2 * number)[0]) for number in range(count)]


@pytest.mark.parametrize("every", [1, 3, 5])
def test_every_so_many_frames(every: int) -> None:
    keys = KeyFrames(every)
    assert chosen(keys, moving()) == list(range(0, 20, every))
    assert keys.count == len(range(0, 20, every))


def test_frames_that_are_not_there_count_too() -> None:
    """A live stream brings some of them."""
    frames = [one for one in moving(30) if one.seq % 4 == 0]
    assert chosen(KeyFrames(5), frames) == [0, 8, 16, 24]


@pytest.mark.parametrize("begins", [0, 3, 5, 11])
def test_by_number_a_part_has_the_key_frames_of_the_whole(begins: int) -> None:
    whole, part = moving(24), moving(24)[begins:]
    found = chosen(KeyFrames(5, by_number=True), part)
    assert chosen(KeyFrames(5, by_number=True), whole) == [0, 5, 10, 15, 20]
    assert found[0] == begins
    assert [number for number in found if number % 5 == 0] == [n for n in (0, 5, 10, 15, 20) if n >= begins]
    assert len(found) == len([n for n in found if n % 5 == 0]) + (begins % 5 > 0)


@pytest.mark.parametrize("breaks", ["cut", "size", "gap", "back", "model"])
def test_where_the_stream_breaks(breaks: str) -> None:
    keys = KeyFrames(10)
    assert chosen(keys, moving(4)) == [0]
    small = {"cut": texture(7), "size": scene(48)[0][:100]}.get(breaks, scene(48)[0])
    ms = {"gap": 4 * 33 + 1001, "back": 5}.get(breaks)
    assert keys(frame(4, small, ms), object() if breaks == "model" else MODEL)
    # And it counts from there.
    after = [frame(5 + n, small, (ms or 4 * 33) + 33 * (n + 1)) for n in range(11)]
    assert [one.seq for one in after if keys(one, keys._last.segmenter)] == [14]  # type: ignore[union-attr]


def sweep() -> list[Frame]:
    """Another picture slides over the first from the left, 12 of 256 pixels a frame: no cut, and soon another picture."""
    frames = []
    for number in range(20):
        small = texture(1).copy()
        small[:, : 12 * number] = texture(7)[:, WIDTH - 12 * number :]
        frames.append(frame(number, small))
    return frames


def test_what_changed_too_much() -> None:
    found = chosen(KeyFrames(20), sweep())
    assert found[0] == 0
    # Two fifths of the picture are new after 9 frames, and then of what is left after as many again.
    assert 7 <= found[1] <= 11
    assert chosen(KeyFrames(20, change=0.15), sweep())[1] < found[1]
    assert chosen(KeyFrames(20, change=1), sweep()) == [0]


def test_exposure_is_no_change() -> None:
    frames = [frame(n, np.clip(texture() * (1 - 0.03 * n), 0, 255).astype(np.uint8)) for n in range(15)]
    assert chosen(KeyFrames(20), frames) == [0]


def clocked(number: int, rate: float, stated: bool) -> Frame:
    info = SourceInfo("made", 64, 36, Fraction(round(rate)) if stated else None)
    return Frame(
        number, BgrPicture(np.zeros((36, 64, 3), np.uint8)), info, round(1000 * number / rate), Fraction(1, 1000)
    )


def settled(milliseconds: float, at: float, stated: bool = True, rate: float | None = None) -> int:
    """``every`` after a while with a network that takes so long."""
    keys = KeyFrames("auto", rate=rate)
    for number in range(40):
        if keys(clocked(number, at, stated), MODEL):
            answer = Answer()
            keys.asked(answer)
            answer.give(np.zeros((1, 1), np.uint8), "a", milliseconds / 1000)
    return keys.every


@pytest.mark.parametrize("stated", [True, False])
@pytest.mark.parametrize(
    ("milliseconds", "rate", "every"), [(70, 30, 3), (70, 60, 6), (5, 30, 1), (500, 30, 19), (9000, 30, MOST)]
)
def test_auto_keeps_the_rate_of_the_source(milliseconds: float, rate: float, every: int, stated: bool) -> None:
    """The network is busy for four fifths of the time, at most."""
    assert settled(milliseconds, rate, stated) == every


def test_auto_keeps_another_rate() -> None:
    assert settled(70, 30, rate=15.0) == 2


def test_auto_follows_what_the_network_takes() -> None:
    keys, seen = KeyFrames("auto"), []
    for number in range(120):
        if keys(clocked(number, 30, True), MODEL):
            answer = Answer()
            keys.asked(answer)
            answer.give(np.zeros((1, 1), np.uint8), "a", 0.07 if number < 60 else 0.005)
        seen.append(keys.every)
    assert seen[0] == 1
    assert seen[50] == 3
    assert seen[-1] == 1


@pytest.mark.parametrize(("milliseconds", "rate"), [(5, 30), (35, 30), (70, 30), (70, 60), (300, 25)])
def test_auto_reaches_the_rate_on_the_networks_own_clock(milliseconds: float, rate: float) -> None:
    """Frames are there at once, as from a file, and only the network takes time."""
    keys, elapsed, done = KeyFrames("auto"), 0.0, list[float]()
    for number in range(300):
        if keys(clocked(number, rate, True), MODEL):
            answer = Answer()
            keys.asked(answer)
            elapsed += milliseconds / 1000
            answer.give(np.zeros((1, 1), np.uint8), "a", milliseconds / 1000)
        done.append(elapsed)
    reached = 200 / (done[-1] - done[99])
    assert reached >= rate
    # And it looks as often as it can: one frame less between the key frames, and it would be too busy.
    assert keys.every == 1 or (keys.every - 1) * 1000 / milliseconds < rate / BUSY


def test_auto_where_many_key_frames_wait_for_the_network() -> None:
    """All that is read ahead are key frames at first."""
    keys, waiting = KeyFrames("auto"), list[Answer]()
    for number in range(200):
        if keys(clocked(number, 30, True), MODEL):
            waiting.append(Answer())
            keys.asked(waiting[-1])
        if len(waiting) > 20:
            waiting.pop(0).give(np.zeros((1, 1), np.uint8), "a", 0.07)
    assert keys.every == 3


def test_auto_waits_for_answers_that_are_not_there_yet() -> None:
    keys = KeyFrames("auto")
    for number in range(40):
        if keys(clocked(number, 30, True), MODEL):
            keys.asked(Answer())
    assert keys.every == 1


def test_how_it_is_written() -> None:
    assert [parse_every(one) for one in (1, "5", "60", "auto")] == [1, 5, 60, "auto"]
    for wrong in (0, 61, "0", "-1", "5.5", "often", "", 2.0, True, None, "٣"):
        with pytest.raises(InputError, match="every is a number of frames, 1 to 60, or auto"):
            parse_every(wrong)
    with pytest.raises(InputError, match="give a number"):
        parse_every("auto", repeats=True)


def test_how_often_is_changed_on_the_way() -> None:
    keys, frames = KeyFrames(1), [frame(number, texture()) for number in range(20)]
    assert chosen(keys, frames[:3]) == [0, 1, 2]
    keys.use(4)
    assert chosen(keys, frames[3:12]) == [3, 7, 11]
    keys.use(1)
    assert chosen(keys, frames[12:14]) == [12, 13]
    keys.use("auto")
    assert chosen(keys, frames[14:16]) == [14, 15]
