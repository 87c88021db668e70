"""A segment: one run of the graph over its frames and those around it, its masks into a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rtskin.errors import InputError
from rtskin.frame import Mask
from rtskin.graph import Graph
from rtskin.graph.spec import GraphSpec
from rtskin.infer.base import BaseSegmenter
from rtskin.infer.node import Infer
from rtskin.node import Node
from rtskin.offline.folder import Record, WorkFolder
from rtskin.offline.mattes import MatteWriter
from rtskin.offline.segments import Segment
from rtskin.offline.settle import SOURCE
from rtskin.offline.source import NumberedFrames


class LoadedInfer(Infer):
    """An infer node whose model is loaded already, and stays so for the next segment."""

    def __init__(self, segmenter: BaseSegmenter, **options: Any) -> None:
        super().__init__(**options)
        self._loaded = segmenter

    def load(self, o: Any) -> BaseSegmenter:
        return self._loaded if o == self.options else super().load(o)

    def close(self) -> None:
        self._segmenter = None if self._segmenter is self._loaded else self._segmenter
        super().close()


def make_segment(
    folder: WorkFolder,
    segment: Segment,
    source: str,
    segmenter: BaseSegmenter,
    go_on: Callable[[int], bool],
) -> Record | None:
    """Makes the masks of a segment, and its file; what to record of it.

    go_on: told how many of its masks are done, after each; where it answers False, nothing is kept, and the answer is None.
    Errors: those of the nodes; SinkError where the masks cannot be written.
    """
    writer, numbers = MatteWriter(folder.mattes(segment)), Runs()
    try:
        frames = NumberedFrames(source, folder.table, segment.from_, segment.to, decode=folder.manifest.decode)
        graph = mask_graph(folder.manifest.pipeline, frames, segmenter)
        open_end = segment.end == len(folder.table)  # its table may only be an estimate
        for packet in graph:
            number = packet.frame.seq
            if number < segment.start:
                continue
            if number >= segment.end and not open_end:
                break
            writer.write(_data(packet))
            numbers.add(number)
            if not go_on(numbers.count):
                return None
        if not go_on(numbers.count):
            return None
        return Record(sha256=writer.finish(), numbers=numbers.runs, statistics=graph.statistics().as_dict())
    finally:
        writer.abandon()


def mask_graph(pipeline: dict[str, Any], source: Node, segmenter: BaseSegmenter) -> Graph:
    """The graph of a manifest, from this source, with a model that is loaded already."""
    spec, graph = GraphSpec.parse(pipeline), Graph()
    for name, node in spec.nodes.items():
        if name == SOURCE:
            graph.add(name, source)
        elif node.kind == "infer":
            graph.add(name, LoadedInfer(segmenter, **node.options), workers=node.workers)
        else:
            graph.add(name, node.build(name), workers=node.workers)
    for edge in spec.edges:
        graph.connect(edge.source, edge.target, policy=edge.policy, size=edge.size)
    return graph


class Runs:
    """Rising numbers as [first, last + 1] runs."""

    def __init__(self) -> None:
        self.runs: list[tuple[int, int]] = []
        self.count = 0

    def add(self, number: int) -> None:
        self.count += 1
        if self.runs and self.runs[-1][1] == number:
            self.runs[-1] = (self.runs[-1][0], number + 1)
        else:
            self.runs.append((number, number + 1))


def _data(packet: Any) -> Any:
    if not isinstance(packet, Mask):
        raise InputError(f"the pipeline gives {type(packet).__name__}, not masks, before its node 'render'")
    return packet.data
