"""Looking ahead: what is delivered and when, what crosses a break, and what it does to masks."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction

import numpy as np
import pytest

from rtskin.errors import GraphSpecError, InputError
from rtskin.frame import BgrPicture, Frame, Scores, SourceInfo
from rtskin.graph import Graph
from rtskin.node import Context
from rtskin.smooth.adaptive import Adaptive
from rtskin.smooth.ema import Ema
from rtskin.smooth.flow import Flow
from rtskin.smooth.lookahead import MOST_FRAMES, REACH
from rtskin.smooth.node import Smooth

from .test_motion import HEIGHT, WIDTH, scene, texture

SIZE = (HEIGHT, WIDTH)


def made(
    number: int, small: np.ndarray, mask: np.ndarray, *, ms: int | None = None, step: int = 33, model: str = "a"
) -> Scores:
    """Scores of a frame whose picture is ``small`` in grey, at ``ms`` or ``number`` steps."""
    info = SourceInfo("made", small.shape[1], small.shape[0])
    pixels = np.repeat(small[:, :, None], 3, axis=2)
    at = number * step if ms is None else ms
    return Scores(Frame(number, BgrPicture(pixels), info, at, Fraction(1, 1000)), mask, model)


def opened(lookahead: int, method: str = "none", **options: object) -> Smooth:
    node = Smooth(method=method, lookahead=lookahead, **options)
    node.open(Context())
    return node


def through(node: Smooth, stream: Iterable[Scores]) -> list[Scores]:
    """What comes out of it, to the end of the stream."""
    return list(flowing(node, stream))


def flowing(node: Smooth, stream: Iterable[Scores]) -> Iterator[Scores]:
    for scores in stream:
        result = node.process(scores)
        if result is not None:
            yield result
    yield from node.flush()


def noisy(seed: int, deviation: float = 0.1, kind: type = np.float32) -> np.ndarray:
    mask = 0.5 + np.random.default_rng(seed).normal(0, deviation, (36, 64))
    return (mask * 255).astype(np.uint8) if kind is np.uint8 else mask.astype(np.float32)


STILL = texture()


@pytest.mark.parametrize("method", ["none", "ema", "adaptive", "flow", "auto"])
@pytest.mark.parametrize(("lookahead", "frames"), [(1, 7), (3, 7), (7, 7), (16, 5), (4, 1), (2, 0)])
def test_every_frame_once_in_order_with_its_own_time(lookahead: int, frames: int, method: str) -> None:
    given = [made(number, STILL, noisy(number)) for number in range(frames)]
    node, taken = opened(lookahead, method, in_time=False), []
    for number, scores in enumerate(given):
        result = node.process(scores)
        assert (result is None) == (number < lookahead)
        taken += [] if result is None else [result]
    taken += node.flush()
    assert [one.frame for one in taken] == [one.frame for one in given]
    assert [one.frame.pts for one in taken] == [33 * number for number in range(frames)]
    assert [one.model for one in taken] == ["a"] * frames
    assert node.counters()["lookahead"] == lookahead
    assert list(node.flush()) == []


def test_none_ahead_is_as_if_it_were_not_there() -> None:
    given = [made(number, STILL, noisy(number)) for number in range(4)]
    node, bare = opened(0, "flow"), Smooth(method="flow")
    bare.open(Context())
    for scores in given:
        assert np.array_equal(node.process(scores).data, bare.process(scores).data)
    assert list(node.flush()) == []
    assert "lookahead" not in node.counters()
    assert (node.emits, opened(1).emits) == ("each", "some")
    assert opened(0).process(given[0]) is given[0]


@pytest.mark.parametrize("wrong", [-1, MOST_FRAMES + 1, 1.5, "two"])
def test_what_cannot_be_looked_ahead_is_refused(wrong: object) -> None:
    with pytest.raises(InputError, match=r"Smooth\.lookahead"):
        Smooth(lookahead=wrong)


@pytest.mark.parametrize("lookahead", [1, 4])
def test_it_holds_no_more_than_it_needs(lookahead: int) -> None:
    """Pictures of frames to come and masks of both sides; nothing more, however long the stream."""
    pictures: list[weakref.ref[np.ndarray]] = []
    masks: list[weakref.ref[np.ndarray]] = []

    def stream() -> Iterator[Scores]:
        for number in range(60):
            scores = made(number, np.roll(STILL, 2 * number, axis=1), noisy(number))
            pictures.append(weakref.ref(scores.frame.bgr))
            masks.append(weakref.ref(scores.data))
            yield scores
            del scores

    held = []
    for result in flowing(opened(lookahead), stream()):
        del result
        held.append([sum(one() is not None for one in alive) for alive in (pictures, masks)])
    # The one that is taken and the one that is given are held by this loop too.
    assert max(count for count, _ in held) <= lookahead + 2
    assert max(count for _, count in held) <= 2 * lookahead + 2
    assert held[20:50] == [held[20]] * 30


BREAKS: dict[str, Callable[[int], dict[str, object]]] = {
    "cut": lambda number: {"small": texture(7)},
    "frame size": lambda number: {"small": STILL[:100]},
    "gap": lambda number: {"ms": 33 * number + 2000},
    "back in time": lambda number: {"ms": 33 * (number - 6)},
    "model": lambda number: {"model": "b"},
    "mask size": lambda number: {"mask": np.zeros((18, 32), np.float32)},
}


@pytest.mark.parametrize("kind", BREAKS)
def test_nothing_crosses_a_break_in_either_direction(kind: str) -> None:
    """All skin before it, none after it."""
    stream = []
    for number in range(12):
        after = BREAKS[kind](number) if number >= 6 else {}
        shown = {"small": STILL, "mask": np.full((36, 64), number < 6, np.float32)} | after
        stream.append(made(number, **shown))  # type: ignore[arg-type]
    node = opened(4)
    taken = through(node, stream)
    assert [float(one.data.min()) for one in taken] == [1.0] * 6 + [0.0] * 6
    assert [float(one.data.max()) for one in taken] == [1.0] * 6 + [0.0] * 6
    assert node.counters()["resets"] == 1
    if kind == "cut":  # and with no eye for cuts, it does
        blind = through(opened(4, cuts=False), stream)
        assert 0 < float(blind[5].data.min()) < 1


def test_the_filter_after_it_starts_afresh_at_the_same_frame() -> None:
    """It comes after the masks were held back, and still knows where the shot began."""
    stream = [made(n, STILL if n < 6 else texture(7), np.full((36, 64), n < 6, np.float32)) for n in range(12)]
    for method in ("ema", "adaptive", "flow"):
        taken = through(opened(3, method), stream)
        assert [float(one.data.mean()) for one in taken] == [1.0] * 6 + [0.0] * 6


@pytest.mark.parametrize("kind", [np.float32, np.uint8])
@pytest.mark.parametrize("lookahead", [1, 4])
def test_a_constant_is_itself(lookahead: int, kind: type) -> None:
    """Under a camera's noise; while the picture moves it is what moved, between the values that there were."""
    constant, random = noisy(1, kind=kind), np.random.default_rng(0)
    stream = []
    for number in range(10):
        shaking = np.clip(STILL + random.normal(0, 1.0, STILL.shape), 0, 255).astype(np.uint8)
        stream.append(made(number, STILL if number < 5 else shaking, constant))
    near = 1 if kind is np.uint8 else 0.005
    for one in through(opened(lookahead), stream):
        assert one.data.dtype == kind
        assert np.abs(one.data.astype(float) - constant).mean() <= near
    for one in through(opened(lookahead), stream[:5]):
        assert np.array_equal(one.data, constant)
    moving = [made(number, np.roll(STILL, 3 * number, axis=1), constant) for number in range(10)]
    for one in through(opened(lookahead), moving):
        assert constant.min() <= one.data.min() <= one.data.max() <= constant.max()


