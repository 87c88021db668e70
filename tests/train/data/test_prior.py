from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from rtskin.train.data.batches import Batches  # noqa: E402
from rtskin.train.data.imaging import cv2  # noqa: E402
from rtskin.train.data.prior import corrupt, priors  # noqa: E402
from rtskin.train.data.sets import scan  # noqa: E402
from rtskin.train.losses.prior_own import OwnPrior  # noqa: E402
from rtskin.train.recipe import Prior, parse  # noqa: E402

QUIET = Prior(use=True, empty=0, other=0, own=0, move=0, bend=0, grow=0, blur=0, scale=1, degrees=0, drop=0, blobs=0)


def discs(count: int = 64, side: int = 96) -> np.ndarray[Any, Any]:
    masks = np.zeros((count, side, side), np.uint8)
    for index, mask in enumerate(masks):
        cv2.circle(mask, (30 + index % 30, 48), 18, 255, -1)
    return masks


def overlap(one: Any, other: Any) -> float:
    return float(((one > 127) & (other > 127)).sum() / max(1, ((one > 127) | (other > 127)).sum()))


def test_the_same_for_the_same_step_and_not_for_another() -> None:
    spec = Prior(use=True)
    one, again, other = priors((1, 5), discs(), spec), priors((1, 5), discs(), spec), priors((1, 6), discs(), spec)
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_as_many_are_empty_as_the_recipe_says() -> None:
    made = priors((1, 0), discs(400), Prior(use=True, empty=0.35))
    empty = np.mean([not prior.any() for prior in made])
    assert 0.27 < empty < 0.45
    assert np.mean([not prior.any() for prior in priors((1, 0), discs(50), Prior(use=True, empty=1))]) == 1


def test_they_are_the_truth_moved_but_not_by_more_than_said() -> None:
    spec = QUIET.model_copy(update={"move": 0.12})
    masks = discs(200)
    made = priors((3, 0), masks, spec)
    centres = np.array([np.mean(np.nonzero(prior > 127), 1) - np.mean(np.nonzero(mask > 127), 1)
                        for prior, mask in zip(made, masks, strict=True)])  # fmt: skip
    far = np.hypot(*centres.T)
    assert far.max() <= 0.12 * 96 + 1
    assert far.max() > 0.06 * 96
    assert np.median(far) < 0.05 * 96, "small motions are more likely"


@pytest.mark.parametrize("change", [{"bend": 0.06}, {"grow": 0.06}, {"drop": 1.0}, {"blobs": 1.0}, {"degrees": 60}])
def test_each_error_happens(change: dict[str, float]) -> None:
    mask = np.zeros((96, 96), np.uint8)
    cv2.ellipse(mask, (35, 40), (25, 10), 20, 0, 360, 255, -1)
    cv2.circle(mask, (75, 75), 10, 255, -1)
    spec = QUIET.model_copy(update=change)
    overlaps = [overlap(corrupt(np.random.default_rng(seed), mask, spec), mask) for seed in range(30)]
    quiet = [overlap(corrupt(np.random.default_rng(seed), mask, QUIET), mask) for seed in range(30)]
    assert min(quiet) > 0.9
    assert min(overlaps) < 0.85
    assert np.median(overlaps) > 0.1


def test_masks_of_other_pictures() -> None:
    masks = np.zeros((4, 64, 64), np.uint8)
    masks[0, :32], masks[1, 32:] = 255, 255
    made = priors((0, 0), masks, QUIET.model_copy(update={"other": 1.0}))
    assert overlap(made[0], masks[1]) > 0.9
    assert overlap(made[0], masks[0]) < 0.1


def test_batches_have_them_only_where_the_recipe_asks(table: dict[str, Any], data: Path) -> None:
    plain, with_prior = parse(table), parse({**table, "prior": {"use": True}})
    one, two = (Batches(recipe, scan(recipe, [data]))[2] for recipe in (plain, with_prior))
    assert one.priors is None
    assert two.priors is not None
    assert two.priors.shape == two.targets.shape
    assert np.array_equal(one.images, two.images)


class Left(torch.nn.Module):
    """Says that the left half of what it is shown is skin."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits = torch.full_like(x[:, :1], -9.0)
        logits[..., : x.shape[3] // 2] = 9.0
        return logits


def test_the_network_is_given_back_what_it_said() -> None:
    images = torch.rand(2, 4, 32, 32)
    images[0, 3] = 0  # a first frame stays one
    net = Left().train()
    found = OwnPrior(Prior(use=True, own=1.0, move=0))(net, images, (0.5, 0.5, 0.5))
    assert net.training
    assert torch.equal(found[:, :3], images[:, :3])
    assert not found[0, 3].any()
    assert (found[1, 3, :, 16:] > 0.9).all(), "of the mirrored picture it is the right half"
    assert (found[1, 3, :, :16] < 0.1).all()
    assert OwnPrior(Prior(use=True, own=0.4))(net, images, (0.5, 0.5, 0.5)) is images


def test_what_it_said_is_moved() -> None:
    images, spec = torch.ones(1, 4, 32, 64), Prior(use=True, own=1.0, move=0.125)
    moved = OwnPrior(spec)(Left().train(), images, (0.0, 1.0, 0.0))[0, 3]
    # Right and up by an eighth of the longer side: what was in the right half begins 8 later, the lowest 8 rows are new.
    assert (moved[:24, 40:] > 0.9).all()
    assert (moved[:24, :40] < 0.1).all()
    assert not moved[24:].any()
