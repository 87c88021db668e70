"""The network's contract: shapes, size, and that every scale of it has a say."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from rtskin import nets  # noqa: E402
from rtskin.errors import InputError, UnknownNameError  # noqa: E402


@pytest.mark.parametrize(("height", "width"), [(256, 256), (160, 288), (32, 32)])
def test_logits_have_the_size_of_the_input(height: int, width: int) -> None:
    net = nets.build("mobile-unet").eval()
    with torch.no_grad():
        logits = net(torch.zeros(2, 3, height, width))
    assert logits.shape == (2, 1, height, width)
    assert logits.min() < 0, "the output is logits, not probabilities"


def test_about_half_a_million_parameters() -> None:
    count = sum(parameter.numel() for parameter in nets.build("mobile-unet").parameters())
    assert 400_000 < count < 650_000


def test_every_parameter_gets_a_gradient() -> None:
    torch.manual_seed(0)
    net = nets.build("mobile-unet", width=0.5).train()
    net(torch.randn(2, 3, 64, 64)).square().mean().backward()
    dead = [name for name, parameter in net.named_parameters() if parameter.grad is None or not parameter.grad.any()]
    assert dead == []


def test_width_and_channels_are_options() -> None:
    narrow = nets.build("mobile-unet", width=0.5, channels=4).eval()
    assert narrow(torch.zeros(1, 4, 64, 64)).shape == (1, 1, 64, 64)


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean mobile-unet"):
        nets.build("mobil-unet")
    with pytest.raises(InputError, match="'widht'; did you mean width"):
        nets.build("mobile-unet", widht=2)


def test_classes_are_an_option() -> None:
    net = nets.build("mobile-unet", width=0.5, classes=5).eval()
    with torch.no_grad():
        assert net(torch.zeros(1, 3, 64, 96)).shape == (1, 5, 64, 96)


def test_what_it_costs_does_not_change_unnoticed() -> None:
    """At width 1 and 256×256: parameters, and multiply-accumulates of the convolutions."""
    net, macs = nets.build("mobile-unet").eval(), 0

    def count(module: torch.nn.Conv2d, inputs: object, output: torch.Tensor) -> None:
        nonlocal macs
        macs += output[0].numel() * module.weight[0].numel()

    for module in net.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(count)
    with torch.no_grad():
        net(torch.zeros(1, 3, 256, 256))
    assert sum(parameter.numel() for parameter in net.parameters()) == 583_588
    assert macs == 103_574_528


def test_a_wider_one_has_more_of_everything() -> None:
    one, two = (sum(p.numel() for p in nets.build("mobile-unet", width=width).parameters()) for width in (1, 2))
    assert 3.5 * one < two < 4 * one
