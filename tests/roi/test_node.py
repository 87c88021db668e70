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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"low": 0.8, "high": 0.6}, r"low is 0\.8 and high 0\.6"),
        ({"low": 0}, r"FindRegions\.low"),
        ({"min_size": "24"}, r'FindRegions\.min_size: .*write "24px"'),
        ({"max_size": "wide"}, r"FindRegions\.max_size: .*is no size"),
        ({"ignore": "0,0 1,1"}, r"FindRegions\.ignore: .*three corners"),
        ({"ignore": [[[0, 0], [1, 0], [1, "x"]]]}, r"FindRegions\.ignore: .*is no zone"),
        ({"ignore": 3}, r"FindRegions\.ignore"),
        ({"max_regions": 0}, r"FindRegions\.max_regions"),
        ({"hold": -1}, r"FindRegions\.hold"),
        ({"memory": float("nan")}, r"FindRegions\.memory"),
        ({"confirm": 0}, r"FindRegions\.confirm"),
        ({"labels": "netwrk"}, r"FindRegions\.labels: .*'network', 'heuristic' or 'none'"),
        ({"holds": 1}, "no option 'holds'; did you mean hold"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        FindRegions(**options)


def test_zones_sizes_and_thresholds_are_options() -> None:
    data = np.zeros((90, 160), np.float32)
    data[10:40, 10:40] = data[50:80, 100:130] = 1
    data[60:70, 50:60] = 0.6

    def boxes(**options: object) -> list[tuple[float, ...]]:
        node = FindRegions(**options)
        node.open(Context())
        return [tuple(map(round, region.box)) for region in node.process(Scores(FRAME, data)).regions]

    assert boxes() == [(10, 10, 30, 30), (100, 50, 30, 30)]
    assert len(boxes(high=0.55)) == 3
    assert boxes(ignore="0,0 0.5,0 0.5,1 0,1") == [(100, 50, 30, 30)]
    assert boxes(ignore=[[[0, 0], [80, 0], [80, 90], [0, 90]], [[0.5, 0], [1, 0], [1, 0.7], [0.5, 0.7]]]) == [
        (100, 64, 30, 16)
    ]
    assert boxes(min_size="31px") == boxes(max_size=0.1) == []
    assert len(boxes(max_regions=1)) == 1
