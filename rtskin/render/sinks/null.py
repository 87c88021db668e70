"""The sink that shows nothing: for benchmarks, and for machines without a display."""

from __future__ import annotations

from rtskin.frame import Mask, Rendered
from rtskin.node import Context, Node
from rtskin.render.sinks.image import image_of


class NullSink(Node):
    """Takes pictures and counts them."""

    emits = "none"

    def open(self, context: Context) -> None:
        self._frames = self._bytes = 0

    def process(self, packet: Rendered | Mask) -> None:
        self._bytes += image_of(packet).nbytes
        self._frames += 1

    def counters(self) -> dict[str, int | float | str]:
        """frames, and bytes of their pixels."""
        return {"frames": getattr(self, "_frames", 0), "bytes": getattr(self, "_bytes", 0)}
