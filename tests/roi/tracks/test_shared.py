"""Regions that several things may be in: who is seen there, and who is not."""

from __future__ import annotations

import pytest

from tests.roi.masks import disc, ellipse, ids, opened, run, together


@pytest.mark.parametrize("small", [0, 3, 6])
def test_what_was_lost_and_is_expected_in_a_face_does_not_take_it(small: int) -> None:
    """small: pixels by which the face shrinks meanwhile, since it turns."""
    coming = [together(ellipse(600, 220, 70, 120), disc(600, 700 - 22 * n, 100)) for n in range(12)]
    lost = [ellipse(600, 220, 70 - small, 120 - small)] * 20
    told = run(opened(), [*coming, *lost])
    face = max(told[0].regions, key=lambda region: region.box[3]).id
    assert len(ids(told[11], "tracked")) == 2
    for regions in told[12:]:
        assert ids(regions, "tracked") == [face], "nothing but the face is to be seen"
        (seen,) = [region for region in regions.regions if region.state == "tracked"]
        assert seen.box == pytest.approx((530, 100, 140, 240), abs=2 + 2 * small)
