"""Do temporal filters keep their memory flat: very many small frames through each of them, and what the process holds.

``python -m bench.smooth --endless N`` runs it. The pictures are of 32×18 pixels and the masks of 16×10, so that many are
soon done; a mask has another size for every other 500 of them. What the process holds is resident memory as the system
counts it (Linux: /proc/self/statm), taken while the filter is at work.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from bench.report import machine, markdown
from rtskin.frame import F32, BgrPicture, Frame, Scores, SourceInfo
from rtskin.media import cv2
from rtskin.node import Context
from rtskin.smooth.node import Smooth
from rtskin.smooth.prior import Prior

SIZE = (32, 18)
#: A scene of so many pictures, each shown so often; then comes a cut. Masks change their size after so many.
SCENE, SHOWN, SIZED = 20, 3, 500
#: When memory is looked at: parts of the whole.
POINTS = (0.1, 0.25, 0.5, 0.75, 1.0)
#: MB that the process may hold more at the end than at the first point.
GROWTH = 4.0
#: Takes scores and does with them what is to be tested; the other answers what happened, at the end.
Work = tuple[Callable[[Scores], object], Callable[[], str]]


class Luma(BgrPicture):
    """A picture that was decoded as YUV: its luma is there."""

    def luma(self) -> np.ndarray:  # type: ignore[override]
        return self.pixels


@dataclass(frozen=True)
class Row:
    """megabytes: held at each of POINTS. seconds: of CPU. what: happened on the way."""

    name: str
    megabytes: tuple[float, ...]
    seconds: float
    what: str

    @property
    def growth(self) -> float:
        return self.megabytes[-1] - self.megabytes[0]


def works() -> dict[str, Callable[[], Work]]:
    """What is run, by its name: makers, so that one is gone when the next begins."""

    def through(**options: object) -> Callable[[], Work]:
        return lambda: _node(Smooth(**options))

    methods = {name: through(method=name) for name in ("ema", "adaptive", "flow", "auto")}
    return {**methods, "flow, looking a frame ahead": through(method="flow", lookahead=1), "prior": _prior}


def run(count: int, work: Callable[[], Work], name: str) -> Row:
    """``count`` frames through one of them."""
    process, told = work()
    points = {max(1, round(count * part)) for part in POINTS}
    held, begun = [], time.process_time()
    for number, scores in enumerate(stream(count), 1):
        process(scores)
        if number in points:
            held.append(resident())
    return Row(name, tuple(held), time.process_time() - begun, told())


def stream(count: int) -> Iterator[Scores]:
    """Two scenes in turn, each panned over with a sensor's noise; masks of noise. A millisecond between frames: so little
    that ``auto`` has no time for its best method, and tries it again and again."""
    random = np.random.default_rng(2)
    coarse = [random.integers(0, 255, (4, 7)).astype(np.uint8) for _ in range(2)]
    scenes = [np.roll(cv2.resize(one, SIZE), shift, axis=1) for one in coarse for shift in range(SCENE)]
    pictures = [np.clip(one + random.normal(0, 2, one.shape), 0, 255).astype(np.uint8) for one in scenes]
    masks: list[F32] = [random.random(shape).astype(np.float32) for shape in ((10, 16), (16, 10))]
    info = SourceInfo("made", *SIZE)
    for number in range(count):
        picture = Luma(pictures[number // SHOWN % len(pictures)], "gray")
        frame = Frame(number, picture, info, number, Fraction(1, 1000))
        yield Scores(frame, masks[number // SIZED % 2], "a")


def report(rows: Sequence[Row], count: int) -> str:
    """The section for bench/README.md."""
    header = ["filter", *(f"MB after {part:.0%}" for part in POINTS), f"more, ≤ {GROWTH:g}", "CPU s", "on the way"]
    cells = [
        [
            row.name,
            *(f"{one:.1f}" for one in row.megabytes),
            f"{row.growth:+.1f}" if row.growth <= GROWTH else f"**{row.growth:+.1f}**",
            f"{row.seconds:.0f}",
            row.what,
        ]
        for row in rows
    ]
    width, height = SIZE
    return (
        f"## Memory over {count:,} frames\n\n{machine()}. `python -m bench.smooth --endless {count}`: {count:,} frames of "
        f"{width}×{height} through each filter, one after the other in one process, with a cut after every {SCENE * SHOWN} "
        f"and masks of another size after every {SIZED}. MB: resident memory of the whole process, libraries included. "
        f"Targets missed are bold.\n\n{markdown(header, cells)}"
    )


def resident() -> float:
    """MB that the process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _node(node: Smooth) -> Work:
    node.open(Context())
    modes: list[object] = []

    def process(scores: Scores) -> None:
        node.process(scores)
        # A trial of auto takes fifteen frames: with every tenth none is missed.
        if scores.frame.seq % 10 == 0 and modes[-1:] != [mode := node.counters()["mode"]]:
            modes.append(mode)

    def told() -> str:
        changes = f", {len(modes) - 1} changes of method" if len(modes) > 1 else ""
        return f"{node.counters()['resets']:,} resets{changes}"

    return process, told


def _prior() -> Work:
    memory = Prior()

    def process(scores: Scores) -> None:
        memory.before(scores.frame, scores.model)
        memory.after(scores)

    return process, lambda: f"{memory.given:,} priors"
