"""Looks at a graph that runs."""

from __future__ import annotations

import pytest

from rtskin.graph import Graph
from rtskin.graph.stats import Histogram, NodeMeter
from rtskin.graph.watch import Watch
from tests.graph.nodes import Call, Collect, Count, Sample, chain


def test_a_look_tells_of_what_happened_since_the_one_before() -> None:
    now, meters = [10.0], {name: NodeMeter() for name in ("source", "a", "sink")}
    watch = Watch(meters, ["source"], "sink", ["a", "sink"], clock=lambda: now[0])
    for _ in range(100):
        meters["a"].worked(1_000_000, 0, 0)
        meters["sink"].latency.add(500.0)
    now[0] += 1
    watch.look()
    for _ in range(15):
        meters["source"].worked(30_000_000, 0, 0)
        meters["a"].worked(4_000_000, 0, 0)
    for _ in range(12):
        meters["sink"].latency.add(20.0)
    now[0] += 0.5
    look = watch.look()
    assert (look.seconds, look.captured, look.shown) == (0.5, 30, 24)
    assert look.latency_ms == pytest.approx(20, rel=0.01)
    assert look.node_ms == pytest.approx({"source": 30, "a": 4})
    now[0] += 0.5
    empty = watch.look()
    assert (empty.captured, empty.shown, empty.latency_ms, empty.node_ms) == (0, 0, None, {})


def test_a_percentile_since_a_mark() -> None:
    histogram = Histogram()
    histogram.add(1.0)
    mark = histogram.mark()
    assert histogram.percentile_since(mark, 95) is None
    histogram.add(100.0)
    assert histogram.percentile_since(mark, 50) == pytest.approx(100, rel=0.01)


def test_the_way_to_the_sink() -> None:
    graph = chain(Count(frames=20), Call(), Collect())
    graph.start()
    watch = graph.watch()
    assert graph.wait(30)
    assert sorted(watch.way) == ["a", "sink"]
    assert watch.look().seconds > 0


def test_what_is_only_sampled_is_not_on_the_way() -> None:
    graph = Graph().add("source", Count(frames=3)).add("beside", Call()).add("pair", Sample()).add("sink", Collect())
    for edge in (("source", "beside"), ("source", "pair.frame"), ("beside", "pair.mask"), ("pair", "sink")):
        graph.connect(*edge)
    graph.start()
    watch = graph.watch()
    assert graph.wait(30)
    assert sorted(watch.way) == ["pair", "sink"]
