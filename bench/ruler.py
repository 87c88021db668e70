"""Which optical flow is fit to measure the warping error of masks with: motion clips, whose truth is exact.

``python -m bench.ruler ../shared/data/ccp ../shared/data/hgr --skinless ../shared/data/negatives`` prints the table and puts
it into bench/README.md. An exact mask moves with the picture, so that what a flow says of it is the ruler's own error; a
mask that is drawn anew each frame, with its edge up to some pixels off, is what a ruler must tell from it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np

from bench.report import machine, markdown, publish
from rtskin.evaluate.datasets import load_pairs, load_skinless
from rtskin.evaluate.motion import motion_clips, subjects_of
from rtskin.evaluate.video.scene import MotionClip
from rtskin.evaluate.video.warping import COLUMNS, FindFlow, MotionFinder, rlof, warping_error
from rtskin.frame import F32, U8
from rtskin.media import cv2

#: Frames of a clip, after which it starts to repeat itself, and how far an edge is off, in pixels of 720 lines.
FRAMES, OFF = 6, 4.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="DATASET", help="with images/ and masks/")
    parser.add_argument("--skinless", type=Path, required=True, help="backgrounds")
    parser.add_argument("--clips", type=int, default=14)
    parser.add_argument("--no-publish", action="store_true", help="only print")
    chosen = parser.parse_args()
    subjects = [subjects_of(load_pairs(folder)) for folder in chosen.folders]
    # All pictures will do: no network is judged here.
    clips = motion_clips(subjects, load_skinless(chosen.skinless), chosen.clips, frames=FRAMES)
    text = report(clips)
    print(text) if chosen.no_publish else publish("ruler", text)
    return 0


def rulers() -> dict[str, tuple[FindFlow, int]]:
    """By name: the flow, and the columns that it is found at."""
    dis, zach = cv2.DISOpticalFlow_create(2), cv2.optflow.createOptFlow_DualTVL1()  # type: ignore[attr-defined]
    zach.setWarpingsNumber(2)  # with OpenCV's own 5 warps of 30 steps it takes several seconds a pair
    zach.setInnerIterations(5)
    zach.setOuterIterations(2)
    zach.setMedianFiltering(3)

    def grey(picture: U8) -> U8:
        return cast(U8, cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))

    def farneback(before: U8, now: U8) -> F32:
        start = np.zeros((*before.shape[:2], 2), np.float32)
        return cast(F32, cv2.calcOpticalFlowFarneback(grey(before), grey(now), start, 0.5, 5, 15, 7, 7, 1.5, 0))

    return {
        "RLOF": (rlof(), COLUMNS),
        "TV-L1": (lambda before, now: cast(F32, zach.calc(grey(before), grey(now), None)), 320),
        "DIS, medium": (lambda before, now: dis.calc(grey(before), grey(now), None), COLUMNS),
        "Farnebäck": (farneback, COLUMNS),
    }


def report(clips: Sequence[MotionClip]) -> str:
    """The table, a line a ruler."""
    kinds = list(dict.fromkeys(clip.kind for clip in clips))
    header = ["flow", "columns", *kinds, "edges drawn anew"]
    rows: list[list[str]] = []
    drawn = [_drawn(clip) for clip in clips]
    for name, (flow, columns) in rulers().items():
        pairs = zip(clips, drawn, strict=True)
        exact, off = np.array([_errors(clip, masks, MotionFinder(columns, flow)) for clip, masks in pairs]).T
        means = [np.mean([one for one, clip in zip(exact, clips, strict=True) if clip.kind == kind]) for kind in kinds]
        rows.append([name, str(columns), *(f"{mean:.3f}" for mean in means), f"{np.median(off):.2f}"])
    return (
        f"## The ruler of the warping error\n\n{machine()}. `python -m bench.ruler`: {len(clips)} motion clips of {FRAMES} "
        "frames. Warping error of exact masks by kind of motion (mean square × 1000 where the flow says that nothing is "
        f"occluded), which is the ruler's own. Edges drawn anew, up to about {OFF:g} pixels off, otherwise in each frame: "
        f"the median clip.\n\n{markdown(header, rows)}"
    )


def _errors(clip: MotionClip, drawn: Sequence[U8], find: MotionFinder) -> tuple[float, float]:
    """Mean warping error of the truth, and of masks whose edges tremble."""
    exact, off = [], []
    for number in range(clip.frames):
        motion = find(clip.picture(number))
        if motion is None:
            continue
        exact.append(warping_error(clip.truth(number - 1), clip.truth(number), motion))
        off.append(warping_error(drawn[number - 1], drawn[number], motion))
    return _mean(exact), _mean(off)


def _mean(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else float("nan")


def _drawn(clip: MotionClip) -> list[U8]:
    """The truth of each frame with its edge moved in and out."""
    rng, masks = np.random.default_rng(0), []
    for number in range(clip.frames):
        truth = clip.truth(number)
        height, width = truth.shape
        inside, outside = (
            cv2.distanceTransform(side.astype(np.uint8), cv2.DIST_L2, 5) for side in (truth > 127, truth <= 127)
        )
        off = cv2.resize(rng.normal(0, 1, (12, 20)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
        edge = inside - outside + off * OFF * height / 720
        masks.append(np.clip(edge * 127 + 128, 0, 255).astype(np.uint8))
    return masks


if __name__ == "__main__":
    sys.exit(main())
