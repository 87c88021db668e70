"""A render tried on a few stretches of its source: what one frame costs, in seconds and in bytes.

Each stretch is what a segment would look at whose first frame is the sample: the warm-up before it, and the sample. Both
passes run as they will, masks and outputs into a folder that is thrown away.

A stretch is too short for the clock to say how fast a render is: when its first mask comes out, most of its frames are half
done already. So the pace is that of the slowest node, or of all cores, if these are what is short: the CPU of the whole
stretch, less what the decoder needs for the way to it from the key frame before.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rtskin.errors import NoFramesError
from rtskin.frame import Frame, Mask
from rtskin.graph import Graph
from rtskin.graph.spec import GraphSpec
from rtskin.node import Context, Source
from rtskin.offline.folder import WorkFolder
from rtskin.offline.manifest import OutputPart
from rtskin.offline.output import WriteOutput
from rtskin.offline.segment import make_segment
from rtskin.offline.segments import Segment
from rtskin.offline.settle import SOURCE, open_model
from rtskin.offline.source import NumberedFrames
from rtskin.offline.stored import StoredMasks

#: Seconds between two looks at whether it is to stop.
_LOOK = 0.05


@dataclass(frozen=True)
class Pace:
    """Seconds. node: of the slowest node for a frame, by the clock. cpu: of all cores for a frame. start: what comes once,
    before the first mask of a segment, or after the last frame of the outputs (encoders end, what they wrote is read)."""

    node: float
    cpu: float
    start: float


@dataclass(frozen=True)
class Trial:
    """masks, outputs: the two passes. matte_bytes: of a frame. files: what was written of each output.

    samples: numbers of the frames that were asked for and have a mask. written: frames of each output.
    """

    masks: Pace
    outputs: Pace
    matte_bytes: float
    files: list[Path]
    samples: list[int]
    written: int


def stretches(folder: WorkFolder, samples: int) -> list[Segment]:
    """So many as there are frames at most, each ending with its sample; the samples are evenly spread."""
    part = folder.manifest.segments
    frames = part.last - part.first
    samples = min(samples, frames)
    numbers = [part.first + (2 * place + 1) * frames // (2 * samples) for place in range(samples)]
    starts = [max(part.first, number - part.warm_up) for number in numbers]
    return [
        Segment(place, start, number + 1, start, min(number + 1 + part.tail, part.last))
        for place, (start, number) in enumerate(zip(starts, numbers, strict=True))
    ]


def run_trial(folder: WorkFolder, samples: int, go_on: Callable[[int], bool]) -> Trial | None:
    """Tries the render that is planned in ``folder``, which is of no use for anything else from then on.

    go_on: told how many samples are done; None where it answers False. Errors: as of the render. NoFramesError: none of the
    stretches can be decoded.
    """
    folder.segments = stretches(folder, samples)
    masks = _try_masks(folder, go_on)
    if masks is None:
        return None
    made = [number for segment in folder.segments for number in _numbers(folder, segment)]
    if not made:
        raise NoFramesError(f"none of the {len(folder.segments)} frames of the preview can be decoded")
    sizes = sum(folder.mattes(segment).stat().st_size for segment in folder.segments)
    tried = _try_outputs(folder, lambda: go_on(len(folder.segments)))
    if tried is None:
        return None
    outputs, files, written = tried
    known = set(made)
    samples_made = [segment.end - 1 for segment in folder.segments if segment.end - 1 in known]
    return Trial(masks, outputs, sizes / len(made), files, samples_made, written)


def _try_masks(folder: WorkFolder, go_on: Callable[[int], bool]) -> Pace | None:
    infer = open_model(GraphSpec.parse(folder.manifest.pipeline))
    meters, used, start = [], _Used(), 0.0
    try:
        for place, segment in enumerate(folder.segments):
            begun, first = _Used.now(), list[float]()

            def tick(count: int, place: int = place, first: list[float] = first) -> bool:
                first.append(time.perf_counter())
                return go_on(place)

            record = make_segment(folder, segment, folder.source(), infer.segmenter, tick)
            if record is None:
                return None
            folder.complete(segment, record)
            used += _Used.now() - begun
            start += first[0] - begun.wall
            meters.append(record.statistics["nodes"])
    finally:
        infer.close()
    go_on(len(folder.segments))
    firsts = sum(nodes[SOURCE]["p99_ms"] or 0.0 for nodes in meters)  # of some thirty reads, the longest
    return _pace(meters, firsts, len(meters), used, start / len(meters))


def _try_outputs(folder: WorkFolder, go_on: Callable[[], bool]) -> tuple[Pace, list[Path], int] | None:
    folder.finish.mkdir(exist_ok=True)
    source = _Stretches(folder)
    graph = Graph().add(SOURCE, source).add("masks", StoredMasks(folder))
    graph.connect("source", "masks", size=4)
    files, ends = [], []
    for number, part in enumerate(folder.manifest.outputs):
        place = folder.finish / str(number)
        place.mkdir()
        slash = "/" if part.path.endswith("/") else ""
        files.append(place / Path(part.path).name)
        ends.append(_End(_alone(part), f"{files[-1]}{slash}"))
        graph.add(f"output-{number}", ends[-1])
        graph.connect("masks", f"output-{number}", size=4)
    begun = _Used.now()
    graph.start()
    while not graph.wait(_LOOK):
        if not go_on():
            graph.stop()
            return None
    last = max((end.last for end in ends), key=lambda used: used.wall)
    statistics = graph.statistics().as_dict()
    first = [1000 * seconds for seconds in source.first]
    pace = _pace([statistics["nodes"]], sum(first), len(first), last - begun, time.perf_counter() - last.wall)
    return pace, files, statistics["frames"]["rendered"]


def _pace(meters: Sequence[Mapping[str, Any]], firsts: float, places: int, used: _Used, start: float) -> Pace:
    """meters: statistics of the nodes, of each graph that ran. firsts: milliseconds of the first reads at so many places.
    used: by all of them."""
    sources = [nodes[SOURCE] for nodes in meters]
    frames = sum(source["count"] for source in sources)
    read = (sum(source["busy_ms"] for source in sources) - firsts) / max(1, frames - places)
    slowest = max(median(_usual_ms(nodes[name]) for nodes in meters) for name in meters[0] if name != SOURCE)
    way = max(0.0, firsts - places * read)
    return Pace(max(read, slowest) / 1000, used.without(way / 1000).cpu / max(1, frames), start)


def _usual_ms(node: Mapping[str, Any]) -> float:
    """The mean without the longest, which is the first as a rule. (Not the median: an encoder works by fits and starts.)"""
    rest = node["count"] - 1
    return float((node["busy_ms"] - node["p99_ms"]) / rest) if rest > 0 else float(node["busy_ms"])


def _alone(part: OutputPart) -> OutputPart:
    """Without the sound of the whole source."""
    return part.model_copy(update={"options": part.options | {"copies": "none"}})


def _numbers(folder: WorkFolder, segment: Segment) -> list[int]:
    record = folder.record(segment)
    return [] if record is None else list(itertools.chain.from_iterable(range(*run) for run in record.numbers))


@dataclass(frozen=True)
class _Used:
    """Seconds by the clock, and of all cores."""

    wall: float = 0.0
    cpu: float = 0.0

    @classmethod
    def now(cls) -> _Used:
        return cls(time.perf_counter(), time.process_time())

    def __add__(self, other: _Used) -> _Used:
        return _Used(self.wall + other.wall, self.cpu + other.cpu)

    def __sub__(self, other: _Used) -> _Used:
        return _Used(self.wall - other.wall, self.cpu - other.cpu)

    def without(self, wall: float) -> _Used:
        """Less a part of the time, in which the cores were as busy as in the rest."""
        wall = min(wall, self.wall)
        return _Used(self.wall - wall, self.cpu * (1 - wall / self.wall) if self.wall > 0 else 0.0)


class _Stretches(Source):
    """The frames of all stretches, each once. first: seconds until the first of each."""

    gives = Frame

    def __init__(self, folder: WorkFolder) -> None:
        super().__init__()
        ends = [0, *(segment.end for segment in folder.segments)]
        self._todo = [
            NumberedFrames(
                folder.source(),
                folder.table,
                max(segment.start, end),
                segment.end,
                fill=True,
                decode=folder.manifest.decode,
            )
            for segment, end in zip(folder.segments, ends, strict=False)
            if segment.end > end
        ]
        self._now: NumberedFrames | None = None
        self.first: list[float] = []
        self._context: Context | None = None

    def open(self, context: Context) -> None:
        self._context = context

    def read(self) -> Frame | None:
        assert self._context is not None, "read() before open()"
        while self._now is not None or self._todo:
            if self._now is None:
                return self._first(self._context)
            if (frame := self._now.read()) is not None:
                return frame
            self._now.close()
            self._now = None
        return None

    def _first(self, context: Context) -> Frame | None:
        """Of the next stretch; where it has none, of one after it."""
        begun = time.perf_counter()
        self._now = self._todo.pop(0)
        self._now.open(context)
        frame = self._now.read()
        self.first.append(time.perf_counter() - begun)
        return frame if frame is not None else self.read()

    def close(self) -> None:
        if self._now is not None:
            self._now.close()


class _End(WriteOutput):
    """Knows when it got its last frame."""

    last = _Used()

    def process(self, mask: Mask) -> None:
        super().process(mask)
        self.last = _Used.now()
