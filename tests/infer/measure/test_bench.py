from __future__ import annotations

import pytest

from rtskin.errors import InputError
from rtskin.infer.cards import load_card
from rtskin.infer.measure import bench as benches
from rtskin.infer.measure.race import Limits
from rtskin.infer.measure.ways import Way


def test_the_published_rows_and_sizes_can_be_asked_for() -> None:
    ways = benches.named_ways(benches.PUBLISHED_WAYS, "cpu", 1)
    assert [str(way) for way in ways] == list(benches.PUBLISHED_WAYS)
    assert {way.options.get("mode") for way in ways if way.runtime == "torch"} == {
        "eager", "inference_mode", "compile", "compile+inference_mode",
    }  # fmt: skip
    shapes = [benches.shape_of(load_card("mobile-unet"), size) for size in benches.PUBLISHED_SIZES]
    assert shapes == [(side, side) for side in (256, 320, 512, 1024, 1280, 1728, 2048)]


def test_what_runs_by_default() -> None:
    ways = benches.default_ways(load_card("mobile-unet"), "cpu", 2)
    assert Way("onnxruntime", "cpu", 2) in ways
    assert {"fake", "litert", "tensorrt"} & {way.runtime for way in ways} == set()


def test_nothing_to_measure() -> None:
    card = load_card("mobile-unet")
    with pytest.raises(InputError, match="'ellipse' is a method"):
        benches.bench([load_card("ellipse")], lambda _: [Way("fake")], ["live"], Limits())
    with pytest.raises(InputError, match="no runtime that is installed runs 'mobile-unet' there"):
        benches.bench([card], lambda _: [], ["live"], Limits())
