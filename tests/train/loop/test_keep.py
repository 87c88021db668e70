from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from rtskin.errors import InputError  # noqa: E402
from rtskin.train import settled  # noqa: E402
from rtskin.train.data.sets import scan  # noqa: E402
from rtskin.train.loop import checkpoint  # noqa: E402
from rtskin.train.loop.keep import blend, chosen  # noqa: E402
from rtskin.train.loop.trainer import Progress, Trainer  # noqa: E402
from rtskin.train.recipe import Recipe, parse  # noqa: E402


def start(data: Path, table: dict[str, Any], folder: Path) -> Path:
    recipe = parse(table)
    Trainer(recipe, scan(recipe, [data]), folder).run()
    return folder / checkpoint.LAST


def trained(data: Path, table: dict[str, Any], tmp_path: Path, keep: float) -> tuple[Recipe, Trainer]:
    first = start(data, table, tmp_path / "first")
    recipe = parse({**table, "seed": 5, "settle": 2, "net": {**table["net"], "init": "first", "keep": keep}})
    trainer = Trainer(recipe, scan(recipe, [data]), tmp_path / "second", first)
    trainer.run()
    return recipe, trainer


def weights(state: dict[str, Any]) -> dict[str, Any]:
    """Without what batch normalisation measured."""
    return {key: value for key, value in state.items() if "running" not in key and "num_batches" not in key}


def same(one: dict[str, Any], two: dict[str, Any]) -> bool:
    return all(torch.equal(value, two[key]) for key, value in one.items())


def test_the_blend_lies_between() -> None:
    old, new = {"w": torch.zeros(3), "n": torch.tensor(1)}, {"w": torch.full((3,), 8.0), "n": torch.tensor(7)}
    assert same(blend(old, new, 0.25), {"w": torch.full((3,), 6.0), "n": torch.tensor(7)})
    assert same(blend(old, new, 0), new)
    assert torch.equal(blend(old, new, 1)["w"], old["w"])


def test_what_is_judged_and_kept_lies_between_the_beginning_and_the_average(
    data: Path, table: dict[str, Any], tmp_path: Path
) -> None:
    recipe, trainer = trained(data, table, tmp_path, 0.5)
    path = tmp_path / "second" / checkpoint.LAST
    first, state = checkpoint.load(tmp_path / "first" / checkpoint.LAST)["ema"], checkpoint.load(path)
    middle = weights(blend(first, state["ema"], 0.5))
    assert same(middle, chosen(state))
    assert not same(middle, state["ema"])
    assert same(chosen(state), checkpoint.averaged(path)[1].state_dict())
    # It was settled when it was judged: what ships needs no data.
    assert same(chosen(state), settled.average(state, recipe, [], path))
    assert trainer.judged is not None
    assert not same(blend(first, state["ema"], 0.5), trainer.judged), "batch normalisation was measured"


def test_between_validations_the_blend_is_measured_or_refused(
    data: Path, table: dict[str, Any], tmp_path: Path
) -> None:
    first = start(data, table, tmp_path / "first")
    recipe = parse(
        {**table, "settle": 2, "net": {**table["net"], "init": "first", "keep": 0.5}, "checkpoint_minutes": 1e-9}
    )
    trainer = Trainer(recipe, scan(recipe, [data]), tmp_path / "second", first)

    def stop(progress: Progress) -> None:
        if progress.step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trainer.run(stop)
    path = tmp_path / "second" / checkpoint.LAST
    state = checkpoint.load(path)
    found = settled.average(state, recipe, [data], path)
    assert same(weights(blend(checkpoint.load(first)["ema"], state["ema"], 0.5)), found)
    with pytest.raises(InputError, match="between two validations"):
        settled.average(state, recipe, [tmp_path], path)
    # And a resumed training ends as one that was not stopped.
    again = Trainer(recipe, scan(recipe, [data]), tmp_path / "second", first)
    again.resume()
    again.run()
    whole = Trainer(recipe, scan(recipe, [data]), tmp_path / "third", first)
    whole.run()
    assert again.judged is not None
    assert whole.judged is not None
    assert same(whole.judged, again.judged)


def test_without_weights_to_start_from_there_is_nothing_to_keep(data: Path, table: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"net.keep .* net.init"):
        parse({**table, "net": {**table["net"], "keep": 0.5}})
