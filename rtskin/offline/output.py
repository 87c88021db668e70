"""The node of a graph that writes an output."""

from __future__ import annotations

from rtskin.frame import Mask
from rtskin.node import Context, Node
from rtskin.offline.manifest import OutputPart
from rtskin.render.outputs import Output, OutputOptions, open_output


class WriteOutput(Node):
    """Masks → the file, images or pipe of ``part``, written as ``path``; they have their names once all is complete."""

    takes = (Mask,)
    emits = "none"

    def __init__(self, part: OutputPart, path: str) -> None:
        super().__init__()
        self._part, self._path = part, path
        self._output: Output | None = None
        self._counters: dict[str, int | float | str] = {}

    def open(self, context: Context) -> None:
        self._output = open_output(self._path, self._part.view, options_of(self._part))

    def process(self, mask: Mask) -> None:
        assert self._output is not None, "process() before open()"
        self._output.write(mask)

    def finish(self) -> None:
        if self._output is not None:
            self._output.finish()

    def close(self) -> None:
        output, self._output = self._output, None
        if output is not None:
            self._counters = output.counters()
            output.abandon()

    def counters(self) -> dict[str, int | float | str]:
        """frames; bytes (once it is complete)."""
        return self._counters if self._output is None else self._output.counters()


def options_of(part: OutputPart) -> OutputOptions:
    """As ``open_output`` takes them. InputError for what they cannot be."""
    return OutputOptions(**part.options)
