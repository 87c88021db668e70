"""How steady masks are with each filter, against what is to be reached: motion clips, real clips, cuts.

``python -m bench.steady ../shared/data/ccp ../shared/data/hgr ../shared/data/videos/CLIP.mkv … --skinless
../shared/data/negatives --held-out models/mobile-unet/recipe.toml`` prints the tables and puts them into bench/README.md;
exits with 1 where a target is missed. It is ``rtskin eval --video`` with targets. What steadiness costs is asked by
bench.smooth: here other nodes work at the same time.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.report import machine, markdown, publish
from rtskin.cli.eval_video import ClipOptions, VideoOutput, measured
from rtskin.evaluate.video.report import VideoReport, to_markdown

#: What is compared; the last is the usual filter, as strong as the trail of the default allows.
SMOOTH = "none,ema,adaptive,flow,ema:trail=flow"


@dataclass(frozen=True)
class Target:
    """value: None where the clips cannot tell. most: it may be this at most; else it is to be so at least."""

    what: str
    value: float | None
    limit: float
    most: bool = True

    @property
    def met(self) -> bool | None:
        if self.value is None:
            return None
        return self.value <= self.limit if self.most else self.value >= self.limit


def targets(report: VideoReport) -> Iterator[Target]:
    """What is to be reached, of each filter that is there."""
    made, real = list(report.made), list(report.real)
    base, tuned = report.ways[0], report.ways[-1]
    for way in report.ways[1:]:
        name = way[1]
        if name not in ("adaptive", "flow"):
            continue
        yield Target(f"{name}: flicker on still truth", _change(report, way, base, made, "flicker"), -0.6)
        yield Target(f"{name}: warping error, real clips", _change(report, way, base, real, "warping"), -0.65)
        against = _change(report, way, tuned, real, "warping")
        yield Target(f"{name}: warping error against {tuned[1]}, of equal trail", against, 0)
        gain = 0.01 if name == "flow" else 0.0
        yield Target(f"{name}: IoU, motion clips", _change(report, way, base, made, "iou"), gain, most=False)
        fast = [clip for clip, kind in report.made.items() if kind == "fast"]
        yield Target(f"{name}: trail at 24 pixels a frame", _change(report, way, base, fast, "trail"), 0.1)
    if report.cuts:
        yield Target("cuts: precision", report.cuts.precision, 0.98, most=False)
        yield Target("cuts: recall", report.cuts.recall, 0.98, most=False)
        yield Target("cuts: resets on a waved hand", report.cuts.resets.get("wave", 0), 0)


def _change(
    report: VideoReport, way: tuple[str, str], base: tuple[str, str], clips: list[str], metric: str
) -> float | None:
    found = report.change(way, base, clips, metric) if clips else None
    return found and found.value


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("named", nargs="+", type=Path, metavar="DATASET|VIDEO")
    parser.add_argument("--skinless", action="append", type=Path, default=[])
    parser.add_argument("--held-out", type=Path, metavar="RECIPE.toml")
    parser.add_argument("--model", default="mobile-unet")
    parser.add_argument("--smooth", default=SMOOTH, help="the first is what is compared with, the last the tuned one")
    parser.add_argument("--motion", type=int, default=14)
    parser.add_argument("--cuts", type=int, default=240, metavar="SHOTS")
    chosen = parser.parse_args()
    options = ClipOptions(
        tuple(chosen.named), tuple(chosen.skinless), chosen.held_out, None, None, chosen.motion, chosen.cuts, 0
    )
    report = measured(options, [chosen.model], chosen.smooth, {}, VideoOutput(None, None, None, False))
    rows = [
        [one.what, f"{'≤' if one.most else '≥'} {one.limit:g}", _shown(one)]
        for one in targets(report)
        if one.value is not None
    ]
    publish(
        "steady",
        f"## Steadiness over time\n\n{machine()}. `python -m bench.steady`: the whole graph with {chosen.model}. Targets "
        f"missed are bold; changes are parts of the figure without smoothing.\n\n"
        f"{markdown(['target', 'to reach', 'measured'], rows)}\n\n{to_markdown(report)}",
    )
    return 1 if any(one.met is False for one in targets(report)) else 0


def _shown(target: Target) -> str:
    text = f"{target.value:+.3f}" if target.limit <= 0.1 else f"{target.value:.3f}"
    return text if target.met else f"**{text}**"


if __name__ == "__main__":
    sys.exit(main())
