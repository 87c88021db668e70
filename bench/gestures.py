"""What the feed of hands and faces costs, and how late its messages are.

CPU: ``rtskin roi VIDEO --pace max``, all threads, decoding left out, against MediaPipe's networks for face detection, palm
detection and the landmarks of two hands on every frame: the networks alone, by ai-edge-litert on one thread, without all
that goes around them. Rounds are interleaved, the ratio is within each. Latency: the same at the pace of a camera, from
capture to the message's arrival in another thread's socket, against the time that the network takes.

``--write`` puts the table into bench/README.md; exits with 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import socket
import statistics
import sys
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from bench.load import Others
from bench.loops import WARM, Marks, Timing
from bench.report import Cell, machine, markdown, publish
from rtskin.cli.roi_spec import before
from rtskin.cli.session import opencv_alone
from rtskin.frame import Regions
from rtskin.graph import Graph, GraphSpec
from rtskin.node import Node
from rtskin.registry import NODES

SHARED = Path(__file__).resolve().parents[2] / "shared"
VIDEOS = ("intel_asl_want.mkv", "intel_asl_hungry.mkv", "sam2_04_coffee.mp4")
#: What is run on every frame where everything is detected anew: (network, times a frame).
DETECTORS = (("face_detection_short_range", 1), ("palm_detection_lite", 1), ("hand_landmark_lite", 2))
#: What is asked: CPU against theirs; ms that a message comes after the network's time.
CHEAPER, LATER = 0.8, 8.0


@NODES.register("bench-marks")
class Marked(Node):
    """Marks what it takes."""

    takes = (Regions,)
    emits = "none"

    def __init__(self) -> None:
        super().__init__()
        self.marks = Marks()

    def process(self, regions: Regions) -> None:
        self.marks.add(regions.frame.captured_ns)


@dataclass(frozen=True)
class Live:
    """p95 in ms: of the network's own time, of a message's way from capture to arrival. late: the second less the first."""

    network: float
    arrival: float

    @property
    def late(self) -> float:
        return self.arrival - self.network


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=Path, nargs="+", default=[SHARED / "data/videos" / name for name in VIDEOS])
    parser.add_argument("--weights", type=Path, default=SHARED / "weights", help="folder of MediaPipe's .tflite files")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="put the table into bench/README.md")
    chosen = parser.parse_args()
    others, rows = Others(), []
    with opencv_alone():
        detect = detectors(chosen.weights)
        for video in chosen.videos:
            costs = [(feed_cpu(video), detect()) for _ in range(chosen.rounds)]
            lives = [as_camera(video) for _ in range(chosen.rounds)]
            rows.append(row(video.stem, costs, lives))
            print(*rows[-1], file=sys.stderr, sep=" | ", flush=True)
    text = section(rows, chosen.rounds, others.share())
    publish("gestures", text) if chosen.write else print(text)
    return 1 if any(cell.met is False for cells in rows for cell in cells) else 0


def feed_cpu(video: Path) -> float:
    """CPU ms a frame of the whole feed from a file, without decoding."""
    gc.collect()
    settings = {"source.uri": str(video), "source.pace": "max", "feed.out": os.devnull}
    graph = Graph.from_toml("gesture_roi", settings, _marked)
    said, sink = graph.run(), graph.nodes["marks"]
    assert isinstance(sink, Marked)
    source = said.nodes["source"]
    return Timing.of(sink.marks).cpu - source.cpu_ms / source.count


def detectors(weights: Path) -> Any:
    """A function: CPU ms that the networks take for a frame."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise SystemExit(f"MediaPipe's networks need ai-edge-litert: pip install ai-edge-litert ({error})") from None
    loaded = []
    for name, times in DETECTORS:
        network = Interpreter(str(weights / f"{name}.tflite"), num_threads=1)
        network.allocate_tensors()
        entry = network.get_input_details()[0]
        picture = np.random.default_rng(0).uniform(0, 1, entry["shape"]).astype(np.float32)
        network.set_tensor(entry["index"], picture)
        loaded += [network] * times

    def run(frames: int = 100) -> float:
        for number in range(WARM + frames):
            if number == WARM:
                begun = time.process_time()
            for network in loaded:
                network.invoke()
        return (time.process_time() - begun) / frames * 1e3

    return run


def as_camera(video: Path) -> Live:
    """Frames come at the video's rate."""
    gc.collect()
    ages: list[float] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as reader:
        reader.bind(("127.0.0.1", 0))
        reader.settimeout(1.0)
        ended = threading.Event()
        listener = threading.Thread(target=_listen, args=(reader, ages, ended))
        listener.start()
        out = f"udp://127.0.0.1:{reader.getsockname()[1]}"
        # A picture that stands still would leave the network idle.
        settings = {"source.uri": str(video), "feed.out": out, "preprocess.skip": False}
        try:
            said = Graph.from_toml("gesture_roi", settings).run()
        finally:
            ended.set()
            listener.join()
    return Live(said.nodes["infer"].p95_ms or 0.0, float(np.percentile(ages[WARM:], 95)))


def _listen(reader: socket.socket, ages: list[float], ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            data, now = reader.recv(65536), time.time()
        except TimeoutError:
            continue
        captured = datetime.fromisoformat(json.loads(data)["captured_at"]).timestamp()
        ages.append((now - captured) * 1e3)


def row(name: str, costs: list[tuple[float, float]], lives: list[Live]) -> list[Cell]:
    ratios = [ours / theirs for ours, theirs in costs]
    middle, late = statistics.median(ratios), statistics.median(live.late for live in lives)
    return [
        Cell(name),
        Cell(f"{statistics.median(ours for ours, _ in costs):.2f}"),
        Cell(f"{statistics.median(theirs for _, theirs in costs):.2f}"),
        Cell(f"{middle:.2f} ({min(ratios):.2f} … {max(ratios):.2f})", middle <= CHEAPER),
        Cell(f"{statistics.median(live.network for live in lives):.1f}"),
        Cell(f"{statistics.median(live.arrival for live in lives):.1f}"),
        Cell(f"{late:.1f}", late <= LATER),
    ]


def section(rows: list[list[Cell]], rounds: int, others: float) -> str:
    """For bench/README.md."""
    header = [
        "clip",
        "feed, CPU ms a frame",
        "detectors, CPU ms",
        "ratio",
        "network p95 ms",
        "message p95 ms",
        "later by",
    ]
    return (
        f"## The feed of hands and faces\n\n{machine()}. `python -m bench.gestures`: medians of {rounds} rounds. CPU of the "
        f"whole feed without decoding, every frame of a file, against MediaPipe's networks for faces, palms and two hands "
        f"alone on every frame (at most {CHEAPER:g} ×; ratios within a round, lowest … highest). Messages: from capture to "
        f"arrival over UDP, frames at the camera's pace (at most {LATER:g} ms after the network's p95). Targets missed are "
        f"bold. Other programs took {others:.0%} of the machine meanwhile.\n\n{markdown(header, rows)}"
    )


def _marked(spec: GraphSpec) -> GraphSpec:
    return spec.extended({"marks": {"kind": "bench-marks"}}, [f"{before(spec, 'feed')} -> marks"])


if __name__ == "__main__":
    sys.exit(main())
