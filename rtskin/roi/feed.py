"""The node "feed": Regions → one JSON object a line."""

from __future__ import annotations

import json
import time
from typing import Any, ClassVar

from rtskin.frame import Regions
from rtskin.node import Context, Node, NodeOptions
from rtskin.roi.lines import Lines, ReaderGoneError, open_lines

#: Version of the lines; it grows when a reader would have to change.
VERSION = 1


class FeedOptions(NodeOptions):
    """out: a file, or "-" for standard output. overwrite: the file may exist already."""

    out: str = "-"
    overwrite: bool = False


class Feed(Node):
    """Writes a line a frame, at once; see :func:`record` for what is in it.

    A reader that goes away (``rtskin roi | head``) is no error: the sources end and the stream runs dry.
    """

    takes: ClassVar[tuple[type, ...]] = (Regions,)
    Options = FeedOptions
    emits = "none"

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self._lines: Lines | None = None
        self._written = 0
        self._gone = False

    def open(self, context: Context) -> None:
        self._context = context
        self._gone = False
        self._lines = open_lines(self.options.out, self.options.overwrite, context.stopping)

    def process(self, regions: Regions) -> None:
        if self._gone or self._lines is None:
            return
        line = json.dumps(record(regions), separators=(",", ":"), allow_nan=False)
        try:
            self._lines.write(line + "\n")
        except ReaderGoneError:
            self._gone = True
            self._context.drain()
        else:
            self._written += 1

    def finish(self) -> None:
        if self._lines is not None:
            self._lines.finish()

    def close(self) -> None:
        lines, self._lines = self._lines, None
        if lines is not None:
            lines.close()

    def counters(self) -> dict[str, int | float | str]:
        return {"lines": self._written}


def record(regions: Regions, now_ns: int | None = None) -> dict[str, Any]:
    """What a line says.

    v, seq; pts in ticks and time in seconds (null where the source has none); age_ms: milliseconds since the frame was
    captured (null where that is not known); width, height of the frame; rois, largest first: id, box x, y, w, h and area
    in pixels of the frame, score: mean probability.
    """
    frame = regions.frame
    now = time.monotonic_ns() if now_ns is None else now_ns
    return {
        "v": VERSION,
        "seq": frame.seq,
        "pts": frame.pts,
        "time": None if frame.time is None else round(frame.time, 6),
        "age_ms": round((now - frame.captured_ns) / 1e6, 3) if frame.captured_ns else None,
        "width": frame.width,
        "height": frame.height,
        "rois": [
            {"id": region.id, "box": list(region.box), "area": region.area, "score": round(region.score, 4)}
            for region in regions.regions
        ],
    }
