"""Turning decoded frames the way they are meant to be seen, in their own pixel format.

Containers store a display matrix beside the stream (phones film lying on their side); FFmpeg hands it on as side data of
each frame and leaves the turning to the reader.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from rtskin.errors import SourceError
from rtskin.media import av

log = logging.getLogger("rtskin.capture")

#: Signs of the matrix (x' = a·x + c·y, y' = b·x + d·y, y downwards) → FFmpeg filters, and clockwise degrees.
#: vflip only turns the row stride negative, which hardly anybody who reads planes expects: it is never the last.
_TURNS: dict[tuple[int, int, int, int], tuple[tuple[tuple[str, str | None], ...], int]] = {
    (1, 0, 0, 1): ((), 0),
    (0, 1, -1, 0): ((("transpose", "clock"),), 90),
    (-1, 0, 0, -1): ((("vflip", None), ("hflip", None)), 180),
    (0, -1, 1, 0): ((("transpose", "cclock"),), 270),
    (-1, 0, 0, 1): ((("hflip", None),), 0),
    (1, 0, 0, -1): ((("vflip", None), ("copy", None)), 0),
    (0, 1, 1, 0): ((("transpose", "cclock_flip"),), 90),
    (0, -1, -1, 0): ((("transpose", "clock_flip"),), 270),
}


class Orienter:
    """Applies the display matrix of the first frame to all frames of a source.

    degrees: clockwise degrees that are applied (0, 90, 180, 270).
    """

    def __init__(self, first: Any, name: str) -> None:
        self._filters, self.degrees = _turn(first, name)
        self._graph: Any = None
        self._shape: tuple[int, int, str] | None = None

    @property
    def turns(self) -> bool:
        """Whether anything is done to pictures."""
        return bool(self._filters)

    def apply(self, frame: Any) -> Any:
        """An av.VideoFrame turned, of the same pixel format; the same one where there is nothing to turn."""
        if not self._filters:
            return frame
        shape = (frame.width, frame.height, frame.format.name)
        if shape != self._shape:
            self._graph, self._shape = self._build(frame), shape
        self._graph.push(frame)
        turned = self._graph.pull()
        if turned.format.name != frame.format.name:
            raise SourceError(f"frames of the pixel format {frame.format.name} cannot be turned; remove the rotation")
        return turned

    def _build(self, frame: Any) -> Any:
        graph = av.filter.Graph()
        last = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or av.time_base
        )
        for name, argument in self._filters:
            node = graph.add(name, argument) if argument else graph.add(name)
            last.link_to(node)
            last = node
        last.link_to(graph.add("buffersink"))
        graph.configure()
        return graph


def _turn(frame: Any, name: str) -> tuple[tuple[tuple[str, str | None], ...], int]:
    data = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return (), 0
    matrix = np.frombuffer(bytes(data), np.int32)[:9].reshape(3, 3)[:2, :2] / 65536.0
    scale = float(np.abs(matrix).max())
    if scale == 0:
        return (), 0
    a, b, c, d = (float(value) / scale for value in matrix.ravel())
    rounded = tuple(round(value) for value in (a, b, c, d))
    exact = max(abs(value - whole) for value, whole in zip((a, b, c, d), rounded, strict=True)) < 0.02
    if not exact or rounded not in _TURNS:
        log.warning("%s asks to be turned by %d degrees; only quarter turns are applied", name, -frame.rotation)
        return (), 0
    return _TURNS[rounded]
