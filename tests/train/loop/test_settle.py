from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from rtskin.train.data.batches import Batches  # noqa: E402
from rtskin.train.data.sets import scan  # noqa: E402
from rtskin.train.loop.settle import UNSEEN, Settling, settle  # noqa: E402
from rtskin.train.loop.trainer import Trainer  # noqa: E402
from rtskin.train.losses.objective import tensors  # noqa: E402
from rtskin.train.recipe import parse  # noqa: E402


def test_statistics_are_those_of_the_pictures() -> None:
    generator = torch.Generator().manual_seed(0)
    batches = [3 + 2 * torch.randn(4, 2, 8, 8, generator=generator) for _ in range(5)]
    norm = nn.BatchNorm2d(2).eval()
    norm.running_mean.fill_(100.0)
    settle(norm, batches)
    everything = torch.cat(batches)
    assert torch.allclose(norm.running_mean, everything.mean((0, 2, 3)), atol=1e-4)
    assert torch.allclose(norm.running_var, everything.var((0, 2, 3)), rtol=0.02)
    assert not norm.training
    assert norm.momentum == 0.1


def test_a_training_ends_with_an_average_that_was_settled(data: Path, table: dict[str, Any], tmp_path: Path) -> None:
    def run(settle: int, name: str) -> dict[str, Any]:
        recipe = parse({**table, "settle": settle})
        trainer = Trainer(recipe, scan(recipe, [data]), tmp_path / name)
        trainer.run()
        return dict(trainer.ema.net.state_dict())

    with_, without = run(4, "with"), run(0, "without")
    changed = {key for key in with_ if not torch.equal(with_[key], without[key])}
    assert any("running_mean" in key for key in changed)
    assert all("running" in key or "num_batches" in key for key in changed), "the weights are the same"


def test_batches_to_settle_on_are_made_by_the_workers_and_once(
    data: Path, table: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = parse({**table, "settle": 4})
    with_workers = plain.model_copy(update={"workers": 1})
    first = Trainer(plain, scan(plain, [data]), tmp_path / "first")
    first.run()
    second = Trainer(with_workers, scan(plain, [data]), tmp_path / "second")
    # Here; workers import the real one. There are two validations, each with all batches.
    monkeypatch.setattr(Batches, "__getitem__", None)
    second.run()
    one, two = first.ema.net.state_dict(), second.ema.net.state_dict()
    assert all(torch.equal(one[key], two[key]) for key in one)


def test_what_is_lacking_is_made_when_it_is_needed(data: Path, table: dict[str, Any]) -> None:
    recipe = parse({**table, "settle": 3, "prior": {"use": True}})
    batches = Batches(recipe, scan(recipe, [data]))
    settling = Settling(batches)
    aside = settling.aside(5)
    assert aside is not None
    assert list(aside.numbers) == [UNSEEN, UNSEEN + 1, UNSEEN + 2]
    aside.take(UNSEEN + 1, batches[UNSEEN + 1])
    found = list(settling.inputs(torch.device("cpu")))
    expected = [tensors(batches[UNSEEN + index], torch.device("cpu")).images for index in range(3)]
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))
    assert found[0].shape[1] == 4
    assert settling.aside(5) is None
    none = parse({**table, "settle": 0})
    assert Settling(Batches(none, scan(none, [data]))).aside(5) is None
