"""How much of the machine a render uses: frames a second of each of its passes, against what would be possible.

``python -m bench.render CLIP.mp4`` renders a matte of ten seconds of the clip, upscaled to 1920×1080, by one worker. What
is possible is the smaller of the slowest stage by itself (decoding, reading masks and writing: run alone; the nodes between:
the CPU time of their one thread) and of the cores by the CPU time of a frame. Then the first pass by one and by two workers,
each kept to one core. A clip of that size is taken as it is. Writes its table into bench/README.md; exits with 1 where a
target is missed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from bench.load import Others
from bench.report import Cell, machine, markdown, publish
from rtskin import paths
from rtskin.frame import Mask
from rtskin.graph.spec import GraphSpec, read_spec
from rtskin.media import av, cv2
from rtskin.node import Context
from rtskin.offline.finish import finish
from rtskin.offline.folder import WorkFolder
from rtskin.offline.manifest import OutputPart
from rtskin.offline.mattes import MatteWriter, read_mattes
from rtskin.offline.output import WriteOutput
from rtskin.offline.plan import Wanted, plan
from rtskin.offline.segment import make_segment
from rtskin.offline.settle import open_model
from rtskin.offline.source import NumberedFrames

SHARE, WORKERS = 0.85, 1.6
SIZE, SECONDS = (1920, 1080), 10
#: Frames after which a pass is in full swing.
WARM = 40
#: Frames that a stage is run on by itself.
ALONE = 80


@dataclass(frozen=True)
class Pass:
    """fps: reached. cpu_ms: of all threads, a frame. stages: milliseconds of each by itself, a frame."""

    name: str
    fps: float
    cpu_ms: float
    stages: dict[str, float]

    @property
    def slowest(self) -> str:
        return max(self.stages, key=self.stages.__getitem__)

    @property
    def possible(self) -> float:
        """Frames a second."""
        return min(1e3 / self.stages[self.slowest], 1e3 * cores() / self.cpu_ms)

    @property
    def share(self) -> float:
        return self.fps / self.possible


class Swing:
    """Takes counts of frames; tells frames a second and CPU milliseconds a frame from the first after WARM on."""

    def __init__(self) -> None:
        self._seen: list[tuple[int, float, float]] = []

    def __call__(self, count: int) -> None:
        if count >= WARM and (not self._seen or count > self._seen[-1][0]):
            self._seen.append((count, time.perf_counter(), time.process_time()))

    def figures(self) -> tuple[float, float]:
        (first, begun, cpu), (last, ended, spent) = self._seen[0], self._seen[-1]
        return (last - first) / (ended - begun), 1e3 * (spent - cpu) / (last - first)


def cores() -> int:
    return len(os.sched_getaffinity(0))


def upscaled(clip: Path, path: Path) -> Path:
    """SECONDS of a clip in SIZE, again and again from its beginning where it is shorter; the clip itself if it has it."""
    with av.open(str(clip)) as reader:
        if (reader.streams.video[0].width, reader.streams.video[0].height) == SIZE:
            return clip
    with av.open(str(clip)) as reader, av.open(str(path), "w") as writer:
        rate = reader.streams.video[0].average_rate or Fraction(30)
        pictures = [frame.to_ndarray(format="bgr24") for frame in islice(reader.decode(video=0), SECONDS * 30)]
        stream = writer.add_stream("libx264", rate=rate, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for number in range(int(SECONDS * rate)):
            large = cv2.resize(pictures[number % len(pictures)], SIZE, interpolation=cv2.INTER_LINEAR)
            writer.mux(stream.encode(av.VideoFrame.from_ndarray(large, format="bgr24").reformat(format="yuv420p")))
        writer.mux(stream.encode(None))
    return path


def planned(clip: Path, folder: Path, model: str, **own: Any) -> WorkFolder:
    spec, _ = read_spec(paths.find("pipelines", "offline_render"))
    spec = spec.override({"infer.model": model, "infer.threads": 1, "source.uri": str(clip)})
    return plan(folder, Wanted(str(clip), spec, [OutputPart(path=f"{folder}.mkv", view="matte")], **own))


def mask_pass(folder: WorkFolder) -> Pass:
    """The first pass, its segments one after the other."""
    source, swing = folder.source(), Swing()

    def go_on(count: int) -> bool:
        swing(count)
        return True

    infer = open_model(GraphSpec.parse(folder.manifest.pipeline))
    try:
        (segment,) = folder.segments
        record = make_segment(folder, segment, source, infer.segmenter, go_on)
    finally:
        infer.close()
    assert record is not None
    folder.complete(segment, record)
    nodes = record.statistics["nodes"]
    stages = {name: node["cpu_ms"] / max(1, node["count"]) for name, node in nodes.items() if name != "source"}
    masks = list(islice(read_mattes(folder.mattes(segment)), ALONE))
    writer = MatteWriter(folder.path / "alone.mkv")
    stages |= {"decoding": decoding(folder), "writing masks": each(masks, writer.write)}
    writer.abandon()
    return Pass("masks", *swing.figures(), stages)


def last_pass(folder: WorkFolder) -> Pass:
    """The last pass."""
    swing = Swing()
    finish(folder, progress=swing)
    frames = NumberedFrames(folder.source(), folder.table, 0, ALONE, fill=True)
    frames.open(Context())
    pictures = list(iter(frames.read, None))
    frames.close()
    begun, masks = time.perf_counter(), list(islice(read_mattes(folder.mattes(folder.segments[0])), ALONE))
    reading = 1e3 * (time.perf_counter() - begun) / len(masks)
    node = WriteOutput(folder.manifest.outputs[0], str(folder.path / "alone.mkv"))
    node.open(Context())
    packets = [Mask(frame, mask, "") for frame, mask in zip(pictures, masks, strict=True)]
    stages = {"decoding": decoding(folder), "reading masks": reading, "encoding": each(packets, node.process)}
    node.close()
    return Pass("output", *swing.figures(), stages)


def decoding(folder: WorkFolder) -> float:
    frames = NumberedFrames(folder.source(), folder.table, 0, len(folder.table))
    frames.open(Context())
    begun, count = time.perf_counter(), sum(1 for _ in iter(frames.read, None))
    seconds = time.perf_counter() - begun
    frames.close()
    return 1e3 * seconds / count


def each(items: Iterable[Any], do: Callable[[Any], object]) -> float:
    """Milliseconds an item, the first ones left out, which open what there is to open."""
    times = []
    for item in items:
        begun = time.perf_counter()
        do(item)
        times.append(1e3 * (time.perf_counter() - begun))
    return sum(times[8:]) / len(times[8:])


def workers(clip: Path, folder: Path, model: str, count: int) -> float:
    """Frames a second of so many workers from the first mask to the last, each on a core of its own."""
    made = planned(clip, folder, model, segment=75)
    allowed = sorted(os.sched_getaffinity(0))[:count]
    command = [sys.executable, "-m", "rtskin", "render", "work", str(made.path)]
    begun = time.perf_counter()
    running = [subprocess.Popen(["taskset", "-c", str(core), *command], stderr=subprocess.DEVNULL) for core in allowed]
    if any(process.wait() for process in running):
        sys.exit("a worker failed")
    return len(made.table) / (time.perf_counter() - begun)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--model", default="mobile-unet")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("passes", "workers"))
    chosen = parser.parse_args()
    with TemporaryDirectory(prefix="rtskin-render-") as name:
        place = Path(name)
        clip = upscaled(chosen.clip, place / "clip.mp4")
        met = chosen.only == "workers" or passes_table(clip, place, chosen)
        met &= chosen.only == "passes" or workers_table(clip, place, chosen)
    return 0 if met else 1


def passes_table(clip: Path, place: Path, chosen: argparse.Namespace) -> bool:
    """Publishes what each pass reaches; is it enough."""
    rounds, others = [], Others()
    for number in range(chosen.rounds):
        folder = planned(clip, place / f"work-{number}", chosen.model)
        rounds.append([mask_pass(folder), last_pass(folder)])
    rows = [row(list(passes)) for passes in zip(*rounds, strict=True)]
    header = ["pass", "frames/s", "CPU ms a frame", "slowest stage, ms", "possible", f"share, ≥ {SHARE:.0%}"]
    publish(
        "render",
        f"## Rendering\n\n{_about(chosen)} Other programs took "
        f"{others.share():.0%} of the machine meanwhile. Targets missed are bold.\n\n{markdown(header, rows)}",
    )
    return all(cells[-1].met for cells in rows)


def workers_table(clip: Path, place: Path, chosen: argparse.Namespace) -> bool:
    """Publishes what a second worker brings; is it enough."""
    rounds = []
    for number in range(chosen.rounds):
        rounds.append([workers(clip, place / f"jobs-{number}-{count}", chosen.model, count) for count in (1, 2)])
    ratios = [two / one for one, two in rounds]
    rows = [[count + 1, f"{median(speeds):.1f}"] for count, speeds in enumerate(zip(*rounds, strict=True))]
    ratio = Cell(f"{median(ratios):.2f} ({min(ratios):.2f} … {max(ratios):.2f})", median(ratios) >= WORKERS)
    publish(
        "render-workers",
        f"## Several workers\n\n{_about(chosen)} Each worker is a process kept to one core; from the start of the first "
        f"to the end of the last.\n\n{markdown(['workers', 'frames/s'], rows)}\n\nTwo against one, median of the rounds' "
        f"ratios (lowest … highest): {ratio}, at least {WORKERS}.",
    )
    return bool(ratio.met)


def _about(chosen: argparse.Namespace) -> str:
    return (
        f"{machine()}. `python -m bench.render {chosen.clip.name}`: {SECONDS} s at {SIZE[0]}×{SIZE[1]}, {chosen.model} with "
        f"one thread, medians of {chosen.rounds} rounds."
    )


def row(passes: list[Pass]) -> list[Any]:
    """Of the same pass in each round; the round of the median share."""
    one = sorted(passes, key=lambda each: each.share)[len(passes) // 2]
    slowest = f"{one.slowest} {one.stages[one.slowest]:.1f}"
    return [one.name, f"{one.fps:.1f}", f"{one.cpu_ms:.1f}", slowest, f"{one.possible:.1f}",
            Cell(f"{one.share:.0%}", one.share >= SHARE)]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
