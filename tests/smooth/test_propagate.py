"""The network every few frames of a file, and the masks between."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import GraphSpecError, InputError
from rtskin.frame import Frame, Mask, Prepared, Scores
from rtskin.graph import Graph
from rtskin.infer.base import BaseSegmenter, RuntimeInfo
from rtskin.infer.cards import Card
from rtskin.media import cv2
from rtskin.node import Context
from rtskin.registry import METHODS, NODES
from rtskin.riding import with_every
from rtskin.smooth.keys import KeyFrames
from rtskin.smooth.propagate import Propagate

from .test_carry import iou
from .test_motion import scene, texture
from .test_prior import frame

MODEL = object()


def opened(**options: Any) -> Propagate:
    node = Propagate(**options)
    node.open(Context())
    return node


def run(node: Propagate, pictures: Iterable[tuple[Frame, np.ndarray]], every: int) -> list[Scores]:
    """As the graph does it: key frames come with their own scores, the others with those of the key before."""
    keys, key = KeyFrames(every), np.zeros((1, 1), np.float32)
    out = []
    for one, mask in pictures:
        looked = keys(one, MODEL)
        key = mask if looked else key
        given = node.process(Scores(one, key, "a", rides=not looked))
        out += [] if given is None else [given]
    return [*out, *node.flush()]


def square(count: int = 22, step: int = 3, first: int = 40) -> list[tuple[Frame, np.ndarray]]:
    """A square of 60 pixels that moves by ``step`` a frame, and its mask."""
    made = [scene(first + step * number, 60) for number in range(count)]
    return [(frame(number, picture), mask) for number, (picture, mask) in enumerate(made)]


@pytest.mark.parametrize("every", [2, 5, 8])
def test_masks_follow_in_order(every: int) -> None:
    """The IoU of what is carried is 0.93 or more on average, where a mask that stays falls to 0.6."""
    pictures = square()
    found = run(opened(every=every), pictures, every)
    assert [one.frame for one in found] == [one for one, _ in pictures]
    assert not any(one.rides for one in found)
    assert {one.model for one in found} == {"a"}
    carried = [iou(one.data, mask) for one, (_, mask) in zip(found, pictures, strict=True)]
    assert carried[::every] == [1.0] * len(carried[::every])
    assert np.mean(carried) > 0.93
    assert min(carried) > 0.8
    stayed = [iou(pictures[n - n % every][1], mask) for n, (_, mask) in enumerate(pictures)]
    assert np.mean(stayed) < np.mean(carried) - (0.05 if every > 2 else 0.02)


def test_what_comes_out_waits_for_the_next_key_frame_and_no_longer() -> None:
    node, keys, delays = opened(every=5), KeyFrames(5), []
    for number, (one, mask) in enumerate(square(21)):
        given = node.process(Scores(one, mask, "a", rides=not keys(one, MODEL)))
        delays.append(None if given is None else number - given.frame.seq)
    assert delays == [0, *[None] * 4, *[4] * 16]
    assert [one.frame.seq for one in node.flush()] == [17, 18, 19, 20]


def test_what_one_key_frame_does_not_show_is_taken_from_the_other() -> None:
    """A square comes in over the edge: the first key frame does not show it at all."""
    pictures = []
    for number in range(11):
        picture, mask, seen = texture(1).copy(), np.zeros((144, 256), np.float32), 6 * number
        picture[40:100, :seen] = texture(2)[40:100, 60 - seen : 60]
        mask[40:100, :seen] = 1
        pictures.append((frame(number, picture), mask))
    both, one = run(opened(every=10), pictures, 10), run(opened(every=10), pictures[:10], 10)
    assert iou(one[8].data, pictures[8][1]) < 0.2
    assert iou(both[8].data, pictures[8][1]) > 0.8


def test_a_cut_is_a_key_frame_and_nothing_comes_across_it() -> None:
    """In either direction: before it all is skin, after it nothing is."""
    cut = 7
    still = [frame(number, texture(1 if number < cut else 7)) for number in range(14)]
    masks = [np.full((20, 30), float(number < cut), np.float32) for number in range(14)]
    found = run(opened(every=5), zip(still, masks, strict=True), 5)
    assert [float(one.data.min()) for one in found] == [float(number < cut) for number in range(14)]
    assert [float(one.data.max()) for one in found] == [float(number < cut) for number in range(14)]


@pytest.mark.parametrize("breaks", ["size", "gap"])
def test_sizes_and_gaps_end_the_way_too(breaks: str) -> None:
    size, late = (100 if breaks == "size" else 144), (2000 if breaks == "gap" else 0)
    shots = [frame(n, texture(1)) for n in range(3)]
    shots += [frame(n, texture(1)[:size], n * 33 + late) for n in range(3, 8)]
    masks = [np.full((20, 30), float(number < 3), np.float32) for number in range(8)]
    found = run(opened(every=5), zip(shots, masks, strict=True), 5)
    assert [float(one.data.mean()) for one in found] == [float(number < 3) for number in range(8)]


def test_another_size_of_mask_takes_over_at_its_key_frame() -> None:
    """Another model's: the frames before it keep to the first."""
    frames = [frame(n, texture(1)) for n in range(6)]
    node = opened(every=3)
    small, large = np.full((20, 30), 0.4, np.float32), np.full((30, 40), 0.8, np.float32)
    given = [Scores(frames[n], small if n < 3 else large, "a", rides=n not in (0, 3)) for n in range(6)]
    found = [one for one in map(node.process, given) if one is not None] + list(node.flush())
    assert [one.data.shape for one in found] == [(20, 30)] * 3 + [(30, 40)] * 3
    assert [round(float(one.data.mean()), 3) for one in found] == [0.4] * 3 + [0.8] * 3


