from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from rtskin.train.losses import bce_dice  # noqa: E402


def test_right_is_better_than_wrong() -> None:
    target = torch.zeros(1, 1, 32, 32)
    target[..., 8:20, 8:20] = 1
    ones = torch.ones_like(target)
    right, wrong = bce_dice(20 * target - 10, target, ones), bce_dice(10 - 20 * target, target, ones)
    assert right < 0.01
    assert wrong > 5


def test_pixels_of_weight_zero_have_no_influence() -> None:
    torch.manual_seed(0)
    logits, target = torch.randn(2, 1, 16, 16, requires_grad=True), torch.rand(2, 1, 16, 16)
    weight = (torch.rand(2, 1, 16, 16) > 0.5).float()
    loss = bce_dice(logits, target, weight)
    loss.backward()
    assert not logits.grad[weight == 0].any()
    assert logits.grad[weight == 1].all()
    other = torch.where(weight > 0, target, 1 - target)
    assert bce_dice(logits, other, weight).item() == pytest.approx(loss.item(), rel=1e-5)


def test_all_weights_zero_is_no_division_by_zero() -> None:
    x = torch.zeros(1, 1, 8, 8)
    assert torch.isfinite(bce_dice(x, x, x))


def test_against_the_formula() -> None:
    logits = torch.tensor([[[[0.0, 2.0], [-1.0, 3.0]]]])
    target, ones = torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]]), torch.ones(1, 1, 2, 2)
    p = logits.sigmoid()
    entropy = -(target * p.log() + (1 - target) * (1 - p).log()).mean()
    dice = 1 - (2 * (p * target).sum() + 256) / ((p**2).sum() + 2 + 256)
    assert bce_dice(logits, target, ones).item() == pytest.approx((entropy + dice).item(), rel=1e-5)
    assert bce_dice(logits, target, ones, bce=2, dice=0).item() == pytest.approx(2 * entropy.item(), rel=1e-5)
