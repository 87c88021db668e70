"""A render tried on a few stretches of its source: what one frame costs, in seconds and in bytes.

Each stretch is what a segment would look at whose first frame is the sample: the warm-up before it, and the sample. Both
passes run as they will, masks and outputs into a folder that is thrown away; times are those within a stretch, since the way
to it (a decoder that begins at a key frame, a graph that starts) is longer than in a render from beginning to end.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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
from rtskin.offline.settle import open_model
from rtskin.offline.source import NumberedFrames
from rtskin.offline.stored import StoredMasks

#: Seconds between two looks at whether it is to stop.
_LOOK = 0.05


@dataclass(frozen=True)
class Pace:
    """seconds, cpu: of a frame, by the clock and of all cores. start: seconds until the first."""

    seconds: float
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
    clock = _Clock()
    infer = open_model(GraphSpec.parse(folder.manifest.pipeline))
    try:
        for place, segment in enumerate(folder.segments):
            clock.begin()

            def tick(count: int, place: int = place) -> bool:
                clock.tick(count)
                return go_on(place)

            record = make_segment(folder, segment, folder.source(), infer.segmenter, tick)
            if record is None:
                return None
            folder.complete(segment, record)
    finally:
        infer.close()
    go_on(len(folder.segments))
    return clock.pace()


def _try_outputs(folder: WorkFolder, go_on: Callable[[], bool]) -> tuple[Pace, list[Path], int] | None:
    clock = _Clock()
    folder.finish.mkdir(exist_ok=True)
    graph = Graph().add("source", _Stretches(folder, clock)).add("masks", StoredMasks(folder))
    graph.connect("source", "masks", size=4)
    files = []
    for number, part in enumerate(folder.manifest.outputs):
        place = folder.finish / str(number)
        place.mkdir()
        slash = "/" if part.path.endswith("/") else ""
        files.append(place / Path(part.path).name)
        graph.add(f"output-{number}", _Timed(_alone(part), f"{files[-1]}{slash}", clock if number == 0 else None))
        graph.connect("masks", f"output-{number}", size=4)
    graph.start()
    while not graph.wait(_LOOK):
        if not go_on():
            graph.stop()
            return None
    clock.flushed()
    return clock.pace(), files, graph.statistics().frames["rendered"]


def _alone(part: OutputPart) -> OutputPart:
    """Without the sound of the whole source."""
    return part.model_copy(update={"options": part.options | {"copies": "none", "verify": False}})


def _numbers(folder: WorkFolder, segment: Segment) -> list[int]:
    record = folder.record(segment)
    return [] if record is None else list(itertools.chain.from_iterable(range(*run) for run in record.numbers))


class _Clock:
    """Seconds and CPU from frame to frame within stretches."""

    def __init__(self) -> None:
        self._begun = self._last = _now()
        self._count = self._steps = self._first_times = 0
        self._seconds = self._cpu = self._start = 0.0

    def begin(self) -> None:
        """A stretch."""
        self._begun, self._count = _now(), 0

    def tick(self, count: int | None = None) -> None:
        """A frame is done, the ``count``-th of the stretch; told twice, it counts once."""
        count = self._count + 1 if count is None else count
        if count == self._count:
            return
        now = _now()
        if self._count == 0:
            self._first_times += 1
            self._start += now[0] - self._begun[0]
        else:
            self._steps += 1
            self._add(now)
        self._count, self._last = count, now

    def flushed(self) -> None:
        """What waited in an encoder is written."""
        self._add(_now())

    def pace(self) -> Pace:
        steps, starts = max(1, self._steps), max(1, self._first_times)
        return Pace(self._seconds / steps, self._cpu / steps, self._start / starts)

    def _add(self, now: tuple[float, float]) -> None:
        self._seconds += now[0] - self._last[0]
        self._cpu += now[1] - self._last[1]


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


class _Stretches(Source):
    """The frames of all stretches, each once."""

    gives = Frame

    def __init__(self, folder: WorkFolder, clock: _Clock) -> None:
        super().__init__()
        ends = [0, *(segment.end for segment in folder.segments)]
        self._todo = [
            NumberedFrames(folder.source(), folder.table, max(segment.start, end), segment.end, fill=True)
            for segment, end in zip(folder.segments, ends, strict=False)
            if segment.end > end
        ]
        self._now: NumberedFrames | None = None
        self._context: Context | None = None

    def open(self, context: Context) -> None:
        self._context = context

    def read(self) -> Frame | None:
        assert self._context is not None, "read() before open()"
        while self._now is not None or self._todo:
            if self._now is None:
                self._now = self._todo.pop(0)
                self._now.open(self._context)
            if (frame := self._now.read()) is not None:
                return frame
            self._now.close()
            self._now = None
        return None

    def close(self) -> None:
        if self._now is not None:
            self._now.close()


class _Timed(WriteOutput):
    """Tells the clock, where it has one, of every frame, and where one follows that is not the next."""

    def __init__(self, part: OutputPart, path: str, clock: _Clock | None) -> None:
        super().__init__(part, path)
        self._clock, self._before = clock, -2

    def process(self, mask: Mask) -> None:
        super().process(mask)
        if self._clock is None:
            return
        if mask.frame.seq != self._before + 1:
            self._clock.begin()
        self._before = mask.frame.seq
        self._clock.tick()
