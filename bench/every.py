"""What masks that ride cost in accuracy: IoU of the network every k frames against the network on every frame.

``python -m bench.every ../shared/data/ccp ../shared/data/hgr --skinless ../shared/data/negatives --held-out
models/mobile-unet/recipe.toml --write``: motion clips, compared clip by clip. Exits with 1 where more is lost than may be.
What they bring in frames a second is asked by bench.slow.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from bench.report import Cell, machine, markdown, publish
from rtskin.cli.eval_sets import bar
from rtskin.cli.eval_video import ClipOptions
from rtskin.cli.session import opencv_alone
from rtskin.evaluate.metrics import HALF
from rtskin.evaluate.run import shown_name
from rtskin.evaluate.video.clips import Made, Ready
from rtskin.evaluate.video.deliver import RIDES, Way
from rtskin.evaluate.video.methods import parse_methods
from rtskin.evaluate.video.report import VideoReport
from rtskin.evaluate.video.run import evaluate
from rtskin.evaluate.video.tally import Figures, mean
from rtskin.frame import U8

#: Frames from key frame to key frame; the one that is judged, and what it may lose.
KS, JUDGED, LOSS = (1, 5, 10), 5, -0.01


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("named", nargs="+", type=Path, metavar="DATASET")
    parser.add_argument("--skinless", action="append", type=Path, default=[])
    parser.add_argument("--held-out", type=Path, metavar="RECIPE.toml")
    parser.add_argument("--model", default="mobile-unet")
    parser.add_argument("--smooth", default="none,auto")
    parser.add_argument("--motion", type=int, default=28, help="how many clips")
    parser.add_argument("--write", action="store_true", help="put the table into bench/README.md")
    chosen = parser.parse_args()
    clips = ClipOptions(tuple(chosen.named), tuple(chosen.skinless), chosen.held_out, None, None, chosen.motion, 0, 0)
    clips.check()
    with opencv_alone():
        report = accuracy(clips, chosen.model, chosen.smooth)
    found = rows(report)
    text = section(report, found, shown_name(chosen.model))
    publish("every", text) if chosen.write else print(text)
    return 1 if any(cell.met is False for row in found for cell in row) else 0


@dataclass(frozen=True)
class Compared(Made):
    """A motion clip of which only the IoU is asked; its truths are made once for all ways."""

    @contextmanager
    def ready(self) -> Iterator[Ready]:
        truths = [np.packbits(self.clip.truth(number) >= HALF) for number in range(self.clip.frames)]
        yield Ready(self.file(), lambda: IouTally(truths))


class IouTally:
    """Masks in order → iou: at one half, mean over the frames that have skin. truths: packed bits of each frame."""

    def __init__(self, truths: list[npt.NDArray[np.uint8]]) -> None:
        self._truths, self._ious, self._number = truths, list[float](), 0

    def add(self, mask: U8) -> None:
        """The next frame's mask, uint8 H×W."""
        skin = np.unpackbits(self._truths[self._number], count=mask.size).reshape(mask.shape).view(np.bool_)
        found = mask >= HALF
        if skin.any():
            self._ious.append(int(np.count_nonzero(found & skin)) / int(np.count_nonzero(found | skin)))
        self._number += 1

    def figures(self) -> Figures:
        """iou."""
        return {"iou": mean(self._ious)}


def accuracy(clips: ClipOptions, model: str, smooth: str) -> VideoReport:
    """Every k with every smoother on the motion clips; ways are called by their k."""
    with TemporaryDirectory(prefix="bench-every-") as folder, bar("clips") as progress:
        made = [Compared(clip, Path(folder)) for clip in clips.motion_clips()]
        methods = parse_methods(smooth)
        ways = [Way(model, str(k), one, {f"{RIDES}every": k} if k > 1 else {}) for one in methods for k in KS]
        return evaluate(made, ways, progress=progress, seed=clips.seed)


def rows(report: VideoReport) -> list[list[Cell]]:
    """k, then for each smoother the IoU and what is lost against k = 1."""
    clips, labels = list(report.made), _labels(report)
    return [[Cell(str(k)), *(cell for label in labels for cell in _pair(report, clips, label, k))] for k in KS]


def _pair(report: VideoReport, clips: list[str], label: str, k: int) -> Iterator[Cell]:
    found = report.figure((str(k), label), clips, "iou")
    yield Cell("–" if found is None else f"{found.value:.4f}")
    change = report.change((str(k), label), (str(KS[0]), label), clips, "iou") if k > KS[0] else None
    if change is None:
        yield Cell("–")
    else:
        met = change.value >= LOSS if k == JUDGED else None
        yield Cell(f"{change.value:+.4f} ({change.low:+.4f} … {change.high:+.4f})", met)


def _labels(report: VideoReport) -> list[str]:
    return list(dict.fromkeys(label for _, label in report.ways))


def section(report: VideoReport, found: list[list[Cell]], model: str) -> str:
    """For bench/README.md."""
    header = ["k", *(f"`{label}`: {what}" for label in _labels(report) for what in ("IoU", "against k = 1"))]
    return (
        f"## Masks that ride: accuracy\n\n{machine()}. `python -m bench.every`: {model} on every k-th frame of "
        f"{len(report.made)} motion clips, by temporal filter; the masks between follow the picture. IoU at one half, mean "
        f"over frames and clips; the change with its 95 % interval over clips. k = {JUDGED} may lose {-LOSS:g}; where it "
        f"loses more it is bold.\n\n{markdown(header, found)}"
    )


if __name__ == "__main__":
    sys.exit(main())
