"""One step: every optimiser, several batches, frozen parts, less precise arithmetic."""

from __future__ import annotations

import builtins
import copy
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from rtskin import nets  # noqa: E402
from rtskin.errors import InputError, MissingExtraError  # noqa: E402
from rtskin.train.data.batches import Batch  # noqa: E402
from rtskin.train.loop.step import Step  # noqa: E402
from rtskin.train.losses.objective import Objective  # noqa: E402
from rtskin.train.recipe import parse  # noqa: E402

CPU = torch.device("cpu")


def batch(seed: int, count: int = 2) -> Batch:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 255, (count, 64, 64, 3), np.uint8)
    targets = np.zeros((count, 64, 64), np.uint8)
    targets[:, 16:40, 16:40] = 255
    return Batch(images, targets, np.full_like(targets, 255))


def step_of(table: dict[str, Any], dtype: Any = None, **tables: Any) -> Step:
    torch.manual_seed(0)
    recipe = parse({**table, **tables})
    net = nets.build("mobile-unet", width=0.25).to(memory_format=torch.channels_last)
    return Step(recipe, net, Objective(recipe, net, dtype=dtype), CPU, dtype)


@pytest.mark.parametrize("name", ["adamw", "adamp", "adabelief"])
def test_optimisers_make_the_loss_smaller(table: dict[str, Any], name: str) -> None:
    if name != "adamw":
        pytest.importorskip("pytorch_optimizer")
    step = step_of(table, optimiser={"name": name}, loss={"edge": 0.5})
    values = [step([batch(0)], number, 5e-3).total for number in range(12)]
    assert values[-1] < 0.7 * values[0]


@pytest.mark.parametrize("name", ["adamp", "adabelief"])
def test_optimisers_go_on_from_their_state(table: dict[str, Any], name: str) -> None:
    pytest.importorskip("pytorch_optimizer")
    first, second = (step_of(table, optimiser={"name": name}) for _ in range(2))
    for number in range(2):
        first([batch(number)], number, 1e-3)
    second.net.load_state_dict(copy.deepcopy(first.net.state_dict()))
    second.optimiser.load_state_dict(copy.deepcopy(first.optimiser.state_dict()))
    for step in (first, second):
        step([batch(5)], 2, 1e-3)
    assert all(torch.equal(one, two) for one, two in zip(first.net.parameters(), second.net.parameters(), strict=True))


def test_the_lack_of_the_library_names_the_extra(table: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "pytorch_optimizer":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"rtskin\[train\]"):
        step_of(table, optimiser={"name": "adamp"})


def test_several_small_batches_make_the_gradient_of_the_large_one(table: dict[str, Any]) -> None:
    parts = [batch(0), batch(1)]
    together = (np.concatenate([getattr(part, key) for part in parts]) for key in ("images", "targets", "weights"))
    large, small = (_gradient(table, batches) for batches in ([Batch(*together)], parts))
    assert all(torch.allclose(one, two, rtol=1e-3, atol=1e-5) for one, two in zip(large, small, strict=True))
    alone = _gradient(table, parts[:1])
    assert not all(torch.allclose(one, two, rtol=1e-3, atol=1e-5) for one, two in zip(large, alone, strict=True))


def _gradient(table: dict[str, Any], batches: list[Batch]) -> list[Any]:
    """Of a network whose batch normalisation, which sees one batch at a time, is at rest."""
    step = step_of(table)
    step._freeze.apply = lambda number: step.net.eval()  # type: ignore[method-assign]
    step(batches, 0, 0.0)
    return [parameter.grad.clone() for parameter in step.net.parameters()]


def test_frozen_parts_stay_and_then_move(table: dict[str, Any]) -> None:
    step = step_of(table, schedule={"freeze": ["stem", "encoder.0"], "freeze_steps": 2})
    start = copy.deepcopy(step.net.state_dict())

    def moved() -> set[str]:
        now = step.net.state_dict()
        return {key.split(".")[0] for key in now if not torch.equal(now[key], start[key])}

    frozen = {key: start[key] for key in start if key.startswith(("stem.", "encoder.0."))}
    for number in range(2):
        step([batch(number)], number, 1e-2)
        assert all(torch.equal(step.net.state_dict()[key], value) for key, value in frozen.items()), "statistics too"
    assert "head" in moved()
    assert "stem" not in moved()
    step([batch(2)], 2, 1e-2)
    assert "stem" in moved()


def test_parts_that_do_not_exist_cannot_be_frozen(table: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"no part 'encodr'; did you mean encoder"):
        step_of(table, schedule={"freeze": ["encodr"], "freeze_steps": 2})


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_less_precise_arithmetic_learns_too(table: dict[str, Any], dtype: Any) -> None:
    step = step_of(table, dtype)
    assert step.scaler.is_enabled() == (dtype is torch.float16)
    values = [step([batch(0)], number, 5e-3).total for number in range(12)]
    assert all(parameter.dtype is torch.float32 for parameter in step.net.parameters())
    assert values[-1] < 0.8 * values[0]


def test_an_overflow_is_skipped_and_the_scale_lowered(table: dict[str, Any]) -> None:
    step = step_of(table, torch.float16)
    step([batch(0)], 0, 1e-3)
    before, scale = copy.deepcopy(step.net.state_dict()), step.scaler.get_scale()
    hook = step.net.head.weight.register_hook(lambda gradient: gradient * float("inf"))
    step([batch(1)], 1, 1e-3)
    hook.remove()
    assert all(torch.equal(before[key], value) for key, value in step.net.state_dict().items() if "weight" in key)
    assert step.scaler.get_scale() < scale