@pytest.mark.parametrize("gain", [0.0, 0.02])
def test_the_reversed_clip_gives_the_reversed_masks(gain: float) -> None:
    """A square that moves, masks that tremble, and light that changes: within 0.00001, since sums are rounded."""
    stream = []
    for number in range(12):
        picture, truth = scene(60 + 4 * number)
        lit = np.clip(picture * (1 + gain * math.sin(number)), 0, 255).astype(np.uint8)
        mask = np.clip(truth + np.random.default_rng(number).normal(0, 0.1, SIZE), 0, 1).astype(np.float32)
        stream.append((lit, mask))
    there = through(opened(3), [made(n, *one) for n, one in enumerate(stream)])
    back = through(opened(3), [made(n, *one) for n, one in enumerate(reversed(stream))])
    apart = [np.abs(one.data - other.data) for one, other in zip(there, reversed(back), strict=True)]
    assert max(float(one.max()) for one in apart) < 1e-5
    assert max(float(np.abs(one.data - given[1]).mean()) for one, given in zip(there, stream, strict=True)) > 0.01


def test_weights_fall_with_time() -> None:
    """By exp(−Δt / REACH) of the frames' own times, whatever their number."""
    for step in (20, 100, 400):
        stream = [
            made(number, STILL, np.full((36, 64), 0.56 if number == 2 else 0.5), step=step) for number in range(5)
        ]
        stream = [Scores(one.frame, one.data.astype(np.float32), "a") for one in stream]
        near, far = (math.exp(-count * step / 1000 / REACH) for count in (1, 2))
        middle = through(opened(2), stream)[2].data
        assert middle == pytest.approx(0.5 + 0.06 / (1 + 2 * near + 2 * far), abs=1e-5)


