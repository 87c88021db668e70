"""Heads that exist only in training, and what is made small with them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from rtskin import nets  # noqa: E402
from rtskin.errors import InputError  # noqa: E402
from rtskin.train.losses import mask as losses  # noqa: E402
from rtskin.train.losses.heads import Heads, watched  # noqa: E402
from rtskin.train.losses.objective import Objective, Tensors  # noqa: E402
from rtskin.train.recipe import parse  # noqa: E402


@pytest.fixture
def net() -> Any:
    torch.manual_seed(0)
    return nets.build("mobile-unet", width=0.25)


@pytest.fixture
def batch() -> Tensors:
    torch.manual_seed(1)
    target = torch.zeros(2, 1, 64, 64)
    target[..., 16:48, 16:48] = 1
    return Tensors(torch.randn(2, 3, 64, 64), target, torch.ones_like(target), torch.randn(2, 3, 64, 64))


def test_heads_leave_the_network_as_it_is(net: Any) -> None:
    before, state = copy.deepcopy(net.state_dict()), set(net.state_dict())
    heads = Heads(net, edge=True, deep=True)
    assert net.training
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items()), "statistics too"
    images = torch.randn(1, 3, 64, 96)
    with watched(net) as levels:
        net(images)
    assert heads.edge(levels).shape == (1, 1, 64, 96)
    assert [level.shape[2:] for level in heads.deep(levels)] == [(4, 6), (8, 12), (16, 24)]
    assert set(net.state_dict()) == state
    assert not any(module._forward_hooks for module in net.modules())


def test_heads_are_where_the_network_is(net: Any) -> None:
    heads = Heads(net.to("meta"), edge=True, deep=True)
    assert {parameter.device.type for parameter in heads.parameters()} == {"meta"}


def test_a_network_without_levels_is_refused() -> None:
    with pytest.raises(InputError, match="no levels of a decoder"):
        Heads(torch.nn.Conv2d(3, 1, 1), edge=True, deep=False)


def test_several_losses_at_once_are_summed_by_weight(net: Any, batch: Tensors, table: dict[str, Any]) -> None:
    weights = {"focal": 2.0, "tversky": 0.5, "bias": 0.3, "edge": 0.1, "consistency": 0.7, "deep": 0.4}
    objective = Objective(parse({**table, "loss": weights}), net)
    loss, parts = objective(net.eval(), batch)
    assert set(parts) == {"bce_dice", *weights}
    expected = parts["bce_dice"] + sum(weight * parts[name] for name, weight in weights.items())
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    loss.backward()
    assert all(parameter.grad is not None for parameter in objective.heads.parameters())
    assert all(torch.isfinite(parameter.grad).all() for parameter in net.parameters())


def test_by_default_it_is_the_loss_that_it_always_was(net: Any, batch: Tensors, table: dict[str, Any]) -> None:
    objective = Objective(parse(table), net)
    loss, parts = objective(net.eval(), Tensors(batch.images, batch.target, batch.weight))
    assert torch.equal(loss, losses.bce_dice(net(batch.images), batch.target, batch.weight))
    assert list(parts) == ["bce_dice"]
    assert objective.heads is None


def test_a_recipe_without_any_loss_is_refused(net: Any, table: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="every weight is 0"):
        Objective(parse({**table, "loss": {"bce": 0, "dice": 0}}), net)
