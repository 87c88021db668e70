"""The node "smooth": where it starts afresh, and how it is switched."""

from __future__ import annotations

import threading
import time
from fractions import Fraction

import numpy as np
import pytest

from rtskin.errors import InputError, UnknownNameError
from rtskin.frame import BgrPicture, Frame, Scores, SourceInfo
from rtskin.node import Context, Node
from rtskin.registry import NODES, SMOOTHERS
from rtskin.smooth.ahead import Ahead
from rtskin.smooth.base import NoSmoother
from rtskin.smooth.flow import Flow
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
    node, second = opened(method="adaptive"), scores(0.55, 33)
    node.process(scores(0.5, 0))
    result = node.process(second)
    assert result.frame is second.frame
    assert result.model == "a"
    assert 0.5 < result.data[0, 0] < 0.55
    assert node.counters() == {
        "method": "adaptive", "mode": "adaptive", "why": "asked for", "strength": 0.5, "resets": 0,
    }  # fmt: skip


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
    """As much is left after 66 ms whether one mask came or four."""
    results = []
    for count in (1, 4):
        node = opened(method="adaptive")
        node.process(scores(0.0, 0))
        for number in range(count):
            last = node.process(scores(0.08, 64 * (number + 1) // count))
        results.append(float(last.data[0, 0]))
    assert 0.01 < results[0] < 0.07
    assert results[0] == pytest.approx(results[1], abs=1e-3)


def test_without_pts_the_clock_at_capture_is_taken() -> None:
    ms = 1_000_000
    assert follows_at_once(opened(), scores(0.5, None, captured_ns=ms), scores(0.55, None, captured_ns=1500 * ms))
    assert not follows_at_once(opened(), scores(0.5, None, captured_ns=ms), scores(0.55, None, captured_ns=40 * ms))
    assert not follows_at_once(opened(), scores(0.5, None), scores(0.55, None))


def test_it_is_toggled_and_named_while_running() -> None:
    node = opened()
    node.process(scores(0.5, 0))
    assert node.command("smooth", "toggle")
    assert node.counters()["mode"] == "none"
    second = scores(0.55, 33)
    assert node.process(second).data is second.data
    assert node.command("smooth", "toggle")
    assert node.counters()["method"] == "auto"
    # The filter is a new one: nothing of before the pause comes back.
    third = scores(0.6, 66)
    assert np.array_equal(node.process(third).data, third.data)
    assert node.command("smooth", "ema")
    assert node.counters()["mode"] == "ema"


def test_toggle_from_none_takes_auto() -> None:
    node = opened(method="none")
    node.command("smooth", "toggle")
    assert node.counters()["method"] == "auto"


def test_auto_says_what_it_took_and_why() -> None:
    node = opened(in_time=False)
    node.process(scores(0.5, 0))
    assert node.counters()["mode"] == "flow"
    assert node.counters()["why"] == "the model takes no prior"


class Slow(Flow):
    """Takes 10 ms more, while the machine is busy."""

    busy = True

    def apply(self, data: np.ndarray, dt: float | None, frame: Frame) -> np.ndarray:
        time.sleep(0.01 if self.busy else 0)
        return super().apply(data, dt, frame)


def test_auto_takes_less_where_there_is_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A filter that takes 10 ms is too slow for frames 16 ms apart, and not for frames 200 ms apart."""
    monkeypatch.setitem(SMOOTHERS._loaded, "flow", Slow)
    for ms, mode in ((16, "adaptive"), (200, "flow")):
        node = opened()
        for number in range(20):
            node.process(scores(0.5, number * ms))
        assert node.counters()["mode"] == mode
        assert "flow takes " in str(node.counters()["why"])
        assert f"of {ms}.0 ms between frames" in str(node.counters()["why"])
        assert (", more than 15%" in str(node.counters()["why"])) == (mode == "adaptive")


def test_auto_comes_back_when_there_is_time_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames 100 ms apart, so that a test machine that is busy itself finds time too."""
    monkeypatch.setitem(SMOOTHERS._loaded, "flow", Slow)
    monkeypatch.setattr("rtskin.smooth.auto.SHARE", 0.1)
    monkeypatch.setattr("rtskin.smooth.auto.BACK", 0.08)
    monkeypatch.setattr("rtskin.smooth.auto.WAIT", 0.0)
    node, modes = opened(), []
    for number in range(200):
        monkeypatch.setattr(Slow, "busy", number < 40)
        node.process(scores(0.5, number * 100))
        modes.append(node.counters()["mode"])
    assert "adaptive" in modes[:40]
    assert modes[-1] == "flow"
    assert "between frames" in str(node.counters()["why"])


def test_changing_the_method_is_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The average goes on: the mask after the change is no new beginning."""
    monkeypatch.setitem(SMOOTHERS._loaded, "flow", Slow)
    node = opened()
    for number in range(40):
        mode = node.counters()["mode"]
        result = node.process(scores(0.5 + 0.04 * (number % 2), number * 16)).data[0, 0]
        if mode != node.counters()["mode"]:
            break
    assert node.counters()["mode"] == "adaptive"
    assert result == pytest.approx(0.52, abs=0.012)
    for later in range(number + 1, number + 5):
        result = node.process(scores(0.5 + 0.04 * (later % 2), later * 16)).data[0, 0]
        assert result == pytest.approx(0.52, abs=0.012)
    # One that keeps nothing of its own begins anew.
    Flow().take_over(NoSmoother())


def test_prior_needs_a_model_that_takes_one() -> None:
    with pytest.raises(InputError, match="the model 'a' takes no prior; use smoothing auto or flow"):
        opened(method="prior").process(scores(0.5, 0))
    node = opened()
    with pytest.raises(InputError, match="takes no prior"):
        node.command("smooth", "prior")
    assert node.counters()["method"] == "auto"


def test_other_commands_are_not_its_own() -> None:
    assert not opened().command("view", "toggle")


def test_an_unknown_method_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean adaptive"):
        Smooth(method="adaptiv")
    node = opened()
    with pytest.raises(UnknownNameError, match="did you mean adaptive"):
        node.command("smooth", "adaptve")
    assert node.counters()["method"] == "auto"


def test_an_option_out_of_range_and_an_unknown_one_are_refused() -> None:
    with pytest.raises(InputError, match=r"Smooth\.strength"):
        Smooth(strength=2)
    with pytest.raises(InputError, match=r"no option 'strenght'.*strength"):
        Smooth(strenght=0.5)


def test_it_is_the_kind_smooth() -> None:
    assert NODES.get("smooth") is Smooth


class Network(Node):
    """An infer node, as far as smoothing asks."""

    takes_prior = False
    prior = beside = None


def test_motion_is_searched_beside_the_network() -> None:
    """To the same masks; auto counts it as if it were not hidden; closing leaves no thread and asks the network no more."""
    wide = np.random.default_rng(4).integers(0, 255, (36, 64), np.uint8).repeat(4, axis=0).repeat(4, axis=1)
    stream = []
    for number in range(12):
        one = scores(
            0.4 + 0.05 * (number % 3), 33 * number, pixels=np.roll(wide, 2 * number, axis=1)[..., None].repeat(3, 2)
        )
        one.frame.seq = number
        stream.append(one)
    network, beside = Network(), Smooth(method="flow", cuts=False)
    alone = opened(method="flow", cuts=False)
    beside.bind({"infer": network})
    beside.open(Context())
    for one in stream:
        assert network.beside is not None
        network.beside(one.frame)
        assert np.array_equal(beside.process(one).data, alone.process(one).data)
    motion = beside._motion
    assert motion is not None
    assert motion.hits >= 9
    beside.close()
    assert network.beside is None
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("rtskin-motion")]


def test_what_is_hidden_beside_the_network_is_counted_by_auto(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hides(Flow):
        """Has 10 ms of its work done beside the network."""

        def look_ahead_with(self, ahead: Ahead) -> bool:
            self.ahead = ahead
            return True

        def apply(self, data: np.ndarray, dt: float | None, frame: Frame) -> np.ndarray:
            self.ahead.hidden_ms += 10
            return super().apply(data, dt, frame)

    monkeypatch.setitem(SMOOTHERS._loaded, "flow", Hides)
    node = Smooth()
    node.bind({"infer": Network()})
    node.open(Context())
    for number in range(20):
        node.process(scores(0.5, number * 16))
    node.close()
    assert node.counters()["mode"] == "adaptive"
