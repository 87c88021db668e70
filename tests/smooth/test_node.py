"""The node "smooth": where it starts afresh, and how it is switched."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from rtskin.errors import InputError, UnknownNameError
from rtskin.frame import BgrPicture, Frame, Scores, SourceInfo
from rtskin.node import Context
from rtskin.registry import NODES
from rtskin.smooth.node import Smooth

BLACK = np.zeros((36, 64, 3), np.uint8)
STRIPES = np.repeat(np.arange(36, dtype=np.uint8)[:, None] // 9 % 2 * 200, 64, axis=1)[:, :, None].repeat(3, axis=2)


def scores(
    value: float,
    ms: int | None,
    *,
    size: tuple[int, int] = (8, 8),
    model: str = "a",
    pixels: np.ndarray = BLACK,
    captured_ns: int = 0,
) -> Scores:
    height, width = pixels.shape[:2]
    frame = Frame(0, BgrPicture(pixels), SourceInfo("made", width, height), ms, Fraction(1, 1000), captured_ns)
    return Scores(frame, np.full(size, value, np.float32), model)


def opened(**options: object) -> Smooth:
    node = Smooth(**options)
    node.open(Context())
    return node


def follows_at_once(node: Smooth, first: Scores, second: Scores) -> bool:
    """True if ``second`` (which differs a little) was taken whole: the filter started afresh."""
    node.process(first)
    return bool(np.array_equal(node.process(second).data, second.data))


def test_it_averages_and_keeps_frame_and_model() -> None:
    node, second = opened(), scores(0.55, 33)
    node.process(scores(0.5, 0))
    result = node.process(second)
    assert result.frame is second.frame
    assert result.model == "a"
    assert 0.5 < result.data[0, 0] < 0.55
    assert node.counters() == {"method": "adaptive", "resets": 0}


@pytest.mark.parametrize(
    "second",
    [
        scores(0.55, 1033 + 40, model="b"),
        scores(0.55, 1033 + 40, size=(8, 9)),
        scores(0.55, 1033 + 40, pixels=BLACK[:18]),
        scores(0.55, 1033 + 40, pixels=STRIPES),
        scores(0.55, 1000),
        scores(0.55, 1033 + 1001),
    ],
    ids=["model", "mask size", "frame size", "cut", "back in time", "gap"],
)
def test_it_starts_afresh(second: Scores) -> None:
    node = opened()
    assert follows_at_once(node, scores(0.5, 1033), second)
    assert node.counters()["resets"] == 1


def test_after_a_break_it_averages_again() -> None:
    node = opened()
    node.process(scores(0.5, 0))
    node.process(scores(0.5, 5000))
    assert node.process(scores(0.55, 5033)).data[0, 0] < 0.55


def test_cuts_can_be_left_alone() -> None:
    assert not follows_at_once(opened(cuts=False), scores(0.5, 0), scores(0.55, 33, pixels=STRIPES))


def test_the_time_step_is_that_of_the_frames() -> None:
    results = []
    for ms in (16, 66):
        node = opened()
        node.process(scores(0.5, 0))
        results.append(float(node.process(scores(0.55, ms)).data[0, 0]))
    assert results == pytest.approx([0.55 - 0.05 * np.exp(-ms / 150) for ms in (16, 66)], abs=1e-4)


def test_without_pts_the_clock_at_capture_is_taken() -> None:
    ms = 1_000_000
    assert follows_at_once(opened(), scores(0.5, None, captured_ns=ms), scores(0.55, None, captured_ns=1500 * ms))
    assert not follows_at_once(opened(), scores(0.5, None, captured_ns=ms), scores(0.55, None, captured_ns=40 * ms))
    assert not follows_at_once(opened(), scores(0.5, None), scores(0.55, None))


def test_it_is_toggled_and_named_while_running() -> None:
    node = opened()
    node.process(scores(0.5, 0))
    assert node.command("smooth", "toggle")
    assert node.counters()["method"] == "none"
    second = scores(0.55, 33)
    assert node.process(second).data is second.data
    assert node.command("smooth", "toggle")
    assert node.counters()["method"] == "adaptive"
    # The filter is a new one: nothing of before the pause comes back.
    third = scores(0.6, 66)
    assert np.array_equal(node.process(third).data, third.data)
    assert node.command("smooth", "none")
    assert node.counters()["method"] == "none"


def test_toggle_from_none_takes_adaptive() -> None:
    node = opened(method="none")
    node.command("smooth", "toggle")
    assert node.counters()["method"] == "adaptive"


def test_other_commands_are_not_its_own() -> None:
    assert not opened().command("view", "toggle")


def test_an_unknown_method_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean adaptive"):
        Smooth(method="adaptiv")
    node = opened()
    with pytest.raises(UnknownNameError, match="did you mean adaptive"):
        node.command("smooth", "adaptve")
    assert node.counters()["method"] == "adaptive"


def test_an_option_out_of_range_and_an_unknown_one_are_refused() -> None:
    with pytest.raises(InputError, match=r"Smooth\.strength"):
        Smooth(strength=2)
    with pytest.raises(InputError, match=r"no option 'strenght'.*strength"):
        Smooth(strenght=0.5)


def test_it_is_the_kind_smooth() -> None:
    assert NODES.get("smooth") is Smooth
