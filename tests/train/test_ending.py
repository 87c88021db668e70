"""How a training ends: early, with its best weights, and with pictures of it; what it can go on from."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from rtskin.errors import InputError, MissingExtraError  # noqa: E402
from rtskin.train import report  # noqa: E402
from rtskin.train.data.imaging import cv2  # noqa: E402
from rtskin.train.data.sets import scan  # noqa: E402
from rtskin.train.loop import checkpoint, journal  # noqa: E402
from rtskin.train.loop import trainer as loop  # noqa: E402
from rtskin.train.loop.trainer import Progress, Trainer  # noqa: E402
from rtskin.train.loop.validate import Validation, score  # noqa: E402
from rtskin.train.recipe import parse  # noqa: E402
from rtskin.train.session import train  # noqa: E402

#: Everything that has a state of its own.
_ALL = {
    "steps": 5,
    "batch": 2,
    "validate_every": 1,
    "validate_images": 1,
    "settle": 1,
    "loss": {"edge": 0.1, "deep": 0.1, "consistency": 0.5, "bias": 0.2},
    "optimiser": {"name": "adamp", "accumulate": 2},
    "schedule": {"name": "plateau", "patience": 1, "warmup": 1, "freeze": ["encoder"], "freeze_steps": 3},
    "stop": {"patience": 50},
}


def trainer(table: dict[str, Any], data: Path, out: Path, **tables: Any) -> Trainer:
    recipe = parse({**table, **tables})
    return Trainer(recipe, scan(recipe, [data]), out)


class Killed(Exception):  # noqa: N818
    pass


def test_killed_and_resumed_equals_never_stopped_with_everything_on(
    table: dict[str, Any], data: Path, tmp_path: Path
) -> None:
    pytest.importorskip("pytorch_optimizer")
    trainer(table, data, tmp_path / "whole", **_ALL).run()
    killed = trainer(table, data, tmp_path / "killed", **_ALL, checkpoint_minutes=1e-9)

    def kill(progress: Progress) -> None:
        if progress.step == 3:
            raise Killed

    with pytest.raises(Killed):
        killed.run(kill)
    resumed = trainer(table, data, tmp_path / "killed", **_ALL, checkpoint_minutes=1e-9)
    resumed.resume()
    assert resumed.step == 2
    resumed.run()
    one, two = (checkpoint.load(tmp_path / name / "last.pt") for name in ("whole", "killed"))
    for part in ("net", "ema", "heads"):
        assert all(torch.equal(one[part][key], two[part][key]) for key in one[part]), part
    assert one["rate"] == two["rate"]
    assert one["stop"] == two["stop"]


def test_interrupted_it_writes_where_it_is(table: dict[str, Any], data: Path, tmp_path: Path) -> None:
    stopped = trainer(table, data, tmp_path / "stopped", **_ALL)
    stopped.run(interrupted=lambda: stopped.step == 2)
    again = trainer(table, data, tmp_path / "stopped", **_ALL)
    again.resume()
    assert again.step == 2
    assert not again.stopped


def test_checkpoints_from_before_there_was_more_state_are_resumed(
    table: dict[str, Any], data: Path, tmp_path: Path
) -> None:
    for name in ("old", "new"):
        trainer(table, data, tmp_path / name, steps=2).run()
    state = checkpoint.load(tmp_path / "old/last.pt")
    recipe = json.loads(state["recipe"])
    for key in (
        "device",
        "precision",
        "channels_last",
        "prefetch",
        "tensorboard",
        "stop",
        "distil",
        "classes",
        "prior",
    ):
        del recipe[key]
    recipe["loss"], recipe["optimiser"] = ({"bce": 1.0, "dice": 1.0}, {**recipe["optimiser"]})
    del recipe["optimiser"]["accumulate"]
    old = {key: state[key] for key in ("step", "total", "net", "ema", "ema_updates", "optimiser", "rng", "broken")}
    checkpoint.save(tmp_path / "old/last.pt", {**old, "recipe": json.dumps(recipe)})
    # Terms of where weights come from are looked up at each start: older checkpoints say nothing of them.
    origins = [{"name": "weights", "ship": True, "terms": "made up"}]
    for name in ("old", "new"):
        run = trainer(table, data, tmp_path / name, steps=4, origins=origins)
        run.resume()
        run.run()
    one, two = (checkpoint.load(tmp_path / name / "last.pt") for name in ("old", "new"))
    assert all(torch.equal(one["ema"][key], two["ema"][key]) for key in one["ema"])


def test_it_stops_when_nothing_gets_better_and_keeps_the_best(
    table: dict[str, Any], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ious = iter([0.2, 0.5, 0.4, 0.5, 0.3, 0.9])
    monkeypatch.setattr(Validation, "run", lambda self, net: {"pairs": {"iou": next(ious)}})
    run = trainer(table, data, tmp_path, steps=20, validate_every=2, stop={"patience": 3})
    run.run()
    assert run.stopped
    assert run.step == checkpoint.load(tmp_path / "last.pt")["step"] == 10
    assert checkpoint.load(tmp_path / "best.pt")["step"] == 4
    again = trainer(table, data, tmp_path, steps=20, validate_every=2, stop={"patience": 3})
    again.resume()
    again.run()
    assert again.step == 10  # it is over
    longer = trainer(table, data, tmp_path, steps=12, validate_every=2, stop={"patience": 9})
    longer.resume()
    longer.run()
    assert checkpoint.load(tmp_path / "best.pt")["step"] == 12


def test_without_early_stopping_there_is_no_best(table: dict[str, Any], data: Path, tmp_path: Path) -> None:
    trainer(table, data, tmp_path).run()
    assert not (tmp_path / "best.pt").exists()


@pytest.mark.parametrize("tables", [{"stop": {"patience": 2}}, {"schedule": {"name": "plateau"}}])
def test_what_goes_by_the_kept_out_needs_some(
    table: dict[str, Any], data: Path, tmp_path: Path, tables: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match="the split keeps none out"):
        trainer(table, data, tmp_path, split={"held_out": -1}, **tables)


def test_the_score_is_iou_less_false_skin() -> None:
    figures = {"one": {"iou": 0.8, "false_skin": 0.1}, "two": {"iou": 0.6}, "three": {"false_skin": 0.3}}
    assert score(figures) == pytest.approx(0.7 - 0.2)
    assert score({"three": {"false_skin": 0.3}}) == pytest.approx(-0.3)


def test_pictures_at_the_end_and_the_best_for_export(data: Path, tmp_path: Path, table: dict[str, Any]) -> None:
    pytest.importorskip("matplotlib")
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(_toml(table))
    settings = ["stop.patience=5", "loss.focal=1", "data.tree.weight=0.4"]
    done = train(recipe, tmp_path / "out", [data], quiet=True, device="cpu", tensorboard=False, settings=settings)
    assert done == tmp_path / "out/best.pt"
    for name in (report.CURVES, report.WORST):
        assert cv2.imread(str(tmp_path / "out" / name)).std() > 5
    assert set(journal.read(tmp_path / "out")[-1]["losses"]) == {"bce_dice", "focal"}
    assert checkpoint.averaged(done)[0].loss.focal == 1


def test_curves_of_a_training_that_runs(table: dict[str, Any], data: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises(InputError, match="holds no training"):
        report.report(tmp_path, [data])
    log = journal.Journal(tmp_path)
    log.write({"step": 1, "broken": "a picture"})
    with pytest.raises(InputError, match="nothing to show yet"):
        report.report(tmp_path, [data])
    log.write({"step": 50, "loss": 0.7, "rate": 1e-3})
    assert report.report(tmp_path, [data]) == [tmp_path / report.CURVES]
    trainer(table, data, tmp_path).run()
    assert report.report(tmp_path, [data]) == [tmp_path / report.CURVES, tmp_path / report.WORST]


def test_the_sheet_shows_what_is_wrong(table: dict[str, Any], data: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    recipe = parse(table)
    validation = Validation(recipe, scan(recipe, [data]))

    class Nothing(torch.nn.Conv2d):
        def forward(self, x: Any) -> Any:
            return torch.full_like(x[:, :1], -9)

    judged = list(validation.judged(Nothing(1, 1, 1)))
    with_skin = [one for one in judged if one.truth.any()]
    assert with_skin
    assert all((one.figure, one.value) == ("iou", 0) for one in with_skin)
    assert all((one.figure, one.value) == ("false_skin", 0) for one in judged if not one.truth.any())
    journal.Journal(tmp_path).write({"step": 1, "loss": 1.0, "rate": 1e-3})
    report.write(tmp_path, validation, Nothing(1, 1, 1))
    sheet = cv2.imread(str(tmp_path / report.WORST))
    missed = (np.abs(sheet.astype(int) - (235, 140, 50)).max(2) < 3).mean()
    assert missed > 0.01


def test_the_log_shows_what_was_done_last(tmp_path: Path) -> None:
    log = journal.Journal(tmp_path)
    for step, loss in ((50, 0.9), (100, 0.8), (150, 0.7), (100, 0.6)):  # killed after 150, resumed at 50
        log.write({"step": step, "loss": loss, "rate": 1e-3})
    with open(log.path, "a") as file:
        file.write('{"step": 150, "lo')
    assert [(entry["step"], entry["loss"]) for entry in journal.read(tmp_path)] == [(50, 0.9), (100, 0.6)]


def test_the_lack_of_matplotlib_costs_the_pictures_only(
    data: Path, tmp_path: Path, table: dict[str, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _without(monkeypatch, "matplotlib")
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(_toml(table))
    assert train(recipe, tmp_path / "out", [data], quiet=True).exists()
    assert "rtskin[train]" in caplog.text
    with pytest.raises(MissingExtraError, match=r"rtskin\[train\]"):
        report.report(tmp_path / "out", [data])


def test_tensorboard_gets_scalars_and_masks(
    table: dict[str, Any], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    monkeypatch.setattr(loop, "_LOGGED", 2)
    trainer(table, data, tmp_path, tensorboard=True, steps=4, validate_every=2).run()
    events = EventAccumulator(str(tmp_path / "tensorboard"), size_guidance={"images": 0, "scalars": 0})
    events.Reload()
    tags = events.Tags()
    assert {"loss", "rate", "kept_out/iou/pairs", "kept_out/false_skin/tree"} <= set(tags["scalars"])
    assert [event.step for event in events.Scalars("kept_out/iou/pairs")] == [2, 4]
    (name, *_) = (tag for tag in tags["images"] if tag.startswith("masks/pairs"))
    image = events.Images(name)[-1]
    assert (image.width, image.height) == (3 * 64, 64)


def test_the_lack_of_tensorboard_names_the_extra(
    table: dict[str, Any], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without(monkeypatch, "torch.utils.tensorboard")
    with pytest.raises(MissingExtraError, match=r"rtskin\[train\]"):
        trainer(table, data, tmp_path, tensorboard=True).run()


def _without(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    real = builtins.__import__

    def guarded(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == package or name.startswith(f"{package}."):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", guarded)


def _toml(table: dict[str, Any]) -> str:
    plain = {key: value for key, value in table.items() if not isinstance(value, dict | list)}
    lines = [f"{key} = {json.dumps(value)}" for key, value in plain.items()]
    lines += ["[net]\noptions = {width = 0.25}", "[split]\nfolds = 5\nheld_out = 1", "[schedule]\nwarmup = 2"]
    for part in table["data"]:
        lines += ["[[data]]", *(f"{key} = {json.dumps(value)}" for key, value in part.items())]
    return "\n".join(lines)
