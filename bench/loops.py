"""Four ways to take a video through a network: what bench.pipeline compares. Each marks every finished frame."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rtskin.capture.kinds import open_source
from rtskin.cli.session import opencv_alone
from rtskin.errors import InputError
from rtskin.frame import Mask, Rendered
from rtskin.graph import Graph
from rtskin.infer.cards import Card
from rtskin.media import cv2
from rtskin.node import Context, Node, Source
from rtskin.preprocess.fit import Shape, choose
from rtskin.registry import NODES
from rtskin.render.sinks.null import NullSink

#: Frames at the start that are not judged: caches fill, pools and queues too.
WARM = 20


@dataclass
class Marks:
    """When each frame was finished, what CPU the process had used by then, and how old the frame was (ms)."""

    times: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    ages: list[float] = field(default_factory=list)

    def add(self, captured_ns: int | None = None) -> None:
        self.cpu.append(time.process_time())
        now = time.monotonic_ns()
        self.times.append(now / 1e9)
        if captured_ns is not None:
            self.ages.append((now - captured_ns) / 1e6)


@dataclass(frozen=True)
class Timing:
    """One run after warm-up. cpu: ms a frame, all threads; p95: ms from frame to frame; age: p95 from capture to sink."""

    frames: int
    fps: float
    cpu: float
    p95: float
    age: float | None

    @classmethod
    def of(cls, marks: Marks) -> Timing:
        times, cpu = np.array(marks.times[WARM:]), marks.cpu[WARM:]
        if len(times) < 2:
            raise InputError(f"the video has {len(marks.times)} frames; the benchmark needs more than {WARM + 1}")
        return cls(
            frames=len(marks.times),
            fps=(len(times) - 1) / (times[-1] - times[0]),
            cpu=(cpu[-1] - cpu[0]) / (len(cpu) - 1) * 1e3,
            p95=float(np.percentile(np.diff(times), 95)) * 1e3,
            age=float(np.percentile(marks.ages[WARM:], 95)) if marks.ages else None,
        )


@NODES.register("bench-null")
class MarkedNull(NullSink):
    """The null sink, which also marks what it takes."""

    def __init__(self) -> None:
        super().__init__()
        self.marks = Marks()

    def process(self, packet: Rendered | Mask) -> None:
        super().process(packet)
        self.marks.add(packet.frame.captured_ns)


def timed(frames: Iterator[None]) -> Timing:
    """A loop that yields after every frame, run to its end."""
    gc.collect()
    marks = Marks()
    for _ in frames:
        marks.add()
    return Timing.of(marks)


def session(card: Card, threads: int) -> Any:
    """The plain session anybody would make: every setting but the threads as ONNX Runtime has it."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    return ort.InferenceSession(str(card.weights_path), options, providers=["CPUExecutionProvider"])


def shape_of(card: Card, video: Path) -> Shape:
    """The (width, height) of the network's input that this video takes."""
    with open_source(str(video)) as source:
        return choose(card.tensor.live, (source.info.width, source.info.height))


def bare(card: Card, shape: Shape, frames: int) -> Iterator[None]:
    """The network alone, at one thread, on a tensor of (width, height) ``shape`` that is there already."""
    run, name = _runner(session(card, 1))
    tensor = np.random.default_rng(0).uniform(0, 255, (1, 3, shape[1], shape[0]))
    feed = {name: tensor.astype(np.float32)}
    for _ in range(frames):
        run(None, feed)
        yield


def plain(card: Card, video: Path, threads: int) -> Iterator[None]:
    """What one writes by hand, well: cv2 reads, shrinks, tints; no edge-aware step, no smoothing, hard edges."""
    spec, index = card.tensor, card.output.index
    run, name = _runner(session(card, threads))
    capture = cv2.VideoCapture(str(video))
    mean = tuple(value / spec.scale for value in spec.mean)
    tint: Any = None
    while True:
        good, picture = capture.read()
        if not good:
            break
        size = choose(spec.live, picture.shape[1::-1])
        blob = cv2.dnn.blobFromImage(cv2.resize(picture, size), spec.scale, mean=mean, swapRB=spec.colour == "rgb")
        if spec.std != (1.0, 1.0, 1.0):
            blob /= np.array(spec.std, np.float32).reshape(1, 3, 1, 1)
        skin = run(None, {name: blob})[index][0, card.output.channel] >= 0.5
        if tint is None:
            tint = np.full_like(picture, (80, 200, 0))
        mask = cv2.resize(skin.view(np.uint8), picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        cv2.copyTo(cv2.addWeighted(picture, 0.5, tint, 0.5, 0), mask, picture)
        yield
    capture.release()


def build(model: str, video: Path) -> Graph:
    """``rtskin live VIDEO --pace max --sink null --view overlay --model MODEL``, its null sink one that marks."""
    settings = {"source.uri": str(video), "source.pace": "max", "infer.model": model, "render.view": "overlay"}
    return Graph.from_toml("live_overlay", {**settings, "sink": {"kind": "bench-null"}})


def graph(model: str, video: Path) -> Timing:
    """The live path as it is. RuntimeError if a single frame was lost on the way."""
    gc.collect()
    built = build(model, video)
    with opencv_alone():
        statistics = built.run()
    timing = Timing.of(_marks(built))
    if statistics.frames["captured"] != timing.frames or statistics.frames["dropped"]:
        raise RuntimeError(f"{timing.frames} of {statistics.frames['captured']} captured frames were rendered")
    return timing


def sequential(model: str, video: Path) -> Timing:
    """The same nodes, called in turn in this thread."""
    gc.collect()
    built = build(model, video)
    nodes = list(built.nodes.values())
    source, stages = nodes[0], nodes[1:]
    assert isinstance(source, Source)
    for node in nodes:
        node.bind(built.nodes)
    try:
        # The network first: preprocess asks it what it takes.
        for node in sorted(nodes, key=lambda node: node is not built.nodes["infer"]):
            node.open(Context())
        while (frame := source.read()) is not None:
            _through(stages, frame)
    finally:
        for node in nodes:
            node.close()
    return Timing.of(_marks(built))


def _through(stages: list[Node], packet: Any) -> None:
    for node in stages:
        packet = node.process(packet)


def _marks(built: Graph) -> Marks:
    sink = built.nodes["sink"]
    assert isinstance(sink, MarkedNull)
    return sink.marks


def _runner(made: Any) -> tuple[Callable[..., Any], str]:
    return made.run, made.get_inputs()[0].name
