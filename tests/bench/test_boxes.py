from __future__ import annotations

import pytest

from bench.boxes import best, overlap


def test_what_two_boxes_share_of_what_both_cover() -> None:
    assert overlap((0, 0, 10, 10), (0, 0, 10, 10)) == 1
    assert overlap((0, 0, 10, 10), (5, 0, 10, 10)) == pytest.approx(50 / 150)
    assert overlap((0, 0, 10, 10), (2, 2, 5, 5)) == pytest.approx(0.25)
    assert overlap((0, 0, 10, 10), (11, 11, 10, 10)) == 0


def test_boxes_are_matched_by_what_they_share() -> None:
    assert best((0, 0, 10, 10), [(50, 0, 10, 10), (2, 0, 10, 10)]) == 1
    assert best((0, 0, 10, 10), [(8, 0, 10, 10)]) is None
    assert best((0, 0, 10, 10), [(8, 0, 10, 10)], 0.1) == 0
    assert best((0, 0, 10, 10), []) is None
