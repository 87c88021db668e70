"""Losses of structure and of gradients, by hand. What all losses have in common is in test_mask."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from rtskin.train.losses import structure  # noqa: E402


def square(begin: int, end: int) -> torch.Tensor:
    plane = torch.zeros(1, 1, 48, 48)
    plane[..., begin:end, begin:end] = 1
    return plane


def test_iou_is_what_it_says() -> None:
    """Squares of 30 and 30 that share 20 by 20: 400 of 1400, and half of Dice's smoothing."""
    ones, target, found = torch.ones(1, 1, 48, 48), square(4, 34), square(14, 44)
    value = structure.iou(200 * found - 100, target, ones)
    assert value.item() == pytest.approx(1 - (400 + 8) / (1400 + 8), rel=1e-4)
    assert structure.iou(200 * target - 100, target, ones).item() == pytest.approx(0, abs=1e-5)


def test_ssim_is_that_of_scikit_image() -> None:
    metrics = pytest.importorskip("skimage.metrics")
    torch.manual_seed(0)
    logits, target = torch.randn(1, 1, 40, 40), torch.rand(1, 1, 40, 40)
    weight = torch.zeros(1, 1, 40, 40)
    weight[..., 5:-5, 5:-5] = 1  # windows that lie inside count with ten pixels less on each side
    found = logits.sigmoid()[0, 0].numpy()
    _, alike = metrics.structural_similarity(
        found,
        target[0, 0].numpy(),
        data_range=1.0,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    assert structure.ssim(logits, target, weight).item() == pytest.approx(1 - alike[10:-10, 10:-10].mean(), abs=1e-3)


def test_ssim_is_nothing_where_all_is_right() -> None:
    target = square(10, 30)
    assert structure.ssim(200 * target - 100, target, torch.ones_like(target)).item() == pytest.approx(0, abs=1e-5)


def test_the_laplacian_is_nothing_where_the_picture_is_flat() -> None:
    picture = torch.full((1, 3, 9, 9), 0.7)
    assert structure.laplacian(picture).abs().max() < 1e-6
    picture[0, :, 4, 4] = 1.7
    found = structure.laplacian(picture)[0, 0]
    assert found[4, 4].item() == pytest.approx(-24 / 48, abs=1e-5)
    assert found[2, 3].item() == pytest.approx(1 / 48, abs=1e-5)
    assert found[0, 0].item() == pytest.approx(0, abs=1e-6)


def test_gradients_are_looked_for_inside_the_mask_only_and_do_not_change_it() -> None:
    torch.manual_seed(0)
    images, weight = torch.rand(1, 3, 32, 32), torch.ones(1, 1, 32, 32)
    logits = torch.zeros(1, 1, 8, 8, requires_grad=True)
    mask = torch.zeros(1, 1, 8, 8, requires_grad=True)
    value = structure.gradient(logits, mask, images, weight)
    assert value.item() == pytest.approx(0.6931, abs=1e-3), "where nothing is found the target is one half"
    value.backward()
    assert mask.grad is None
    with torch.no_grad():
        assert structure.gradient(logits, mask + 9, images, weight) == pytest.approx(0.6931, abs=1e-3)
        sure = structure.laplacian(images) * 9
        full = torch.full((1, 1, 32, 32), 9.0)
        assert structure.gradient(sure, full, images, weight) < structure.gradient(-sure, full, images, weight)
