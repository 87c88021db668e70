"""What steady masks cost: milliseconds a frame of each temporal filter, interleaved in one run, on one core.

The pictures are a pattern in motion at 1280×720 with a sensor's noise, the masks 416×224 discs that move along and tremble.
Decoding and the network are not in it; the small luma, which cuts, change and flow share, is a row of its own.
``--endless N`` sends N small frames through each of them instead, and says what memory that took (bench.endless).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from bench import endless
from bench.endless import Luma
from bench.report import machine, markdown, publish
from rtskin.cli.session import opencv_alone
from rtskin.frame import F32, Frame, Scores, SourceInfo
from rtskin.media import cv2
from rtskin.preprocess.skip import Skip
from rtskin.preprocess.small import small_luma
from rtskin.registry import SMOOTHERS
from rtskin.smooth.cuts import CutDetector
from rtskin.smooth.motion import FlowField
from rtskin.smooth.prior import Prior

SIZE, MASK = (1280, 720), (416, 224)
FRAMES, STEP = 30, 12
#: Milliseconds at most.
TARGETS = {"adaptive": 1.0, "flow": 3.0}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument(
        "--endless", type=int, metavar="N", help="instead: N small frames through each, and their memory"
    )
    parser.add_argument("--no-publish", action="store_true", help="only print")
    chosen = parser.parse_args()
    with opencv_alone():
        if chosen.endless:
            rows = [endless.run(chosen.endless, work, name) for name, work in endless.works().items()]
            section, text = "endless", endless.report(rows, chosen.endless)
        else:
            section, text = "smooth", report(measure(chosen.rounds), chosen.rounds)
    print(text) if chosen.no_publish else publish(section, text)
    return 0


def stream() -> tuple[list[Frame], list[F32]]:
    """Frames and masks of a disc that crosses the picture, STEP pixels a frame."""
    random = np.random.default_rng(1)
    coarse = random.integers(30, 220, (45, 80)).astype(np.uint8)
    wall = cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC)
    skin = cv2.resize(coarse[::-1, ::-1], SIZE, interpolation=cv2.INTER_CUBIC)
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    frames, masks = [], []
    for number in range(FRAMES):
        inside = np.hypot(x - 300 - STEP * number, y - 360) < 180
        noise = random.normal(0, 3, inside.shape)
        picture = np.where(inside, np.roll(skin, STEP * number, axis=1), wall) + noise
        small = cv2.resize(inside.astype(np.float32), MASK, interpolation=cv2.INTER_AREA)
        masks.append(np.clip(small + random.normal(0, 0.05, small.shape), 0, 1).astype(np.float32))
        pixels = np.clip(picture, 0, 255).astype(np.uint8)
        frames.append(Frame(number, Luma(pixels, "gray"), SourceInfo("made", *SIZE), number, Fraction(1, 30)))
    return frames, masks


def works() -> dict[str, Callable[[], Callable[[Frame, F32], object]]]:
    """What is timed: a maker of something that takes a frame and its mask."""

    def filtered(method: str) -> Callable[[Frame, F32], object]:
        smoother = SMOOTHERS.get(method)()
        return lambda frame, mask: smoother.apply(mask, 1 / 30, frame)

    def prior() -> Callable[[Frame, F32], object]:
        memory = Prior()

        def ask(frame: Frame, mask: F32) -> None:
            memory.before(frame, "a")
            memory.after(Scores(frame, mask, "a"))

        return ask

    def skip() -> Callable[[Frame, F32], object]:
        one, model = Skip(), object()
        return lambda frame, mask: one(frame, model)

    def cuts() -> Callable[[Frame, F32], object]:
        detector = CutDetector()
        return lambda frame, mask: detector(frame)

    def flow() -> Callable[[Frame, F32], object]:
        field, before = FlowField(), []

        def both(frame: Frame, mask: F32) -> None:
            now = small_luma(frame)
            if before:
                field(before.pop(), now)
            before.append(now)

        return both

    methods = {name: (lambda name=name: filtered(name)) for name in ("none", "ema", "adaptive", "flow")}
    parts = {"prior: the mask moved, beside adaptive": prior, "part: cuts": cuts, "part: skip": skip}
    return {**methods, **parts, "part: optical flow, both directions": flow}


def measure(rounds: int) -> dict[str, list[float]]:
    """Milliseconds of every frame, by what was done; the first round warms up."""
    frames, masks = stream()
    made, times = works(), {"part: small luma": list[float]()}
    for number in range(rounds + 1):
        shrunk = []
        for frame in frames:
            frame.small = None
            shrunk.append(_milliseconds(lambda frame=frame: small_luma(frame)))
        times["part: small luma"] += shrunk if number else []
        for name, make in made.items():
            work = make()
            taken = [_milliseconds(lambda f=f, m=m, work=work: work(f, m)) for f, m in zip(frames, masks, strict=True)]
            times.setdefault(name, []).extend(taken[1:] if number else [])
    return times


def _milliseconds(work: Callable[[], object]) -> float:
    """Of this thread's CPU: what other programs take of the machine is not the filter's."""
    begun = time.thread_time()
    work()
    return (time.thread_time() - begun) * 1e3


def report(times: dict[str, list[float]], rounds: int) -> str:
    """The section for bench/README.md."""
    luma = statistics.median(times["part: small luma"])
    rows = []
    for name in sorted(times, key=lambda name: name.startswith("part")):
        low, high = np.percentile(times[name], [10, 90])
        median, limit = statistics.median(times[name]), TARGETS.get(name)
        cell = f"{median:.2f} ({low:.2f} … {high:.2f})"
        whole = "–" if limit is None else f"{median + luma:.2f} (≤ {limit:g})"
        rows.append([name, cell, f"**{whole}**" if limit is not None and median + luma > limit else whole])
    table = markdown(["filter", "CPU ms a frame", "with the small luma"], rows)
    what = f"{SIZE[0]}×{SIZE[1]}, masks of {MASK[0]}×{MASK[1]}, one thread, its CPU time"
    runs = f"median (10th … 90th percentile) of {rounds * (FRAMES - 1)} frames in {rounds} interleaved rounds"
    luma_is = "The small luma is made once a frame and shared. Targets missed are bold."
    return f"## Temporal filters\n\n{machine()}. `python -m bench.smooth`: {what}, {runs}. {luma_is}\n\n{table}"


if __name__ == "__main__":
    sys.exit(main())
