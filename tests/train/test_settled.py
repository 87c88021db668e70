"""Exports of checkpoints from between two validations: measured, or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxruntime")

from rtskin.errors import InputError  # noqa: E402
from rtskin.train import export as exporting  # noqa: E402
from rtskin.train import settled  # noqa: E402
from rtskin.train.data.batches import Batches  # noqa: E402
from rtskin.train.data.sets import scan  # noqa: E402
from rtskin.train.loop import checkpoint  # noqa: E402
from rtskin.train.loop.settle import Settling, settle  # noqa: E402
from rtskin.train.loop.trainer import Progress, Trainer  # noqa: E402
from rtskin.train.recipe import Recipe, parse  # noqa: E402


class Killed(Exception):  # noqa: N818
    pass


@pytest.fixture
def between(table: dict[str, Any], data: Path, tmp_path: Path) -> tuple[Recipe, Path]:
    """A recipe that settles every third step, and a checkpoint of step 4."""
    recipe = parse({**table, "settle": 3, "checkpoint_minutes": 1e-9})
    run = Trainer(recipe, scan(recipe, [data]), tmp_path / "run")

    def kill(progress: Progress) -> None:
        if progress.step == 5:
            raise Killed

    with pytest.raises(Killed):
        run.run(kill)
    return recipe, tmp_path / "run" / "last.pt"


def same(one: dict[str, Any], two: dict[str, Any]) -> bool:
    return all(torch.equal(one[key], two[key]) for key in two)


def test_batch_normalisation_is_measured_with_the_data(between: tuple[Recipe, Path], data: Path) -> None:
    recipe, path = between
    state = checkpoint.load(path)
    assert (state["step"], state["settled"]) == (4, False)
    found = settled.average(state, recipe, [data], path)
    _, net = checkpoint.averaged(path)
    settle(net, Settling(Batches(recipe, scan(recipe, [data]))).inputs(torch.device("cpu")))
    assert same(found, net.state_dict())
    assert not same(found, state["ema"])


def test_it_is_refused_without_the_data_and_nothing_is_written(between: tuple[Recipe, Path], tmp_path: Path) -> None:
    _, path = between
    with pytest.raises(InputError, match=r"between two validations \(step 4\).*with --data.*multiple of 3"):
        exporting.export(path, tmp_path / "model", [tmp_path / "nowhere"])
    assert not (tmp_path / "model").exists()


def test_what_was_settled_is_given_as_it_is(table: dict[str, Any], data: Path, tmp_path: Path) -> None:
    recipe = parse({**table, "settle": 2})
    Trainer(recipe, scan(recipe, [data]), tmp_path).run()
    state = checkpoint.load(tmp_path / "last.pt")
    assert state["settled"] is True
    assert settled.average(state, recipe, [tmp_path / "nowhere"], tmp_path) is state["ema"]
    resumed = Trainer(recipe, scan(recipe, [data]), tmp_path)
    resumed.resume()
    resumed.save()
    assert checkpoint.load(tmp_path / "last.pt")["settled"] is True


def test_a_recipe_that_does_not_settle_needs_no_data(table: dict[str, Any], tmp_path: Path) -> None:
    state = {"ema": {}, "settled": False, "step": 4}
    assert settled.average(state, parse(table), [tmp_path / "nowhere"], tmp_path) == {}


@pytest.mark.parametrize(
    ("step", "total", "yes"), [(3, 10, True), (4, 10, False), (10, 10, True), (6, None, True), (7, None, False)]
)
def test_older_checkpoints_tell_by_their_step(table: dict[str, Any], step: int, total: int | None, yes: bool) -> None:
    assert settled.is_settled({"step": step, "total": total}, parse({**table, "settle": 3})) is yes
