"""Options that change while a graph runs."""

from __future__ import annotations

import threading
import time
from typing import Any, ClassVar

import numpy as np
import pytest

from rtskin.errors import InputError, UnknownNameError
from rtskin.frame import Mask
from rtskin.graph import Graph
from rtskin.node import Node, NodeOptions


class Fill(Node):
    """Mask → the same, filled with ``value``."""

    class Options(NodeOptions):
        value: int = 1
        other: int = 0

    takes: ClassVar[tuple[type, ...]] = ()
    hot: ClassVar[frozenset[str]] = frozenset({"value"})

    def process(self, packet: Any) -> Any:
        data = np.full((2, 2), self.options.value, np.uint8)
        return Mask(packet.frame, data)


def test_what_is_set_holds_from_the_next_frame_on() -> None:
    graph = Graph().add("source", "source", uri="pattern:64x48@30?frames=50", pace="max").add("fill", Fill(value=3))
    graph.connect("source", "fill")
    seen = []
    for packet in graph:
        seen.append(int(packet.data[0, 0]))
        if len(seen) == 3:
            graph.set("fill", "value", "7")
    assert seen[:3] == [3, 3, 3]
    assert seen[-1] == 7
    assert seen == sorted(seen)


def test_what_cannot_be_set() -> None:
    graph = Graph().add("fill", Fill(other=2))
    with pytest.raises(InputError, match="there is no node 'fil'; did you mean fill"):
        graph.set("fil", "value", 1)
    with pytest.raises(InputError, match=r"Fill\.other stays while it runs; what can change: value"):
        graph.set("fill", "other", 1)
    with pytest.raises(InputError, match=r"Fill has no option 'valeu'; did you mean value"):
        graph.set("fill", "valeu", 1)
    with pytest.raises(InputError, match="valid integer"):
        graph.set("fill", "value", "many")
    graph.set("fill", "value", 9)
    assert (graph.nodes["fill"].options.value, graph.nodes["fill"].options.other) == (9, 2)


def test_views_filters_and_edges_change_while_it_runs() -> None:
    source = {"source.uri": "pattern:160x120@30?frames=40", "source.pace": "max"}
    graph = Graph.from_toml("live_overlay", {**source, "infer.model": "ellipse", "sink": {"kind": "null"}})
    graph.start()
    graph.set("render", "view", "smooth-skin+overlay:alpha=0.2")
    graph.set("smooth", "method", "ema")
    graph.set("smooth", "strength", 0.9)
    graph.set("refine", "method", "linear")
    with pytest.raises(UnknownNameError, match="overlay"):
        graph.set("render", "view", "overlya")
    with pytest.raises(InputError, match="strength"):
        graph.set("smooth", "strength", 2)
    assert graph.wait(60)
    assert graph.nodes["smooth"].counters()["method"] == "ema"
    assert graph.nodes["render"].options.view == "smooth-skin+overlay:alpha=0.2"
    assert graph.nodes["smooth"].options.strength == 0.9


def test_what_two_threads_set_at_once_is_all_set() -> None:
    class Slow(Fill):
        hot: ClassVar[frozenset[str]] = frozenset({"value", "other"})

        def changed(self, key: str, options: Any) -> None:
            time.sleep(0.01)
            super().changed(key, options)

    node = Slow()
    threads = [threading.Thread(target=node.set, args=pair) for pair in (("value", 7), ("other", 8))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (node.options.value, node.options.other) == (7, 8)
