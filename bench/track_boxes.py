"""Boxes of tracks: how still they stand, how far behind they are, and what finding and tracking regions costs.

Still: one picture of a hand again and again, each time with other noise of a sensor, through the real network and the
temporal filter. Behind: a disc that goes at a constant speed; the mean distance of its box to where it is.
"""

from __future__ import annotations

import statistics
import time
from fractions import Fraction

import numpy as np

import rtskin
from bench.track_scenes import MASK, SIZE, play, scenes
from rtskin.cli.session import opencv_alone
from rtskin.frame import U8, BgrPicture, Box, Frame, Scores, SourceInfo
from rtskin.infer.base import load_segmenter
from rtskin.media import cv2
from rtskin.node import Context
from rtskin.registry import SMOOTHERS
from rtskin.roi.node import FindRegions

RATE = 30
#: Grey levels of a sensor's noise; frames that are looked at, and before them.
NOISE, FRAMES, SETTLING = 3.0, 60, 30


def node(**options: object) -> FindRegions:
    """Open, without cuts."""
    made = FindRegions(**{"cuts": False, **options})
    made.open(Context())
    return made


def picture(clip: str) -> U8:
    """The last picture of a clip, 1280×720."""
    last = None
    with rtskin.open_source(clip) as source:
        for frame in source:
            last = frame.bgr
    if last is None:
        raise SystemExit(f"{clip} has no pictures")
    still: U8 = cv2.resize(last, SIZE, interpolation=cv2.INTER_AREA)
    return still


def jitter(still: U8, model: str, method: str, steady: bool) -> float:
    """Greatest deviation of a side of the largest region's box, in pixels of 1280×720."""
    random = np.random.default_rng(0)
    segmenter, smoother, roi = load_segmenter(model, threads=1), SMOOTHERS.get(method)(), node(steady=steady)
    boxes = []
    for number in range(SETTLING + FRAMES):
        noisy = np.clip(still + NOISE * random.standard_normal(still.shape, np.float32), 0, 255).astype(np.uint8)
        frame = Frame(number, BgrPicture(noisy), SourceInfo("still", *SIZE), number, Fraction(1, RATE))
        scores = segmenter.infer(segmenter.prepare(frame))
        data = smoother.apply(scores.data, 1 / RATE if number else None, frame)
        boxes.append(_sides(roi.process(Scores(frame, data)).regions[0].box))
    segmenter.close()
    return float(np.std(boxes[SETTLING:], axis=0).max())


def lag(speed: float, steady: bool) -> float:
    """Frames that the box's middle is behind, of a disc at ``speed`` pixels a frame."""
    y, x = np.mgrid[: MASK[1], : MASK[0]].astype(np.float32)
    roi, behind = node(steady=steady), []
    random = np.random.default_rng(0)
    for number in range(int(900 / speed)):
        middle = 190 + speed * number
        apart = np.hypot((x + 0.5) * SIZE[0] / MASK[0] - middle, (y + 0.5) * SIZE[1] / MASK[1] - 360) - 100
        mask = np.clip(0.5 - apart / 6 + random.normal(0, 0.05, x.shape), 0, 1).astype(np.float32)
        frame = Frame(number, _black(), SourceInfo("made", *SIZE), number, Fraction(1, RATE))
        left, _, right, _ = _sides(roi.process(Scores(frame, mask)).regions[0].box)
        if number >= 5:
            behind.append((middle - (left + right) / 2) / speed)
    return statistics.mean(behind)


def cost(rounds: int = 3) -> list[tuple[str, int, float]]:
    """(scene, regions, milliseconds a frame), medians, on one core: regions and tracks, without labels."""
    rows = []
    with opencv_alone():
        for scene in [scene for scene in scenes() if "talk" in scene.name or "over a face, 500" in scene.name]:
            shown = list(play(scene, RATE, 0))
            times = []
            for _ in range(rounds):
                roi = node()
                for number, one in enumerate(shown):
                    frame = Frame(number, _black(), SourceInfo("made", *SIZE), number, Fraction(1, RATE))
                    begun = time.perf_counter()
                    roi.process(Scores(frame, one.mask))
                    times.append((time.perf_counter() - begun) * 1e3)
            rows.append((scene.name, len(scene.things), statistics.median(times)))
    return rows


def _black() -> BgrPicture:
    return BgrPicture(np.zeros((1, 1, 3), np.uint8).repeat(SIZE[1], 0).repeat(SIZE[0], 1))


def _sides(box: Box) -> tuple[float, float, float, float]:
    return box[0], box[1], box[0] + box[2], box[1] + box[3]
