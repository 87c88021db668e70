"""Every frame with the newest mask, moved onto it."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from rtskin.errors import GraphStateError, InputError
from rtskin.frame import Frame, Prepared, Scores
from rtskin.graph import Graph
from rtskin.infer.base import BaseSegmenter, RuntimeInfo
from rtskin.infer.cards import Card
from rtskin.node import Context, Node, Source
from rtskin.registry import METHODS
from rtskin.riding import with_latest
from rtskin.smooth.pair import Pair

from .test_carry import iou
from .test_motion import scene, texture
from .test_prior import frame


def opened(**options: Any) -> Pair:
    node = Pair(**options)
    node.open(Context())
    return node


def square(number: int) -> tuple[Frame, np.ndarray]:
    """A square of 60 pixels, 3 further in each frame, and its mask."""
    picture, mask = scene(40 + 3 * number, 60)
    return frame(number, picture), mask


def shown(pair: Pair, frames: list[Frame], masks: dict[int, Scores]) -> list[Scores]:
    """masks: what is the newest from a frame on."""
    out, newest = [], None
    for one in frames:
        newest = masks.get(one.seq, newest)
        out.append(pair.process(one, newest))
    return out


def test_a_late_mask_is_carried_over_the_frames_that_passed() -> None:
    """Masks of frames 0, 3, 6 … arrive 3 frames later, so they are carried over 3 to 5: over 15 pixels of 256."""
    made = [square(number) for number in range(20)]
    masks = {number + 3: Scores(*made[number], "a") for number in range(0, 17, 3)}
    pair = opened()
    found = shown(pair, [one for one, _ in made], masks)
    assert [one.frame for one in found] == [one for one, _ in made]
    good = [iou(one.data, mask) for one, (_, mask) in list(zip(found, made, strict=True))[3:]]
    stayed = [iou(made[number - 3 - number % 3][1], made[number][1]) for number in range(3, 20)]
    assert np.mean(good) > 0.83
    assert min(good) > 0.75
    assert np.mean(stayed) < 0.7
    assert {one.model for one in found[3:]} == {"a"}
    assert pair.counters() == {"key_frames": 6, "mean_lag": 3.941}


def test_until_there_is_a_mask_it_is_empty() -> None:
    found = shown(opened(), [square(number)[0] for number in range(3)], {})
    assert [one.data.shape for one in found] == [(1, 1)] * 3
    assert max(float(one.data.max()) for one in found) == 0


def test_a_mask_of_the_frame_itself_is_shown_as_it_is() -> None:
    one, mask = square(0)
    assert opened().process(one, Scores(one, mask, "a")).data is mask


def test_a_mask_of_a_frame_that_was_not_shown() -> None:
    """The network and the display drop frames each for itself."""
    made = [square(number) for number in range(10)]
    pair = opened()
    frames = [one for one, _ in made if one.seq not in (2, 5)]
    found = shown(pair, frames, {4: Scores(*made[2], "a"), 7: Scores(*made[5], "a")})
    for one in found[3:]:
        assert iou(one.data, made[one.frame.seq][1]) > 0.8


def test_a_mask_of_a_later_frame_waits_for_it() -> None:
    made = [square(number) for number in range(3)]
    pair = opened()
    ahead = Scores(*made[2], "a")
    assert pair.process(made[0][0], Scores(*made[0], "a")).data is made[0][1]
    assert pair.process(made[1][0], ahead).data is not ahead.data
    assert pair.process(made[2][0], ahead).data is ahead.data


@pytest.mark.parametrize("breaks", ["cut", "size", "gap"])
def test_a_break_forgets_also_what_comes_late(breaks: str) -> None:
    def after(number: int) -> Frame:
        small = {"cut": texture(7), "size": texture(1)[:100]}.get(breaks, texture(1))
        return frame(number, small, number * 33 + (1500 if breaks == "gap" else 0))

    pair, full = opened(), np.ones((20, 30), np.float32)
    before = [frame(number, texture(1)) for number in range(4)]
    found = shown(pair, before, {1: Scores(before[0], full, "a")})
    assert float(found[-1].data.min()) == 1
    # A mask of the old shot, and then one of the new.
    late = {4: Scores(before[2], full, "a"), 6: Scores(after(5), full * 0.5, "a")}
    found = shown(pair, [after(number) for number in range(4, 8)], late)
    assert [float(one.data.max()) for one in found] == [0, 0, 0.5, 0.5]


def test_filters_after_it_start_afresh_with_the_first_mask_of_a_shot() -> None:
    """The empty mask has another size."""
    from rtskin.smooth.node import Smooth

    pair, smooth = opened(), Smooth(method="ema")
    smooth.open(Context())
    frames = [frame(number, texture(1)) for number in range(4)]
    late = {2: Scores(frames[1], np.full((20, 30), 0.9, np.float32), "a")}
    found = [smooth.process(one) for one in shown(pair, frames, late)]
    assert [round(float(one.data.max()), 4) for one in found if one is not None] == [0, 0, 0.9, 0.9]


def test_an_empty_mask_of_one_pixel_goes_through_the_rest() -> None:
    from rtskin.render.refine import Refiner
    from rtskin.roi.components import find_regions

    one = square(0)[0]
    empty = opened().process(one, None)
    assert Refiner()(empty).data.shape == (one.height, one.width)
    assert Refiner()(empty).data.max() == 0
    assert find_regions(empty.data, (one.width, one.height)) == []


def test_it_keeps_no_frames() -> None:
    """Their buffers are wanted back: what it remembers is small."""
    import gc
    import weakref

    pair, made = opened(), [square(number) for number in range(3)]
    seen = [weakref.ref(one.picture.pixels) for one, _ in made]  # type: ignore[attr-defined]
    for one, mask in made:
        pair.process(one, Scores(one, mask, "a"))
    del one, mask, made
    gc.collect()
    assert all(ref() is None for ref in seen)


def test_its_ports_sample() -> None:
    assert (Pair.ports, Pair.sync, Pair.emits) == (("frame", "scores"), "sample", "each")
    assert Pair().counters() == {"key_frames": 0, "mean_lag": 0.0}


# In a graph: nothing waits for the clock. The source gives a frame when the one before was shown, and the network takes
# its time until LATE more were shown.
FRAMES, LATE = 30, 3


class Shown(Node):
    emits = "none"

    def __init__(self, total: int) -> None:
        super().__init__()
        self.seen: list[Scores] = []
        self._total, self._more = total, threading.Condition()
        self._stopped: threading.Event | None = None

    def open(self, context: Context) -> None:
        self._stopped = context.stopping

    def process(self, scores: Scores) -> None:
        with self._more:
            self.seen.append(scores)
            self._more.notify_all()

    def wait(self, count: int) -> None:
        """Until so many were shown, or as many as there are."""
        with self._more:
            while len(self.seen) < min(count, self._total):
                if self._stopped is not None and self._stopped.is_set():
                    raise GraphStateError("stopped")
                self._more.wait(0.05)


class Lockstep(Source):
    live = True

    def __init__(self, shown: Shown, total: int) -> None:
        super().__init__()
        self._shown, self._total, self._next = shown, total, 0

    def read(self) -> Frame | None:
        if self._next == self._total:
            return None
        self._shown.wait(self._next)
        self._next += 1
        return square(self._next - 1)[0]


class Slow(BaseSegmenter):
    """Finds the square, late."""

    def __init__(self, shown: Shown) -> None:
        self.card, self.info = Card(name="slow", architecture="slow"), RuntimeInfo("none", "cpu", "none", 1)
        self.looked: list[int] = []
        self._shown = shown

    def prepare(self, frame: Frame) -> Prepared:
        return Prepared(frame, self)

    def infer(self, prepared: Prepared) -> Scores:
        seq = prepared.frame.seq
        self.looked.append(seq)
        self._shown.wait(seq + 1 + LATE)
        return Scores(prepared.frame, square(seq)[1], "slow")


@pytest.mark.parametrize(("every", "most", "good"), [(1, 12, 0.75), (10, 3, 0.65)])
def test_a_slow_network_does_not_hold_the_display(
    every: int, most: int, good: float, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every frame is shown, and its mask lies on the square, which moves over its own width in 20 frames; the network looks
    at as many as it can, or every tenth."""
    sink = Shown(FRAMES)
    slow = Slow(sink)
    monkeypatch.setitem(METHODS._loaded, "slow", lambda card, **settings: slow)
    card = tmp_path / "model.toml"
    card.write_text('name = "slow"\narchitecture = "slow"\n')
    graph = Graph()
    for name, node in (("source", Lockstep(sink, FRAMES)), ("sink", sink)):
        graph.add(name, node)
    graph.add("preprocess", "preprocess").add("infer", "infer", model=str(card))
    graph.add("propagate", "pair", every=every)
    graph.connect("source", "preprocess").connect("preprocess", "infer").connect("infer", "propagate.scores")
    graph.connect("source", "propagate.frame").connect("propagate", "sink")
    statistics = graph.run()
    assert [one.frame.seq for one in sink.seen] == list(range(FRAMES))
    assert statistics.frames == {"captured": FRAMES, "rendered": FRAMES, "dropped": 0}
    assert 2 <= len(slow.looked) <= most
    assert all(later - earlier >= every for earlier, later in zip(slow.looked, slow.looked[1:], strict=False))
    begun = next(number for number, one in enumerate(sink.seen) if one.model)
    assert LATE <= begun <= LATE + 2
    lies = [iou(one.data, square(one.frame.seq)[1]) for one in sink.seen[begun:]]
    assert np.mean(lies) > good
    assert min(lies) > good - 0.2
    counters = statistics.nodes["propagate"].counters
    # Those that were done after the last frame was shown came too late.
    assert len(slow.looked) - LATE <= int(counters["key_frames"]) <= len(slow.looked)
    assert float(counters["mean_lag"]) > LATE - 1