@pytest.mark.parametrize("lookahead", [1, 2, 4])
def test_a_frame_that_was_missed_is_mended_and_nothing_comes_late(lookahead: int) -> None:
    """The network loses everything for a frame: most of it is there. What really ends, ends in its frame: past one half."""
    lost = [made(n, STILL, np.full((36, 64), n != 6, np.float32)) for n in range(12)]
    assert through(opened(lookahead), lost)[6].data.min() > 0.5
    ended = [made(n, STILL, np.full((36, 64), n < 6, np.float32)) for n in range(12)]
    taken = [float(one.data.mean()) for one in through(opened(lookahead), ended)]
    assert all(value > 0.5 for value in taken[:6])
    assert all(value < 0.5 for value in taken[6:])


def test_what_the_luma_does_not_show_is_averaged_less() -> None:
    """A mind that changed for good is followed better than a plain mean follows it."""
    ended = [made(n, STILL, np.full((36, 64), n < 6, np.float32)) for n in range(12)]
    near, far = (math.exp(-count * 0.033 / REACH) for count in (1, 2))
    plain = (near + far) / (1 + 2 * near + 2 * far)  # frame 6, of which two before it say skin
    assert through(opened(2), ended)[6].data.mean() < 0.9 * plain


def test_nan_heals() -> None:
    bad = noisy(0)
    bad[5:9, 7:20] = np.nan
    stream = [made(n, np.roll(STILL, 4 * n, axis=1), bad if n == 3 else noisy(n)) for n in range(8)]
    taken = through(opened(2), stream)
    assert all(np.isfinite(one.data).all() for one in taken)


def square(seed: int = 5, frames: int = 16, step: int = 5) -> tuple[list[Scores], list[np.ndarray]]:
    """A square that moves ``step`` pixels a frame before a wall; the network says 0.8 and 0.2, trembles, and now and then
    loses a part of it. Truths: 0.2 and 0.8."""
    random, stream, truths = np.random.default_rng(seed), [], []
    for number in range(frames):
        picture, inside = scene(40 + step * number)
        truth = np.float32(0.2) + np.float32(0.6) * inside
        given = truth + random.normal(0, 0.08, truth.shape)
        if number % 4 == 2:
            given[60:75] = 0.2
        stream.append(made(number, picture, np.clip(given, 0, 1).astype(np.float32)))
        truths.append(truth)
    return stream, truths


