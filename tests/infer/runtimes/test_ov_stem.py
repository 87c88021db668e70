"""Pixels in two parts: the same network, for a first convolution that loses nothing of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rtskin.infer.cards import load_card
from rtskin.infer.runtimes.ov_core import core
from rtskin.infer.runtimes.ov_stem import split_pixels, to_bf16
from rtskin.infer.weights import checked_weights

pytest.importorskip("openvino")

Net = Callable[..., Any]


def network(tmp_path: Path, stride: int = 1, channels: int = 3, normalise: str = "constants") -> Any:
    """An openvino.Model: a normalisation and a convolution."""
    import openvino
    from openvino import opset13 as ov

    pixels = ov.parameter([1, channels, 8, 10], np.float32, name="image")
    rng = np.random.default_rng(0)
    mean, std = (rng.uniform(low, high, (1, channels, 1, 1)).astype(np.float32) for low, high in ((90, 180), (40, 60)))
    x = ov.divide(ov.subtract(pixels, ov.constant(mean)), ov.constant(std))
    if normalise == "by itself":
        x = ov.multiply(x, x)
    if normalise == "by nothing":
        x = ov.divide(x, ov.constant(np.float32(0)))
    if normalise == "along the rows":
        x = ov.multiply(x, ov.constant(np.arange(10, dtype=np.float32)))
    weights = rng.normal(size=(4, channels, 3, 3)).astype(np.float32)
    made = ov.convolution(x, ov.constant(weights), [stride, stride], [2, 2], [2, 2], [2, 2])
    return openvino.Model([ov.result(made)], [pixels], "net")


def answer(model: Any, picture: np.ndarray, precision: str = "f32") -> np.ndarray:
    compiled = core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": precision})
    return np.array(compiled([picture])[0])


def picture(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).uniform(0, 255, shape).astype(np.float32)


def test_the_network_means_the_same_at_its_border_too(tmp_path: Path) -> None:
    seen = picture(1, 3, 8, 10)
    before = answer(network(tmp_path), seen)
    model = network(tmp_path)
    assert split_pixels(model)
    assert np.abs(before).max() > 1
    np.testing.assert_allclose(answer(model, seen), before, atol=2e-5)


def test_straight_u2net_means_the_same() -> None:
    path = str(checked_weights(load_card("straight-u2net")))
    seen = picture(1, 3, 64, 96)
    answers = []
    for split in (False, True):
        model = core().read_model(path)
        model.reshape([1, 3, 64, 96])
        assert not split or split_pixels(model)
        answers.append(answer(model, seen))
    np.testing.assert_allclose(answers[1], answers[0], atol=1e-5)


@pytest.mark.parametrize(
    "other",
    [
        {"stride": 2},
        {"channels": 4},
        {"normalise": "by itself"},
        {"normalise": "along the rows"},
        {"normalise": "by nothing"},
    ],
)
def test_what_begins_otherwise_is_left_as_it_is(tmp_path: Path, other: dict[str, Any]) -> None:
    model = network(tmp_path, **other)
    before = [node.get_type_name() for node in model.get_ordered_ops()]
    assert not split_pixels(model)
    assert [node.get_type_name() for node in model.get_ordered_ops()] == before


def test_in_bf16_masks_are_nearer_to_those_in_fp32() -> None:
    if "BF16" not in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("this processor has no bf16")
    path = str(checked_weights(load_card("straight-u2net")))
    # Soft blotches: noise from pixel to pixel is nothing that a mask of skin answers to.
    coarse = torch.from_numpy(picture(1, 3, 8, 8))
    seen = torch.nn.functional.interpolate(coarse, size=(160, 160), mode="bicubic").clamp(0, 255).numpy()
    off = []
    for split in (False, True):
        model = core().read_model(path)
        model.reshape([1, 3, 160, 160])
        exact = answer(model, seen)
        assert not split or split_pixels(model)
        off.append(float(np.sqrt(np.mean((answer(model, seen, "bf16") - exact) ** 2))))
    assert off[1] < off[0]
    assert off[1] < 1 / 255


def test_rounding_is_that_of_bf16() -> None:
    values = np.concatenate([picture(1000) - 128, np.array([0.0, -0.0, 1.0, 257.0, 1e-30, -3.3e38 / 4], np.float32)])
    np.testing.assert_array_equal(to_bf16(values), torch.from_numpy(values).bfloat16().float().numpy())
