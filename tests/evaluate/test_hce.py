"""Human correction effort on made-up masks whose clicks can be counted."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("skimage")

from rtskin.errors import MissingExtraError
from rtskin.evaluate.hce import Effort, effort, pack, work

SIDE = 200


def drawn(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    """A mask with rectangles: top, bottom, left, right."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    for top, bottom, left, right in boxes:
        mask[top:bottom, left:right] = 255
    return mask


SKIN = (50, 150, 50, 150)


def test_what_is_right_costs_nothing() -> None:
    assert effort(drawn(SKIN), drawn(SKIN)).clicks == 0
    assert effort(drawn(), drawn()).clicks == 0


def test_errors_within_the_tolerance_cost_nothing() -> None:
    assert effort(drawn((46, 154, 46, 154)), drawn(SKIN)).clicks == 0
    assert effort(drawn((54, 146, 54, 146)), drawn(SKIN)).clicks == 0


def test_false_skin_that_touches_nothing_is_one_click() -> None:
    assert effort(drawn(SKIN, (5, 35, 5, 35)), drawn(SKIN)) == Effort(false_regions=1)
    assert effort(drawn(SKIN, (5, 35, 5, 35), (160, 190, 160, 190)), drawn(SKIN)) == Effort(false_regions=2)
    assert effort(drawn((5, 35, 5, 35)), drawn()) == Effort(false_regions=1)


def test_a_hole_is_filled_by_one_click() -> None:
    mask = drawn(SKIN)
    mask[80:110, 80:110] = 0
    truth = drawn(SKIN)
    thin = np.zeros(truth.shape, bool)  # the skeleton runs through the hole; this is about the region
    assert effort(mask, truth, thin) == Effort(missed_regions=1)


def test_false_skin_that_must_be_cut_off_costs_the_ends_of_the_cut() -> None:
    # Forty pixels of false skin to the right: one straight cut, from end to end.
    assert effort(drawn((50, 150, 50, 190)), drawn(SKIN)) == Effort(false_points=2)


def test_missed_skin_is_drawn_corner_by_corner() -> None:
    # All of it is missed. The tolerance cuts the four corners off, which makes eight, and the line comes back to the first.
    assert effort(drawn(), drawn(SKIN)) == Effort(missed_points=9)


def test_a_missed_arm_costs_its_free_sides_alone() -> None:
    # The arm's side at the body is no edge to draw: two ends there, and twice two corners at the hand.
    assert effort(drawn(SKIN), drawn(SKIN, (80, 120, 150, 190)), np.zeros((SIDE, SIDE), bool)).missed_points == 6


def test_thin_missed_parts_count_by_the_skeleton() -> None:
    arm = (98, 102, 150, 195)  # thinner than the tolerance
    truth, mask = drawn(SKIN, arm), drawn(SKIN)
    assert effort(mask, truth, np.zeros(truth.shape, bool)).clicks == 0
    assert effort(mask, truth).clicks > 0


def test_rough_edges_cost_a_cut_for_each_tooth() -> None:
    rough = drawn(SKIN, *((top, top + 20, 150, 190) for top in (50, 90, 130)))
    assert effort(rough, drawn(SKIN)) == Effort(false_points=3 * 2)


def test_masks_of_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="the mask is"):
        effort(np.zeros((3, 3), np.uint8), np.zeros((3, 4), np.uint8))


def test_a_packed_picture_costs_the_same() -> None:
    truth, masks = drawn(SKIN)[:, :197], {"a": drawn((50, 150, 50, 190))[:, :197], "b": drawn()[:, :197]}
    assert work(pack(truth, masks)) == {name: effort(mask, truth).clicks for name, mask in masks.items()}


def test_without_scikit_image_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "skimage.morphology", None)
    with pytest.raises(MissingExtraError, match=r"rtskin\[eval\]"):
        effort(drawn(), drawn(SKIN))
