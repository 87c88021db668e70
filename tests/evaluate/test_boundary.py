"""The band along an edge."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.evaluate.boundary import band, width
from rtskin.media import cv2


@pytest.mark.parametrize(("rows", "columns", "pixels"), [(480, 640, 16), (3, 4, 1), (768, 512, 18)])
def test_two_per_cent_of_the_diagonal(rows: int, columns: int, pixels: int) -> None:
    assert width(rows, columns) == pixels


def test_it_is_what_repeated_erosion_takes_away() -> None:
    skin = np.zeros((90, 120), bool)
    skin[20:80, 0:70] = True
    skin[40:50, 30:40] = False
    padded = np.pad(skin.view(np.uint8), 1)
    inner = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=width(90, 120))[1:-1, 1:-1]
    assert np.array_equal(band(skin), skin & (inner == 0))
    assert band(skin)[60, 0], "where the frame cuts skin off there is an edge"


def test_nothing_has_no_edge() -> None:
    assert not band(np.zeros((10, 10), bool)).any()
