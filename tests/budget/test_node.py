"""A budget in a graph that runs: what it sets, what it says, what it refuses."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

import rtskin.budget.control as control
import rtskin.budget.node as budget
from rtskin.budget.levels import LEVELS
from rtskin.budget.node import Budget
from rtskin.errors import GraphSpecError, InputError
from rtskin.graph import Graph
from rtskin.infer.runtimes.fake import FakeRuntime
from rtskin.registry import NODES, RUNTIMES
from rtskin.render.sinks.null import NullSink
from rtskin.riding import with_budget
from tests.graph.nodes import Call, Collect, Count, chain, graph_threads

CARD = """
name = "fake"
title = "fake"
description = "A disc"
architecture = "none"
[input]
shapes = [[64, 64], [96, 64]]
[output]
activation = "none"
"""


@RUNTIMES.register("test-budget")
class Slowed(FakeRuntime):
    """As slow as ``seconds`` says at the moment."""

    seconds: ClassVar[float] = 0.0

    def run(self, *inputs: Any) -> Any:
        time.sleep(self.seconds)
        return super().run(*inputs)


@NODES.register("test-budget-sink")
class SlowSink(NullSink):
    """Takes ``seconds`` a picture."""

    seconds: ClassVar[float] = 0.0

    def process(self, packet: Any) -> None:
        time.sleep(self.seconds)
        super().process(packet)


@pytest.fixture
def card(tmp_path: Path) -> Path:
    path = tmp_path / "model.toml"
    path.write_text(CARD)
    return path


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Looks and waits that are short, so that tests are."""
    monkeypatch.setattr(budget, "LOOK", 0.25)
    monkeypatch.setattr(budget, "WARM", 0.25)
    monkeypatch.setattr(control, "WAIT", 0.5)
    monkeypatch.setattr(control, "SOON", 0.25)
    Slowed.seconds = SlowSink.seconds = 0.0
    yield
    Slowed.seconds = SlowSink.seconds = 0.0


def live(card: Path, **asked: Any) -> Graph:
    """10 frames a second for ever: what is promised below is held on a busy machine too."""
    settings = {
        "source.uri": "pattern:64x48@10",
        "infer.model": str(card),
        "infer.runtime": "test-budget",
        "preprocess.skip": False,
        "sink": {"kind": "test-budget-sink"},
    }
    return Graph.from_toml("live_overlay", settings, lambda spec: with_budget(spec, **asked))


def until(graph: Graph, true: Callable[[dict[str, Any]], bool], seconds: float = 60) -> dict[str, Any]:
    """The budget's figures as soon as they are so."""
    deadline = time.monotonic() + seconds
    while not true(figures := graph.nodes["budget"].counters()):
        assert time.monotonic() < deadline, figures
        assert graph.error is None
        time.sleep(0.02)
    return figures


def test_masks_ride_while_the_network_is_slow_and_the_display_goes_on(
    card: Path, caplog: pytest.LogCaptureFixture
) -> None:
    graph = live(card, fps=10, latency=2000)
    with caplog.at_level(logging.INFO, "rtskin.budget"), graph:
        graph.start()
        begun = until(graph, lambda said: "own masks" in said["picked"] and graph.watch().way != [])
        assert begun["budget"] == "10 frames/s, 2000 ms"
        Slowed.seconds = 0.3
        said = until(graph, lambda said: "masks ride" in said["picked"])
        assert said["why"].startswith("the network takes")
        assert graph.nodes["propagate"].options.wait_ms == 0
        before = graph.statistics().nodes
        time.sleep(2)
        after = graph.statistics().nodes
        assert after["sink"].count - before["sink"].count > after["infer"].count - before["infer"].count
        Slowed.seconds = 0.0
        until(graph, lambda said: "own masks" in said["picked"])
        assert graph.nodes["propagate"].options.wait_ms > 0
    assert graph_threads() == []
    assert any("masks ride, since the network takes" in line for line in caplog.messages)


def test_a_display_that_is_slow_costs_levels_and_that_nothing_helps_is_said(
    card: Path, caplog: pytest.LogCaptureFixture
) -> None:
    graph = live(card, latency=50)
    with caplog.at_level(logging.INFO, "rtskin.budget"), graph:
        graph.start()
        until(graph, lambda said: bool(graph.statistics().frames["rendered"]))
        SlowSink.seconds = 0.09
        last = str(LEVELS[-1])
        until(graph, lambda said: last in said["picked"] and any("cannot" in line for line in caplog.messages))
        assert graph.nodes["propagate"].options.every == LEVELS[-1].every
        assert graph.nodes["smooth"].options.method == "adaptive"
        until(graph, lambda said: graph.nodes["infer"].options.size == "small")  # once it is loaded
        SlowSink.seconds = 0.0
        until(graph, lambda said: last not in said["picked"])
    assert any("ms from capture to sink, not 50" in line for line in caplog.messages)
    told = [line for line in caplog.messages if "cannot" in line]
    assert len(told) == 1
    assert "'sink' takes" in told[0]


def test_what_was_asked_for_is_kept(card: Path) -> None:
    graph = live(card, latency=50, light=False, small=False)
    with graph:
        graph.start()
        SlowSink.seconds = 0.09
        until(graph, lambda said: f"every {LEVELS[-1].every} frames" in said["picked"])
        assert graph.nodes["smooth"].options.method == "auto"
        assert graph.nodes["infer"].options.size == "live"


def test_the_end_of_the_stream_ends_it(card: Path) -> None:
    settings = {"source.uri": "pattern:64x48@30?frames=15", "infer.model": str(card), "infer.runtime": "fake"}
    graph = Graph.from_toml(
        "live_overlay", {**settings, "sink": {"kind": "null"}}, lambda spec: with_budget(spec, fps=30)
    )
    said = graph.run()
    assert said.state == "done"
    assert said.frames["rendered"] + said.frames["dropped"] == 15
    assert said.nodes["budget"].counters["budget"] == "30 frames/s"
    assert graph_threads() == []


def test_what_cannot_be() -> None:
    with pytest.raises(InputError, match=r"frames a second \(fps\), milliseconds \(latency\), or both"):
        Budget()
    for bad in ({"fps": 0}, {"fps": -1}, {"latency": 0}, {"latency": float("nan")}, {"latency": "soon"}):
        with pytest.raises(InputError):
            Budget(**bad)
    with pytest.raises(InputError, match='with pace "max" everything waits'):
        Graph.from_toml("live_overlay", {"source.pace": "max"}, lambda spec: with_budget(spec, fps=30))
    with pytest.raises(GraphSpecError, match="there is no node 'propagate'"):
        chain(Count(live=True), Call(), Budget(fps=30)).check()
    graph = Graph().add("source", Count(live=True))
    for name in ("preprocess", "infer", "smooth", "propagate"):
        graph.add(name, Call())
        graph.connect("source", name)
    graph.add("budget", Budget(fps=30)).connect("smooth", "budget")
    graph.add("sink", Collect()).connect("infer", "sink")
    with pytest.raises(GraphSpecError, match='must be of the kind "pair" with steered = true'):
        graph.check()
