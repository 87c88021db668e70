"""What a graph leaves in the process when it has ended."""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Callable

from rtskin.graph import Graph


def live() -> Graph:
    settings = {"source.uri": "pattern:160x96@60", "infer.model": "ellipse", "sink": {"kind": "null"}}
    return Graph.from_toml("live_overlay", {**settings, "smooth.method": "flow", "preprocess.skip": False})


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def shows(graph: Graph, more: int = 2) -> None:
    """Returns when it has shown so many frames more."""
    goal = graph.statistics().frames["rendered"] + more
    until(lambda: graph.statistics().frames["rendered"] >= goal)


def once() -> None:
    graph = live()
    graph.start()
    shows(graph)
    graph.stop()


def own() -> Counter[str]:
    """Objects of our own classes that are alive, by class. What is only in a circle is collected first."""
    gc.collect()
    kinds = (type(one) for one in gc.get_objects())
    return Counter(f"{kind.__module__}.{kind.__name__}" for kind in kinds if str(kind.__module__).startswith("rtskin"))


def test_a_graph_that_has_ended_leaves_nothing_of_itself() -> None:
    once()  # what is made once for the process
    before = own()
    for _ in range(3):
        once()
    left = own() - before
    assert not left, left


def test_while_it_runs_there_is_more() -> None:
    """Else the test above would pass whatever was left."""
    once()
    before = own()
    graph = live()
    graph.start()
    shows(graph)
    alive = own() - before
    graph.stop()
    assert alive["rtskin.graph.graph.Graph"] == 1
    assert alive["rtskin.smooth.node.Smooth"] == 1


def test_a_model_that_was_changed_goes() -> None:
    with live() as graph:
        graph.start()
        shows(graph)
        counts = []
        for number in range(4):
            graph.set("infer", "size", "still" if number % 2 else "live")  # loads it anew
            switched = graph.nodes["infer"]
            until(lambda switched=switched: switched._switch._thread is None)  # type: ignore[attr-defined,misc]
            shows(graph, 4)
            counts.append(own()["rtskin.infer.ellipse.EllipseSegmenter"])
        assert set(counts) == {1}, counts
