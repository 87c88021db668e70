"""One output of the last pass: masks with their frames go in, a file comes out."""

from __future__ import annotations

from pathlib import Path

from rtskin.frame import Mask
from rtskin.node import Context, Node
from rtskin.offline.manifest import OutputPart
from rtskin.registry import NODES


class Output:
    """A file, or numbered images, that is being written to ``path``: by the nodes that a graph would use."""

    def __init__(self, part: OutputPart, path: Path) -> None:
        self._render: Node = NODES.get("render")(**part.render)
        self._sink: Node = NODES.get(part.kind)(path=path, **part.options)
        self._opened: list[Node] = []
        for node in (self._render, self._sink):
            self._opened.append(node)
            node.open(Context())

    def write(self, mask: Mask) -> None:
        """The next frame; SinkError."""
        self._sink.process(self._render.process(mask))

    def finish(self) -> None:
        """It is complete now, and has its name. SinkError."""
        self._sink.finish()

    def abandon(self) -> None:
        """Lets go of what is not finished; after ``finish`` it does nothing more than give memory back."""
        opened, self._opened = self._opened, []
        for node in opened:
            node.close()


class WriteOutput(Node):
    """The node of the last pass that holds an :class:`Output`."""

    takes = (Mask,)
    emits = "none"

    def __init__(self, part: OutputPart, path: Path) -> None:
        super().__init__()
        self._part, self._path = part, path
        self._output: Output | None = None

    def open(self, context: Context) -> None:
        self._output = Output(self._part, self._path)

    def process(self, mask: Mask) -> None:
        assert self._output is not None, "process() before open()"
        self._output.write(mask)

    def finish(self) -> None:
        if self._output is not None:
            self._output.finish()

    def close(self) -> None:
        output, self._output = self._output, None
        if output is not None:
            output.abandon()
