"""The loop: resuming is exact, failures leave the last good checkpoint."""

from __future__ import annotations

import errno
import itertools
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from rtskin.errors import InputError, SinkError  # noqa: E402
from rtskin.train.data.sets import scan  # noqa: E402
from rtskin.train.loop import checkpoint  # noqa: E402
from rtskin.train.loop import trainer as training  # noqa: E402
from rtskin.train.loop.trainer import Progress, Trainer, TrainingError  # noqa: E402
from rtskin.train.losses import mask as losses  # noqa: E402
from rtskin.train.recipe import Recipe, parse  # noqa: E402


def trainer(recipe: Recipe, data: Path, out: Path) -> Trainer:
    return Trainer(recipe, scan(recipe, [data]), out)


class Killed(Exception):  # noqa: N818
    pass


def test_killed_and_resumed_equals_never_stopped(recipe: Recipe, data: Path, tmp_path: Path) -> None:
    recipe = recipe.model_copy(update={"settle": 2})
    whole = trainer(
        recipe.model_copy(update={"workers": 1}), data, tmp_path / "whole"
    )  # another process, the same batches
    whole.run()

    killed = trainer(recipe.model_copy(update={"checkpoint_minutes": 1e-9}), data, tmp_path / "killed")

    def kill(progress: Progress) -> None:
        if progress.step == 4:  # after step 4 was made, before it is saved: the checkpoint is of step 3
            raise Killed

    with pytest.raises(Killed):
        killed.run(kill)
    resumed = trainer(recipe, data, tmp_path / "killed")
    resumed.resume()
    assert resumed.step == 3
    resumed.run()

    one, two = (checkpoint.load(tmp_path / name / "last.pt") for name in ("whole", "killed"))
    assert one["step"] == two["step"] == 6
    for part in ("net", "ema"):
        assert all(torch.equal(one[part][key], two[part][key]) for key in one[part]), part


def test_minutes_become_steps_and_stay_so(table: dict[str, Any], data: Path, tmp_path: Path) -> None:
    table.pop("steps")
    recipe = parse({**table, "minutes": 0.01, "schedule": {"warmup": 40}})
    first = trainer(recipe, data, tmp_path / "run")
    seen: list[int | None] = []
    first.run(lambda progress: seen.append(progress.total))
    assert seen[0] is None
    assert first.total == first.step == seen[-1]
    assert checkpoint.load(tmp_path / "run/last.pt")["total"] == first.total
    same = trainer(recipe, data, tmp_path / "run")
    same.resume()
    assert same.total == first.total
    more = trainer(recipe.model_copy(update={"minutes": 0.02}), data, tmp_path / "run")
    more.resume()
    assert more.total is None, "other minutes are timed anew"


def test_the_rate_does_not_jump_when_the_total_becomes_known(
    table: dict[str, Any], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = itertools.count(step=0.03)  # each look at it takes so long: 20 steps are left after the first 30
    monkeypatch.setattr(training, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    table.pop("steps")
    recipe = parse({**table, "minutes": 0.01, "schedule": {"warmup": 100}, "validate_every": 100})
    rates: list[float] = []
    run = trainer(recipe, data, tmp_path)
    run.run(lambda progress: rates.append(progress.rate))
    assert run.total == len(rates) == 50
    assert max(after - before for before, after in itertools.pairwise(rates)) <= recipe.optimiser.rate / 100 * 1.001


def test_another_recipe_is_not_resumed(recipe: Recipe, data: Path, tmp_path: Path) -> None:
    trainer(recipe, data, tmp_path).save()
    with pytest.raises(InputError, match=r"another recipe \(seed\)"):
        trainer(recipe.model_copy(update={"seed": 9}), data, tmp_path).resume()
    longer = trainer(recipe.model_copy(update={"steps": 8}), data, tmp_path)
    longer.resume()
    assert longer.total == 8


def test_nothing_to_resume(recipe: Recipe, data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no checkpoint at"):
        trainer(recipe, data, tmp_path).resume()
    (tmp_path / "last.pt").write_bytes(b"rubbish")
    with pytest.raises(InputError, match="is not a checkpoint"):
        trainer(recipe, data, tmp_path).resume()


def test_a_loss_that_is_no_number_stops_and_keeps_the_checkpoint(
    recipe: Recipe, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trainer(recipe.model_copy(update={"checkpoint_minutes": 1e-9}), data, tmp_path)
    real, calls = losses.bce_dice, []

    def breaks(*args: Any) -> Any:
        calls.append(1)
        return real(*args) * (float("nan") if len(calls) == 4 else 1)

    monkeypatch.setattr(losses, "bce_dice", breaks)
    with pytest.raises(TrainingError, match="the loss is nan at step 3"):
        run.run()
    state = checkpoint.load(tmp_path / "last.pt")
    assert state["step"] == 3
    assert all(torch.isfinite(value).all() for value in state["net"].values())


def test_a_full_disk_keeps_the_checkpoint_before(
    recipe: Recipe, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trainer(recipe, data, tmp_path)
    run.save()
    before = (tmp_path / "last.pt").read_bytes()

    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SinkError, match=r"No space left on device.*last good one is still"):
        run.run()
    assert (tmp_path / "last.pt").read_bytes() == before
    assert [path.name for path in tmp_path.glob("*.part")] == []


def test_the_log_has_figures_of_the_kept_out_and_names_what_was_skipped(
    recipe: Recipe, data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "rtskin.train")
    for index in range(4):
        (data / f"pairs/images/{index:03d}.png").write_bytes(b"no picture")
    run = trainer(recipe, data, tmp_path)
    run.run()
    entries = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    figures = [entry for entry in entries if "kept_out" in entry]
    assert [entry["step"] for entry in figures] == [3, 6]
    said = [message for message in caplog.messages if "kept-out pictures" in message]
    assert len(said) == 2
    assert f"iou {figures[-1]['kept_out']['pairs']['iou']:.3f}" in said[-1]
    assert all(entry["loss"] > 0 for entry in figures)
    broken = [entry["broken"] for entry in entries if "broken" in entry]
    assert broken
    assert len(broken) == len(set(broken)) == len(run.broken)
    assert all("is not a picture" in name for name in broken)


def test_an_error_of_the_data_stays_one_line(table: dict[str, Any], data: Path, tmp_path: Path) -> None:
    table["data"].pop()
    for path in (data / "pairs/images").iterdir():
        path.write_bytes(b"")
    with pytest.raises(InputError, match="20 pictures in a row cannot be read") as error:
        trainer(parse(table), data, tmp_path).run()
    assert "\n" not in str(error.value)


def test_a_folder_that_cannot_be_made(recipe: Recipe, data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SinkError, match="cannot be made"):
        trainer(recipe, data, tmp_path / "file")
