"""Targets of bench.steady: met, missed, and not told."""

from __future__ import annotations

from bench.steady import targets
from rtskin.evaluate.video.cut_report import CutFigures
from rtskin.evaluate.video.report import VideoReport


def test_targets() -> None:
    ways = [("m", "none"), ("m", "flow"), ("m", "ema:strength=0.4")]
    figures = {
        ("m", "none", "a"): {"iou": 0.7, "flicker": 10.0, "trail": 0.2},
        ("m", "flow", "a"): {"iou": 0.705, "flicker": 3.0, "trail": 0.21},
        ("m", "ema:strength=0.4", "a"): {"iou": 0.6, "flicker": 3.0, "trail": 0.21},
        ("m", "none", "r"): {"warping": 4.0},
        ("m", "flow", "r"): {"warping": 2.0},
        ("m", "ema:strength=0.4", "r"): {"warping": 3.0},
    }
    cuts = CutFigures(100, 10, 10, {"wave": 5}, {"wave": 1})
    report = VideoReport(ways, {"a": "fast"}, ["r"], figures, cuts=cuts)
    met = {one.what: one.met for one in targets(report)}
    assert met == {
        "flow: flicker on still truth": True,
        "flow: warping error, real clips": False,
        "flow: warping error against ema:strength=0.4, of equal trail": True,
        "flow: IoU, motion clips": False,  # 0.005 of the 0.01 that are wanted
        "flow: trail at 24 pixels a frame": True,
        "cuts: precision": False,
        "cuts: recall": True,
        "cuts: resets on a waved hand": False,
    }
    slow = VideoReport(ways, {"a": "slow"}, [], figures)
    told = {one.what: one.met for one in targets(slow)}
    assert told["flow: trail at 24 pixels a frame"] is None
    assert told["flow: warping error, real clips"] is None
