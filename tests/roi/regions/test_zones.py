"""Zones to ignore."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.roi.regions.zones import Zones, parse_polygon

LEFT = parse_polygon("0,0 0.25,0 0.25,1 0,1")


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_nothing_is_skin_inside_and_the_rest_stays(dtype: type) -> None:
    data = np.full((40, 80), 200 if dtype is np.uint8 else 0.8, dtype)
    kept = Zones([LEFT])(data, (160, 80))
    assert kept.dtype == data.dtype
    assert (kept[:, :19] == 0).all()
    assert (kept[:, 21:] == data[0, 0]).all()
    assert (data > 0).all()


def test_pixels_and_fractions_say_the_same() -> None:
    data = np.ones((40, 80), np.float32)
    pixels = Zones([parse_polygon([(0, 0), (40, 0), (40, 80), (0, 80)])])
    assert (pixels(data, (160, 80)) == Zones([LEFT])(data, (160, 80))).all()
    # A frame of another size: the same pixels are another part of it.
    assert (pixels(data, (80, 80)) == 0).sum() > 1500


def test_without_zones_nothing_is_copied() -> None:
    data = np.ones((4, 8), np.float32)
    assert Zones([])(data, (8, 4)) is data


def test_zones_may_reach_far_over_the_frame_and_overlap() -> None:
    data = np.ones((40, 80), np.float32)
    all_of_it = parse_polygon("-1e12,-1e12 1e12,-1e12 1e12,1e12 -1e12,1e12")
    assert Zones([all_of_it, LEFT])(data, (160, 80)).max() == 0


@pytest.mark.parametrize(
    "given", ["0,0 1,1", "0,0 1,1 x,y", "0,0 1 1,1", [(0, 0), (1, 1)], [(0, 0, 0)] * 3, "", [1, 2, 3]]
)
def test_what_is_no_polygon_is_told_how_to_write_one(given: object) -> None:
    with pytest.raises(InputError, match=r"is no zone.*corners"):
        parse_polygon(given)  # type: ignore[arg-type]


def test_not_a_number_is_no_corner() -> None:
    with pytest.raises(InputError, match="is no zone"):
        parse_polygon("0,0 nan,1 1,1")
