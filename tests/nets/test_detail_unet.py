"""detail-unet: what it costs, what it begins as, and that no comb of two pixels comes through."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from rtskin import nets  # noqa: E402


def test_logits_have_the_size_of_the_input_and_any_classes() -> None:
    net = nets.build("detail-unet", width=0.5, channels=4, classes=3).eval()
    with torch.no_grad():
        assert net(torch.zeros(2, 4, 64, 96)).shape == (2, 3, 64, 96)


def test_what_the_head_decides_for_each_pixel_of_four_alone_is_smoothed_away() -> None:
    """A head whose four biases differ paints a comb over all of the picture; none of it is left."""
    torch.manual_seed(0)
    net = nets.build("detail-unet", width=0.5, channels=4).eval()
    x = torch.zeros(1, 4, 64, 64)
    with torch.no_grad():
        net.head.bias.copy_(torch.tensor([1.0, -1.0, -1.0, 1.0]))
        combed = net(x)[..., 16:-16, 16:-16]
        net.head.bias.zero_()
        plain = net(x)[..., 16:-16, 16:-16]
    assert torch.allclose(combed, plain, atol=1e-5)


def test_every_parameter_has_a_say() -> None:
    """At first the grown parts add nothing, so what is before their last layer has none: one step later it has."""
    torch.manual_seed(0)
    net = nets.build("detail-unet", width=0.5, channels=4).train()
    optimiser, learns = torch.optim.SGD(net.parameters(), 0.01), set[str]()
    for _ in range(2):
        optimiser.zero_grad()
        net(torch.randn(2, 4, 64, 64)).square().mean().backward()
        optimiser.step()
        learns |= {name for name, one in net.named_parameters() if one.grad is not None and one.grad.any()}
    assert learns == {name for name, _ in net.named_parameters()}


def test_it_can_be_described_without_memory() -> None:
    """And nothing of that stays in the module: the next one has numbers again."""
    with torch.device("meta"):
        nets.build("detail-unet")
    assert float(nets.build("detail-unet").smooth.sum()) == 1.0