def test_a_frame_that_rides_with_nothing_has_an_empty_mask() -> None:
    node = opened()
    assert node.process(Scores(frame(0, texture()), np.ones((4, 4), np.float32), "a", rides=True)).data.max() == 0  # type: ignore[union-attr]


def test_it_keeps_no_more_frames_than_lie_between_key_frames() -> None:
    node, most = opened(every=4), 0
    keys = KeyFrames(4)
    for one, mask in square(40, 1):
        node.process(Scores(one, mask, "a", rides=not keys(one, MODEL)))
        most = max(most, len(node._held))
    assert most == 3
    node.close()
    assert not node._held


SKIN, WALL = (120, 150, 210), (140, 110, 60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """21 pictures of a hand's colour, with some texture, that moves by 6 of 640 pixels a frame; the ellipse finds it."""
    random = np.random.default_rng(3)
    grain = cv2.resize(random.integers(0, 24, (45, 80)).astype(np.uint8), (640, 360))[:, :, None]
    for number in range(21):
        picture = np.full((360, 640, 3), WALL, np.uint8) + np.roll(grain, 300, axis=1)
        left = 100 + 6 * number
        picture[100:260, left : left + 160] = np.array(SKIN, np.uint8) + grain[100:260, 100:260]
        cv2.imwrite(str(tmp_path / f"{number:02}.png"), picture)
    return tmp_path


def masks_of(folder: Path, every: Any, **settings: Any) -> tuple[list[Mask], Graph]:
    chosen = {"source.uri": str(folder / "*.png"), "infer.model": "ellipse", "smooth.method": "none"} | settings
    graph = Graph.from_toml("masks", chosen, partial(with_every, every=every))
    return list(graph), graph  # type: ignore[arg-type]


@pytest.mark.parametrize("settings", [{}, {"infer.workers": 3}, {"preprocess.skip": True}])
def test_in_a_graph(folder: Path, settings: dict[str, Any]) -> None:
    """Every frame once, with a mask that lies where that of the model on every frame lies; always the same masks."""
    plain, _ = masks_of(folder, None)
    found, graph = masks_of(folder, 5, **settings)
    assert [mask.frame.seq for mask in found] == list(range(21))
    agreement = [iou(one.data, (other.data >= 128).astype(float)) for one, other in zip(found, plain, strict=True)]
    assert agreement[::5] == [1.0] * 5
    assert min(agreement) > 0.9
    nodes = graph.statistics().nodes
    assert nodes["propagate"].counters == {"key_frames": 5, "every": 5}
    again, _ = masks_of(folder, 5, **settings)
    assert all(np.array_equal(one.data, other.data) for one, other in zip(found, again, strict=True))


def test_a_still_picture_keeps_its_mask_at_key_frames_too(tmp_path: Path) -> None:
    """Of seven key frames of a still picture with a camera's noise, within a second, the network sees one."""
    random, still = np.random.default_rng(1), cv2.resize(texture(), (1024, 576))[:, :, None]
    for number in range(14):
        noisy = np.clip(still + random.normal(0, 6, (576, 1024, 3)), 0, 255)
        cv2.imwrite(str(tmp_path / f"{number:02}.png"), noisy.astype(np.uint8))
    found, graph = masks_of(tmp_path, 2, **{"preprocess.skip": True})
    nodes = graph.statistics().nodes
    assert len(found) == 14
    assert nodes["propagate"].counters["key_frames"] == 7
    assert nodes["preprocess"].counters["skip.frames"] == 6


def test_auto_keeps_the_rate_in_a_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The network takes 70 ms on a clock of its own, and the pattern has 30 frames a second: every third keeps that, with a
    fifth of the time to spare. Until it is known, all that is read ahead are key frames."""
    clock, card = [0.0], tmp_path / "model.toml"
    card.write_text('name = "slow"\narchitecture = "slow"\n')

    class Slow(BaseSegmenter):
        def __init__(self, card: Any, **settings: Any) -> None:
            self.card, self.info = Card(name="slow", architecture="slow"), RuntimeInfo("none", "cpu", "none", 1)

        def prepare(self, frame: Frame) -> Prepared:
            return Prepared(frame, self)

        def infer(self, prepared: Prepared) -> Scores:
            clock[0] += 0.07
            return Scores(prepared.frame, np.zeros((9, 16), np.float32), "slow")

    monkeypatch.setitem(METHODS._loaded, "slow", Slow)
    monkeypatch.setattr("rtskin.infer.node.time.perf_counter", lambda: clock[0])
    settings = {"source.uri": "pattern:64x48@30?frames=240", "infer.model": str(card), "smooth.method": "none"}
    graph = Graph.from_toml("masks", settings, partial(with_every, every="auto"))
    assert len(list(graph)) == 240
    counters = graph.statistics().nodes["propagate"].counters
    assert counters["every"] == 3
    assert 80 <= int(counters["key_frames"]) < 120
    assert clock[0] == pytest.approx(0.07 * int(counters["key_frames"]))


def test_every_frame_is_as_without(folder: Path) -> None:
    (plain, _), (found, graph) = masks_of(folder, None), masks_of(folder, 1)
    assert all(np.array_equal(one.data, other.data) for one, other in zip(found, plain, strict=True))
    assert graph.statistics().nodes["propagate"].counters["key_frames"] == 21


def test_a_change_brings_a_key_frame_sooner(folder: Path) -> None:
    """The threshold is an option of the node, and what passed it is in the statistics."""
    chosen = {"source.uri": str(folder / "*.png"), "infer.model": "ellipse"}
    counts = []
    for change in (1.0, 0.01):
        graph = Graph.from_toml("masks", chosen, partial(with_every, every=20, change=change))
        assert len(list(graph)) == 21
        counts.append(graph.statistics().nodes["propagate"].counters["key_frames"])
    assert counts[0] == 2
    assert int(counts[1]) > 2


def test_it_smooths_and_looks_ahead_on_top(folder: Path) -> None:
    found, graph = masks_of(folder, 4, **{"smooth.method": "flow", "smooth.lookahead": 2})
    assert [mask.frame.seq for mask in found] == list(range(21))
    assert graph.statistics().nodes["propagate"].counters["key_frames"] == 6


def test_preprocess_has_one_worker_then(folder: Path) -> None:
    with pytest.raises(GraphSpecError, match=r"'preprocess' keeps state .* only one of 'workers'"):
        masks_of(folder, 5, **{"preprocess.workers": 2})


def test_what_it_cannot_be_put_into() -> None:
    with pytest.raises(InputError, match="use the kind 'pair' there"):
        Graph.from_toml("masks", {"source.pace": "max"}, partial(with_every, every=5)).add(
            "camera", NODES.get("source")(uri="0")
        ).check()
    graph = Graph().add("source", "source", uri="pattern:", pace="max").add("infer", "infer")
    with pytest.raises(GraphSpecError, match="there is no node 'preprocess'"):
        graph.add("propagate", "propagate").check()
    with pytest.raises(GraphSpecError, match="'infer' is a Infer, not one that prepares frames"):
        Graph().add("infer", "infer").add("propagate", "propagate", of="infer").check()
    for every in (0, "never", 1000):
        with pytest.raises(InputError, match="every is a number of frames, 1 to 60, or auto"):
            Propagate(every=every)
    for change in (0, 1.5):
        with pytest.raises(InputError, match=r"Propagate\.change"):
            Propagate(change=change)
