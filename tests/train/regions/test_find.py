from __future__ import annotations

import numpy as np
import pytest

from rtskin.train.regions.find import regions_of


def test_regions_by_size_with_their_own_masks() -> None:
    mask = np.zeros((60, 80), np.uint8)
    mask[5:15, 5:25] = 200
    mask[30:50, 30:60] = 255
    mask[32:34, 5:7] = 255  # too small
    mask[20:22, 30:60] = 100  # not likely enough
    large, small = regions_of(mask, (640, 480), least=0.01)
    assert large.box == (240, 240, 240, 160)
    assert (large.area, large.score, large.mask_size) == (240 * 160, 1.0, (80, 60))
    assert small.mask_box == (5, 5, 20, 10)
    assert small.score == pytest.approx(200 / 255)
    assert small.mask.shape == (10, 20)
    assert regions_of(np.zeros((60, 80), np.uint8), (640, 480)) == []


def test_what_lies_in_anothers_box_is_not_in_its_mask() -> None:
    mask = np.zeros((60, 80), np.uint8)
    mask[10:50, 10:12] = mask[48:50, 10:60] = 255
    mask[10:30, 30:50] = 255
    found = {region.mask_box: region for region in regions_of(mask, (80, 60))}
    corner = found[10, 10, 50, 40]
    assert (corner.mask > 0).sum() == 40 * 2 + 48 * 2
