"""The node "roi"."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.frame import BgrPicture, Frame, Mask, Scores, SourceInfo
from rtskin.node import Context
from rtskin.registry import NODES
from rtskin.roi.node import FindRegions

FRAME = Frame(7, BgrPicture(np.zeros((90, 160, 3), np.uint8)), SourceInfo("made", 160, 90))


@pytest.mark.parametrize("kind", [Scores, Mask])
def test_regions_hold_the_frame_and_its_pixels(kind: type) -> None:
    node = FindRegions()
    node.open(Context())
    data = np.zeros((45, 80), np.uint8)
    data[10:20, 10:30] = 255
    result = node.process(kind(FRAME, data))
    assert result.frame is FRAME
    assert [region.box for region in result.regions] == [pytest.approx((20, 20, 40, 20), abs=0.01)]


def test_min_area_is_an_option() -> None:
    node = FindRegions(min_area=0.5)
    node.open(Context())
    data = np.zeros((45, 80), np.uint8)
    data[10:20, 10:30] = 200
    assert node.process(Scores(FRAME, data)).regions == []


def test_a_share_above_one_is_refused() -> None:
    with pytest.raises(InputError, match=r"FindRegions\.min_area"):
        FindRegions(min_area=400)


def test_it_is_the_kind_roi() -> None:
    assert NODES.get("roi") is FindRegions
