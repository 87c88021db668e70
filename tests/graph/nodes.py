"""Nodes for the graph's own tests: they wait for events, never for the clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from rtskin.frame import BgrPicture, Frame, Packet, SourceInfo
from rtskin.graph import Graph
from rtskin.node import Context, Node, NodeOptions, Source

PICTURE = BgrPicture(np.zeros((4, 4, 3), np.uint8))
INFO = SourceInfo("count", 4, 4)


class Count(Source):
    """Frames 0 … frames - 1, as fast as they are taken; at ``gap`` seconds each where given."""

    class Options(NodeOptions):
        frames: int | None = 10
        live: bool = False
        gap: float = 0.0

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.live = self.options.live
        self.interrupted = threading.Event()
        self._seq = 0

    def read(self) -> Frame | None:
        if self.interrupted.wait(self.options.gap) or self._seq == self.options.frames:
            return None
        self._seq += 1
        return Frame(self._seq - 1, PICTURE, INFO, pts=self._seq - 1, captured_ns=time.monotonic_ns())

    def interrupt(self) -> None:
        self.interrupted.set()


class Call(Node):
    """Calls a function with each packet and passes on what it answers (None: the packet)."""

    reentrant = True

    def __init__(self, function: Callable[[Packet], Packet | None] = lambda packet: None) -> None:
        super().__init__()
        self.function = function
        self.seen: list[int] = []
        self.events: list[str] = []

    def open(self, context: Context) -> None:
        self.events.append("open")
        self.context = context

    def process(self, packet: Packet) -> Packet:
        self.seen.append(packet.frame.seq)
        return self.function(packet) or packet

    def finish(self) -> None:
        self.events.append("finish")

    def close(self) -> None:
        self.events.append("close")


class Collect(Call):
    """A sink that remembers what it saw."""

    emits = "none"
    reentrant = False

    def process(self, packet: Packet) -> None:
        self.function(packet)
        self.seen.append(packet.frame.seq)


class Join(Node):
    """Two branches by frame."""

    ports = ("left", "right")

    def __init__(self) -> None:
        super().__init__()
        self.pairs: list[tuple[int, int]] = []

    def process(self, left: Packet, right: Packet) -> Packet:
        self.pairs.append((left.frame.seq, right.frame.seq))
        return left


class Sample(Node):
    """Every packet of the first port with the newest of the second."""

    ports = ("frame", "mask")
    sync = "sample"
    emits = "some"

    def __init__(self) -> None:
        super().__init__()
        self.pairs: list[tuple[int, int | None]] = []

    def process(self, frame: Packet, mask: Packet | None) -> Packet | None:
        self.pairs.append((frame.frame.seq, mask.frame.seq if mask else None))
        return frame if mask else None


def chain(*nodes: Node, workers: int = 1) -> Graph:
    """A graph of nodes in a row, called source, a, b, …, sink; ``workers`` for a."""
    graph = Graph()
    names = ["source", *"abcdef"[: len(nodes) - 2], "sink"] if len(nodes) > 1 else ["source"]
    for name, node in zip(names, nodes, strict=True):
        graph.add(name, node, workers=workers if name == "a" else 1)
    for first, second in pairwise(names):
        graph.connect(first, second)
    return graph


def graph_threads() -> list[str]:
    """Threads of graphs that are still there."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("rtskin-")]
