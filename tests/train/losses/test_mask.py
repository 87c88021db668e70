"""Losses: by hand, at the ends of the scale, and without influence of pixels that do not count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from rtskin.train.losses import mask as losses  # noqa: E402
from rtskin.train.losses import structure  # noqa: E402
from rtskin.train.losses.mask import bce_dice  # noqa: E402

#: By name, all that take (logits, target, weight).
_FEATURES = torch.rand(2, 5, 8, 8, generator=torch.Generator().manual_seed(1))
_ALL: dict[str, Callable[..., Any]] = {
    "bce_dice": bce_dice,
    "focal": losses.focal,
    "focal, flat": lambda *planes: losses.focal(*planes, gamma=0.5),
    "tversky": losses.tversky,
    "bias": lambda *planes: losses.bias(*planes, _FEATURES),
    "edge": losses.edge,
    "iou": structure.iou,
    "ssim": structure.ssim,
    "consistency": lambda logits, target, weight: losses.consistency(logits, 4 * target - 2, weight, 2.0),
    "distil": lambda logits, target, weight: losses.kl(logits, target, weight, 2.0),
    "deep": lambda logits, target, weight: losses.deep([logits[..., ::2, ::2], logits[..., ::4, ::4]], target, weight),
}


@pytest.fixture(params=list(_ALL))
def loss(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return _ALL[request.param]


def test_right_is_better_than_wrong() -> None:
    target = torch.zeros(1, 1, 32, 32)
    target[..., 8:20, 8:20] = 1
    ones = torch.ones_like(target)
    right, wrong = bce_dice(20 * target - 10, target, ones), bce_dice(10 - 20 * target, target, ones)
    assert right < 0.01
    assert wrong > 5


def test_pixels_of_weight_zero_have_no_influence(loss: Callable[..., Any]) -> None:
    torch.manual_seed(0)
    logits, target = torch.randn(2, 1, 16, 16, requires_grad=True), torch.rand(2, 1, 16, 16)
    weight = torch.ones(2, 1, 16, 16)
    weight[0, :, :, :8] = 0
    weight[1] = 0
    value = loss(logits, target, weight)
    value.backward()
    assert not logits.grad[weight == 0].any()
    assert logits.grad[weight == 1].any()
    other = torch.where(weight > 0, target, 1 - target)
    assert loss(logits, other, weight).item() == pytest.approx(value.item(), rel=1e-5)
    moved = torch.where(weight > 0, logits, logits + 3)
    assert loss(moved, target, weight).item() == pytest.approx(value.item(), rel=1e-5)


@pytest.mark.parametrize("logit", [-50.0, 0.0, 50.0])
@pytest.mark.parametrize("target", [0.0, 0.4, 1.0])
def test_values_and_gradients_are_finite(loss: Callable[..., Any], logit: float, target: float) -> None:
    logits = torch.full((2, 1, 16, 16), logit, requires_grad=True)
    value = loss(logits, torch.full((2, 1, 16, 16), target), torch.ones(2, 1, 16, 16))
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(logits.grad).all()


def test_all_weights_zero_is_no_division_by_zero(loss: Callable[..., Any]) -> None:
    logits = torch.zeros(2, 1, 16, 16, requires_grad=True)
    value = loss(logits, torch.zeros(2, 1, 16, 16), torch.zeros(2, 1, 16, 16))
    value.backward()
    assert value == 0
    assert not logits.grad.any()


def test_against_the_formula() -> None:
    logits = torch.tensor([[[[0.0, 2.0], [-1.0, 3.0]]]])
    target, ones = torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]]), torch.ones(1, 1, 2, 2)
    p = logits.sigmoid()
    entropy = -(target * p.log() + (1 - target) * (1 - p).log()).mean()
    dice = 1 - (2 * (p * target).sum() + 256) / ((p**2).sum() + 2 + 256)
    assert bce_dice(logits, target, ones).item() == pytest.approx((entropy + dice).item(), rel=1e-5)
    assert bce_dice(logits, target, ones, bce=2, dice=0).item() == pytest.approx(2 * entropy.item(), rel=1e-5)


def test_focal_by_hand() -> None:
    # p = 0.8 where there is skin, 0.6 where there is none, and one pixel that does not count.
    logits = torch.tensor([[[[0.8, 0.6, 0.5]]]]).logit()
    target, weight = torch.tensor([[[[1.0, 0.0, 1.0]]]]), torch.tensor([[[[1.0, 1.0, 0.0]]]])
    by_hand = (0.25 * 0.2**2 * 0.223144 + 0.75 * 0.6**2 * 0.916291) / 2
    assert losses.focal(logits, target, weight).item() == pytest.approx(by_hand, rel=1e-4)
    # Without its two ideas it is half of the cross-entropy.
    flat = losses.focal(logits, target, weight, gamma=0, alpha=0.5).item()
    assert flat == pytest.approx((0.223144 + 0.916291) / 4, rel=1e-4)


def test_tversky_by_hand() -> None:
    logits = torch.tensor([[[[0.9, 0.3, 0.2]]]]).logit()
    target, ones = torch.tensor([[[[1.0, 1.0, 0.0]]]]), torch.ones(1, 1, 1, 3)
    hit, false, missed, smooth = 0.9 + 0.3, 0.2, 0.1 + 0.7, 128
    by_hand = 1 - (hit + smooth) / (hit + 0.3 * false + 0.7 * missed + smooth)
    assert losses.tversky(logits, target, ones).item() == pytest.approx(by_hand, rel=1e-3)


def test_tversky_minds_missed_skin_more_than_false() -> None:
    target = torch.zeros(1, 1, 32, 32)
    target[..., 8:24, 8:24] = 1
    ones, missed, false = torch.ones_like(target), target.clone(), target.clone()
    missed[..., 8:12, 8:24], false[..., 24:28, 8:24] = 0, 1
    small, large = (losses.tversky(20 * found - 10, target, ones) for found in (false, missed))
    assert small < large


def test_bias_by_hand() -> None:
    """Two pixels; the features of the second are all alike (variance 0), so it counts by exp(0) - 0.3, the first by
    exp(0.3) - 0.3."""
    features = torch.tensor([[[[1.0, 2.0]], [[3.0, 2.0]]]])
    logits, target = torch.tensor([[[[0.8, 0.6]]]]).logit(), torch.tensor([[[[1.0, 0.0]]]])
    value = losses.bias(logits, target, torch.ones(1, 1, 1, 2), features)
    assert value.item() == pytest.approx((1.049859 * 0.223144 + 0.7 * 0.916291) / 2, rel=1e-4)


def test_bias_gives_the_features_no_gradient() -> None:
    features = torch.rand(1, 3, 4, 4, requires_grad=True)
    logits = features.sum(1, keepdim=True).detach().requires_grad_()
    losses.bias(logits, torch.ones(1, 1, 4, 4), torch.ones(1, 1, 4, 4), features).backward()
    assert features.grad is None
    assert logits.grad.any()


def test_the_edge_is_a_band_about_the_contour() -> None:
    target = torch.zeros(1, 1, 12, 12)
    target[..., 6:] = 1
    band, weight = losses.edge_band(target, torch.ones_like(target), 4)
    assert band[0, 0].sum(0).tolist() == [0, 0, 0, 0, 12, 12, 12, 12, 0, 0, 0, 0]  # none at the picture's border
    assert weight.all()


def test_what_could_hide_an_edge_takes_its_neighbours_out() -> None:
    target, weight = torch.zeros(1, 1, 9, 9), torch.ones(1, 1, 9, 9)
    weight[..., 4, 4] = 0
    _, sure = losses.edge_band(target, weight, 4)
    assert (sure == 0).sum() == 25


def test_edges_that_are_found_cost_nothing() -> None:
    target, ones = torch.zeros(1, 1, 16, 16), torch.ones(1, 1, 16, 16)
    target[..., 4:12, 4:12] = 1
    band, _ = losses.edge_band(target, ones, 4)
    assert losses.edge(100 * band - 50, target, ones) < 1e-6
    assert losses.edge(50 - 100 * band, target, ones) > 10


def test_divergence_by_hand() -> None:
    """0.8 from 0.5: 0.5·ln(0.5 / 0.8) + 0.5·ln(0.5 / 0.2)."""
    probability, ones = torch.full((1, 1, 2, 2), 0.5), torch.ones(1, 1, 2, 2)
    logits = torch.full((1, 1, 2, 2), 0.8).logit()
    assert losses.kl(logits, probability, ones).item() == pytest.approx(0.223144, rel=1e-4)
    assert losses.kl(torch.zeros(1, 1, 2, 2), probability, ones).item() == pytest.approx(0, abs=1e-6)
    # At temperature 2 logits are halved, and the whole counts four times.
    warm = losses.kl(2 * logits, probability, ones, 2.0).item()
    assert warm == pytest.approx(4 * 0.223144, rel=1e-4)


def test_the_first_view_teaches_the_twin_and_not_the_other_way() -> None:
    twin, logits = (torch.randn(1, 1, 4, 4, requires_grad=True) for _ in range(2))
    losses.consistency(twin, logits, torch.ones(1, 1, 4, 4)).backward()
    assert logits.grad is None
    assert twin.grad.all()
    assert losses.consistency(logits.detach(), logits, torch.ones(1, 1, 4, 4)).item() == pytest.approx(0, abs=1e-6)


def test_coarse_levels_are_compared_with_the_share_of_skin() -> None:
    target = torch.tensor([[[[1.0, 1.0], [0.0, 0.0]]]])
    weight = torch.tensor([[[[1.0, 1.0], [1.0, 0.0]]]])  # two of the three that count are skin
    level = torch.tensor([[[[2 / 3]]]]).logit().requires_grad_()
    value = losses.deep([level], target, weight)
    value.backward()
    # 0.6365 is the least that a share of two thirds can cost; three of four count, of at least one whole.
    assert value.item() == pytest.approx(0.75 * 0.636514, rel=1e-4)
    assert level.grad.item() == pytest.approx(0, abs=1e-6)