def test_a_frame_waits_for_its_own_mask_as_long_as_it_is_told() -> None:
    """The network takes 30 ms: with a second of patience no mask is late, without all are."""
    lags = {}
    for wait in (1000, 0):
        graph = riding_graph(wait)
        lags[wait] = [packet.frame.seq for packet in graph] and graph.nodes["propagate"].counters()["mean_lag"]
    assert lags[1000] == 0
    assert float(lags[0]) > 0


def riding_graph(wait: int) -> Graph:
    from pathlib import Path

    card = Path(__file__).parents[2] / "bench" / "cards" / "fake"
    settings = {
        "source.uri": "pattern:64x48@10?frames=12",
        "source.pace": "source",
        "infer.model": str(card),
        "infer.runtime": "fake",
        "infer.runtime_options": {"delay_ms": 30},
    }
    return Graph.from_toml("masks", settings, lambda spec: with_latest(spec, 1, wait_ms=wait))


def test_every_is_set_while_it_runs_where_that_was_said() -> None:
    with pytest.raises(InputError, match="begin with every = 2"):
        Pair().set("every", 3)
    pair = Pair(wait_ms=5)
    pair.set("wait_ms", 20)
    assert pair.patience == 0.02
    for bad in (-1, 2000, "long"):
        with pytest.raises(InputError):
            pair.set("wait_ms", bad)