def judged(masks: list[np.ndarray], truths: list[np.ndarray], step: int = 5) -> dict[str, float]:
    """flicker: mean |Δ mask| beyond that of the truth. trail: the mean above 0.2 behind the square."""
    flicker, trail = [], []
    for number in range(5, len(masks) - 4):
        change = (masks[number] - masks[number - 1]) - (truths[number] - truths[number - 1])
        flicker.append(float(np.abs(change).mean()))
        left = 40 + step * number
        trail.append(float(masks[number][52:88, left - 2 * step : left].mean()) - 0.2)
    return {"flicker": float(np.mean(flicker)), "trail": float(np.mean(trail))}


@pytest.mark.parametrize("step", [2, 5])
def test_it_is_steadier_than_filters_that_only_look_back_and_trails_no_more(step: int) -> None:
    stream, truths = square(step=step)

    def figures(masks: Iterable[np.ndarray]) -> dict[str, float]:
        return judged([mask.copy() for mask in masks], truths, step)

    none = figures(one.data for one in stream)
    causal = [figures(kind.apply(one.data, 0.033, one.frame) for one in stream) for kind in (Ema(), Adaptive(), Flow())]
    two, four = (figures(one.data for one in through(opened(lookahead), stream)) for lookahead in (2, 4))
    for other in causal:
        assert four["trail"] <= other["trail"]
    # Flow alone averages over more frames than four, and is steadier than they are.
    assert four["flicker"] < min(other["flicker"] for other in causal[:2])
    assert four["flicker"] < two["flicker"] < 0.3 * none["flicker"]
    # A filter after it makes it steadier still.
    both = figures(one.data for one in through(opened(4, "flow"), stream))
    assert both["flicker"] < 0.7 * min(four["flicker"], causal[2]["flicker"])


def test_what_is_covered_and_uncovered_takes_its_own_value() -> None:
    """No ghost before the square, where it will be, nor behind it, where it was."""
    stream, truths = [], []
    for number in range(10):
        picture, inside = scene(40 + 12 * number)
        stream.append(made(number, picture, inside))
        truths.append(inside)
    for number, one in list(enumerate(through(opened(3), stream)))[3:7]:
        left = 40 + 12 * number
        assert one.data[55:85, left - 20 : left - 4].mean() < 0.08
        assert one.data[55:85, left + 44 : left + 60].mean() < 0.08
        assert one.data[55:85, left + 4 : left + 36].mean() > 0.92


SETTINGS = {"source.uri": "pattern:64x48@30?frames=20", "infer.model": "ellipse", "smooth.method": "flow"}


def test_through_a_graph_every_frame_comes_also_when_it_is_drained() -> None:
    graph = Graph.from_toml("masks", {**SETTINGS, "smooth.lookahead": 4})
    packets = list(graph)
    assert [packet.frame.seq for packet in packets] == list(range(20))
    assert [packet.frame.time for packet in packets] == pytest.approx([number / 30 for number in range(20)])
    endless = Graph.from_toml("masks", {**SETTINGS, "source.uri": "pattern:64x48@30?frames=0", "smooth.lookahead": 4})
    seqs = []
    for packet in endless:
        seqs.append(packet.frame.seq)
        if len(seqs) == 10:
            endless.drain()
    assert seqs == list(range(len(seqs)))
    assert len(seqs) == endless.statistics().frames["captured"] >= 14


def test_a_live_source_is_refused() -> None:
    with pytest.raises(InputError, match="lookahead 2 makes each mask of frames that a live source does not have yet"):
        Graph.from_toml("masks", {**SETTINGS, "source.pace": "source", "smooth.lookahead": 2})


def test_a_join_with_frames_that_were_not_held_back_is_refused() -> None:
    """It would wait for ever. Without looking ahead, it may be."""
    from tests.graph.nodes import Join

    for lookahead in (0, 2):
        graph = Graph.from_toml("masks", {**SETTINGS, "smooth.lookahead": lookahead})
        graph.add("join", Join()).connect("source", "join.left").connect("refine", "join.right")
        if lookahead:
            with pytest.raises(GraphSpecError, match=r"would starve.*node 'smooth'"):
                graph.run()
        else:
            graph.run()
