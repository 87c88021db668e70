"""Training with the rounding of 8 bits: what is rounded, what is learnt through it, and that nothing of it stays."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch

from rtskin import nets
from rtskin.train.data.sets import scan
from rtskin.train.loop import checkpoint
from rtskin.train.loop.trainer import Trainer
from rtskin.train.quantise.aware import EightBitConv2d, rounded_weights, train_in_eight_bits
from rtskin.train.recipe import parse


def convolution() -> tuple[torch.nn.Conv2d, torch.nn.Module]:
    """A plain one, and the same that rounds."""
    torch.manual_seed(0)
    plain = torch.nn.Conv2d(3, 4, 3)
    return plain, train_in_eight_bits(torch.nn.Sequential(copy.deepcopy(plain)))


def test_input_and_weights_are_rounded_as_eight_bits_are() -> None:
    """Against the arithmetic written out: u8 with a zero point for the input, symmetric s8 for each output channel."""
    plain, rounding = convolution()
    x = torch.linspace(-1, 3, 3 * 64).view(1, 3, 8, 8)
    step = torch.tensor(4 / 255)
    zero = (1 / step).round()
    x8 = ((x / step + zero).round().clamp(0, 255) - zero) * step
    steps = (plain.weight.abs().amax((1, 2, 3)) / 127).view(4, 1, 1, 1)
    w8 = (plain.weight / steps).round() * steps
    assert torch.allclose(rounded_weights(plain.weight), w8, atol=1e-6)
    wanted = torch.nn.functional.conv2d(x8, w8, plain.bias)
    assert torch.allclose(rounding.train()(x), wanted, atol=1e-4)
    assert not torch.allclose(rounding(x), plain(x), atol=1e-4), "rounding is seen"


def test_what_is_learnt_goes_through_the_rounding() -> None:
    plain, rounding = convolution()
    x = torch.randn(2, 3, 8, 8)
    for net in (plain, rounding):
        net(x).square().mean().backward()
    (rounded,) = (one.weight.grad for one in rounding.modules() if isinstance(one, EightBitConv2d))
    assert plain.weight.grad is not None
    assert rounded is not None
    assert torch.nn.functional.cosine_similarity(plain.weight.grad.flatten(), rounded.flatten(), 0) > 0.99


def test_the_range_follows_what_goes_in_and_channels_of_zeros_are_no_trouble() -> None:
    _, rounding = convolution()
    (one,) = (module for module in rounding.modules() if isinstance(module, EightBitConv2d))
    rounding(torch.full((1, 3, 8, 8), 2.0))
    assert (float(one.low), float(one.high)) == (0.0, 2.0), "0 is always in it"
    rounding(torch.full((1, 3, 8, 8), 4.0))
    assert 2.0 < float(one.high) < 2.1
    with torch.no_grad():
        one.weight[0] = 0
    assert torch.isfinite(rounding(torch.zeros(1, 3, 8, 8))).all()


def test_names_state_and_answers_stay() -> None:
    torch.manual_seed(0)
    plain = nets.build("mobile-unet", width=0.25).eval()
    rounding = train_in_eight_bits(copy.deepcopy(plain)).eval()
    assert list(plain.state_dict()) == list(rounding.state_dict())
    x = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(plain(x), rounding(x))
        assert not torch.equal(plain.train()(x), rounding.train()(x))


def test_a_recipe_asks_for_it(table: dict[str, Any], data: Path, tmp_path: Path) -> None:
    """The weights take another way than without, and the checkpoint is an ordinary one."""
    found = {}
    for asked in (False, True):
        recipe = parse({**table, "eight_bits": asked})
        trainer = Trainer(recipe, scan(recipe, [data]), tmp_path / str(asked))
        assert any(isinstance(one, EightBitConv2d) for one in trainer.net.modules()) is asked
        assert not any(isinstance(one, EightBitConv2d) for one in trainer.ema.net.modules())
        trainer.run()
        found[asked] = checkpoint.averaged(tmp_path / str(asked) / checkpoint.LAST)[1]
    plain, rounded = (net.state_dict() for net in found.values())
    assert list(plain) == list(rounded)
    assert not torch.equal(plain["stem.0.weight"], rounded["stem.0.weight"])


def test_half_precision_goes_in() -> None:
    _, rounding = convolution()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.isfinite(rounding(torch.randn(1, 3, 8, 8).bfloat16()).float()).all()
