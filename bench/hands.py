"""CPU a frame: the whole gesture feed against the detectors and landmarks that do without a mask, interleaved in one run.

``python -m bench.hands ../shared/weights``. Ours: the pipeline of ``rtskin roi``, from decoded frames to lines in a file.
Theirs, on the same frames: MediaPipe's face detection, palm detection and the landmarks of two hands on every frame, by
LiteRT at one thread, with what it takes to prepare their inputs; what comes after the networks (anchors, suppression,
tracking, messages) is not counted for them. Exits with 1 where the target is missed.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from bench.load import Others
from bench.pipeline import make
from bench.report import Cell, machine, markdown, publish
from rtskin.capture.kinds import open_source
from rtskin.cli.session import opencv_alone
from rtskin.errors import MissingExtraError
from rtskin.frame import U8, Frame, Regions
from rtskin.graph import Graph
from rtskin.graph.spec import GraphSpec
from rtskin.infer.cards import DEFAULT_MODEL
from rtskin.media import cv2
from rtskin.node import Node, Source
from rtskin.registry import NODES

VIDEO = Path(__file__).resolve().parents[2] / "shared/data/videos/sam2_04_coffee.mp4"
#: What of their CPU ours may take at most.
TARGET = 0.8
#: Frames at the start that are not counted: caches and queues fill.
WARM = 20


@NODES.register("bench-frames")
class Frames(Source):
    """Frames that are decoded already, each as if it had just come: nothing of it is converted yet."""

    frames: ClassVar[list[Frame]] = []

    def __init__(self) -> None:
        super().__init__()
        self._next = 0

    def read(self) -> Frame | None:
        if self._next == len(self.frames):
            return None
        self._next += 1
        return fresh(self.frames[self._next - 1])


@NODES.register("bench-passing")
class Passing(Node):
    """Notes the CPU that the process had used when each packet passed, and how many regions there were."""

    takes: ClassVar[tuple[type, ...]] = (Regions,)
    gives: ClassVar[type | None] = Regions

    def __init__(self) -> None:
        super().__init__()
        self.cpu: list[float] = []
        self.regions = 0

    def process(self, packet: Regions) -> Regions:
        self.cpu.append(time.process_time())
        self.regions += len(packet.regions)
        return packet


@dataclass
class Timing:
    """cpu: ms a frame. parts: of which. regions: found in a frame, on average."""

    cpu: float
    parts: dict[str, float] = field(default_factory=dict)
    regions: float = 0.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path, help="folder of MediaPipe's .tflite networks")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="name, or path of a card")
    parser.add_argument("--video", type=Path, default=VIDEO, help="a made one where it is absent")
    parser.add_argument("--frames", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-publish", action="store_true", help="only print")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        video = chosen.video if chosen.video.exists() else make(Path(folder) / "pattern.mp4")
        frames = decoded(video, chosen.frames)
        theirs = Theirs(chosen.weights)
        others = Others()
        with opencv_alone():
            rounds = measure(
                {
                    "theirs": lambda: theirs.run(frames),
                    "ours": lambda: ours(frames, chosen.model, Path(folder)),
                },
                chosen.rounds,
            )
        share = others.share()
    text, met = report(rounds, chosen.model, video, len(frames), share)
    print(text) if chosen.no_publish else publish("hands", text)
    return 0 if met else 1


def decoded(video: Path, most: int) -> list[Frame]:
    """The first frames of a video, decoded, not converted."""
    with open_source(str(video)) as source:
        return [frame for frame, _ in zip(source, range(most), strict=False)]


def fresh(frame: Frame) -> Frame:
    """The frame without what was made of it before."""
    return replace(frame, small=None, _bgr=None)


def measure(contenders: dict[str, Callable[[], Timing]], count: int) -> list[dict[str, Timing]]:
    """All in every round, forwards and backwards in turn, so that no one profits from a quiet moment."""
    for run in contenders.values():
        run()  # compiles what is not compiled yet
    rounds = []
    for number in range(count):
        order = list(contenders) if number % 2 == 0 else list(reversed(contenders))
        timings = {}
        for name in order:
            gc.collect()
            timings[name] = contenders[name]()
        rounds.append(timings)
        print(*(f"{name} {timings[name].cpu:.2f}" for name in contenders), file=sys.stderr, flush=True)
    return rounds


def ours(frames: list[Frame], model: str, folder: Path) -> Timing:
    """The pipeline of ``rtskin roi`` as it is, its source and the last edge but for the notes."""
    Frames.frames = frames
    settings = {
        "source": {"kind": "bench-frames"},
        "infer.model": model,
        "infer.threads": 1,
        "smooth.in_time": False,  # as ``--pace max`` does
        "feed.out": str(folder / "rois.jsonl"),
        "feed.overwrite": True,
    }
    graph = Graph.from_toml("gesture_roi", settings, _noted)
    graph.run()
    passing = graph.nodes["passing"]
    assert isinstance(passing, Passing)
    if len(passing.cpu) != len(frames):
        raise RuntimeError(f"{len(passing.cpu)} of {len(frames)} frames came through")
    cpu = passing.cpu[WARM:]
    return Timing((cpu[-1] - cpu[0]) / (len(cpu) - 1) * 1e3, regions=passing.regions / len(frames))


def _noted(spec: GraphSpec) -> GraphSpec:
    """With the node that notes before the feed, whatever comes before that."""
    last = next(edge for edge in spec.edges if edge.target == "feed")
    edges = [f"{last.source} -> passing", "passing -> feed"]
    return spec.extended({"passing": {"kind": "bench-passing"}}, edges, [(last.source, "feed")])


class Theirs:
    """Networks by LiteRT at one thread."""

    def __init__(self, weights: Path) -> None:
        self._face = _network(weights / "face_detection_short_range.tflite")
        self._palm = _network(weights / "palm_detection_lite.tflite")
        self._hand = _network(weights / "hand_landmark_lite.tflite")

    def run(self, frames: Sequence[Frame]) -> Timing:
        """Every part of it on every frame."""
        spent = {"picture": 0.0, "face": 0.0, "palm": 0.0, "two hands": 0.0}
        for number, frame in enumerate(frames):
            if number == WARM:
                spent = dict.fromkeys(spent, 0.0)
            times = [time.process_time()]
            rgb = cv2.cvtColor(fresh(frame).bgr, cv2.COLOR_BGR2RGB)
            times.append(time.process_time())
            self._face(_letterboxed(rgb, 128) / np.float32(127.5) - np.float32(1))
            times.append(time.process_time())
            self._palm(_letterboxed(rgb, 192) / np.float32(255))
            times.append(time.process_time())
            for place in (0.3, 0.7):
                self._hand(_turned(rgb, place, 224) / np.float32(255))
            times.append(time.process_time())
            for name, before, after in zip(spent, times, times[1:], strict=False):
                spent[name] += (after - before) * 1e3 / (len(frames) - WARM)
        return Timing(sum(spent.values()), spent)


def _network(path: Path) -> Callable[[Any], None]:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise MissingExtraError("ai-edge-litert", "dev", "this benchmark") from error
    interpreter = Interpreter(str(path), num_threads=1)
    interpreter.allocate_tensors()
    entry = interpreter.get_input_details()[0]["index"]
    exits = [exit["index"] for exit in interpreter.get_output_details()]

    def run(picture: Any) -> None:
        interpreter.set_tensor(entry, picture[None])
        interpreter.invoke()
        for place in exits:
            interpreter.get_tensor(place)

    return run


def _letterboxed(rgb: U8, side: int) -> U8:
    """The whole picture in a square, black around it."""
    height, width = rgb.shape[:2]
    scale = side / max(height, width)
    small = cv2.resize(rgb, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_LINEAR)
    out = np.zeros((side, side, 3), np.uint8)
    top, left = (side - small.shape[0]) // 2, (side - small.shape[1]) // 2
    out[top : top + small.shape[0], left : left + small.shape[1]] = small
    return out


def _turned(rgb: U8, place: float, side: int) -> U8:
    """A square of a third of the picture's height, turned upright, as a hand's is before its landmarks are looked for."""
    height, width = rgb.shape[:2]
    turn = cv2.getRotationMatrix2D((width * place, height / 2), 20, side * 3 / height)
    turn[:, 2] += np.array((side / 2 - width * place, side / 2 - height / 2))
    return np.asarray(cv2.warpAffine(rgb, turn, (side, side)), np.uint8)


def report(rounds: list[dict[str, Timing]], model: str, video: Path, frames: int, others: float) -> tuple[str, bool]:
    """The section for bench/README.md, and whether the target is met."""
    parts = {part: statistics.median(one["theirs"].parts[part] for one in rounds) for part in rounds[0]["theirs"].parts}
    detail = ", ".join(f"{name} {ms:.1f}" for name, ms in parts.items())
    ratios = [one["ours"].cpu / one["theirs"].cpu for one in rounds]
    ratio = statistics.median(ratios)
    met = ratio <= TARGET
    rows: list[list[object]] = [
        ["theirs", _cpu(rounds, "theirs"), detail, "–"],
        [
            "rtskin roi",
            _cpu(rounds, "ours"),
            f"{rounds[0]['ours'].regions:.1f} regions a frame",
            Cell(f"{ratio:.2f} ({min(ratios):.2f} … {max(ratios):.2f})", met),
        ],
    ]
    size = "×".join(map(str, (Frames.frames[0].width, Frames.frames[0].height)))
    text = (
        f"## The gesture feed against detectors on every frame\n\n{machine()}. `python -m bench.hands`: {video.name}, "
        f"{frames} frames of {size}, decoded before; {model}; medians of {len(rounds)} interleaved rounds. CPU of the whole "
        "process. Theirs: face detection, palm detection and the landmarks of two hands on every frame, by LiteRT at one "
        "thread, their inputs prepared, nothing after the networks. Ours: from the decoded frame to a line in a file, of "
        f"every region of skin. Other programs took {others:.0%} of the machine meanwhile.\n\n"
        + markdown(["", "CPU ms a frame", "what", f"of theirs, ≤ {TARGET:g}"], rows)
    )
    return text, met


def _cpu(rounds: list[dict[str, Timing]], name: str) -> str:
    return f"{statistics.median(one[name].cpu for one in rounds):.2f}"


if __name__ == "__main__":
    sys.exit(main())
