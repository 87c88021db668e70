"""Cross-validation: what is trained, what it is measured on, and when it is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from rtskin import nets  # noqa: E402
from rtskin.errors import InputError  # noqa: E402
from rtskin.evaluate.datasets import Dataset, load_pairs  # noqa: E402
from rtskin.evaluate.folds import Fold, plan, roots_for, run  # noqa: E402
from rtskin.evaluate.run import Report, evaluate  # noqa: E402
from rtskin.infer.card_toml import dumps  # noqa: E402
from rtskin.media import cv2  # noqa: E402
from rtskin.train.data.split import fold_of  # noqa: E402
from rtskin.train.light.variants import augment  # noqa: E402
from rtskin.train.loop import checkpoint  # noqa: E402
from rtskin.train.normalise import normalise  # noqa: E402
from rtskin.train.recipe import load  # noqa: E402
from rtskin.train.session import train  # noqa: E402
from rtskin.train.teacher import Teacher, label  # noqa: E402
from tests.evaluate.conftest import blind  # noqa: E402
from tests.train.conftest import data, picture, table  # noqa: E402, F401

Table = dict[str, Any]


def written(path: Path, table: Table) -> Path:  # noqa: F811
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dumps(table), "utf-8")
    return path


@pytest.fixture
def recipe(table: Table, tmp_path: Path) -> Path:  # noqa: F811
    return written(tmp_path / "recipes" / "tiny.toml", table)


@pytest.fixture
def pairs(data: Path) -> Dataset:  # noqa: F811
    return load_pairs(data / "pairs")


class Trainings:
    """Trains for real, and remembers what."""

    def __init__(self, root: Path) -> None:
        self.root, self.done = root, list[tuple[str, bool]]()

    def __call__(self, recipe: Path, folder: Path, resume: bool) -> Path:
        self.done.append((folder.name, resume))
        return train(recipe, folder, [self.root], resume, quiet=True)


def copied(last: Path, folder: Path) -> None:
    """Stands for the export: the command line's test makes models that run."""
    folder.mkdir(exist_ok=True)
    (folder / "weights.pt").write_bytes(last.read_bytes())
    (folder / "model.toml").write_text("")


def measured(dataset: Dataset, cards: Mapping[str, Path]) -> Report:
    ((name, card),) = cards.items()
    state = checkpoint.load(card.parent / "weights.pt")
    net = nets.build("mobile-unet", width=0.25).eval()
    net.load_state_dict(state["ema"])

    def segment(image: np.ndarray) -> np.ndarray:
        small = cv2.resize(image, (64, 64))[None, ..., ::-1].copy()
        with torch.no_grad():
            skin = net(normalise(torch.from_numpy(small))).sigmoid()[0, 0].numpy()
        return cv2.resize((skin * 255).astype(np.uint8), image.shape[1::-1])

    return evaluate([dataset], {name: segment, "blind": blind}, draws=50)


@pytest.mark.slow
def test_every_picture_is_measured_by_the_network_that_has_not_seen_it(
    recipe: Path, pairs: Dataset, data: Path, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    folds, notes = plan(recipe, pairs, 3, tmp_path / "out", steps=2)
    trainings = Trainings(data)
    report = run(folds, trainings, measured, "tiny (3 folds)", copied)
    assert trainings.done == [("fold0", False), ("fold1", False), ("fold2", False)]
    (results,) = report.results
    assert report.models == ["tiny (3 folds)", "blind"]
    assert sorted(item.key for item in results.items) == [item.key for item in pairs.items]
    assert results.dataset.name == "pairs"
    assert len(results.counts["blind"]) == len(results.counts["tiny (3 folds)"]) == 10
    assert report.difference(results, "tiny (3 folds)", "blind", "mean_iou") is not None
    assert "3 trainings of tiny, 2 steps each" in notes[0]
    weights = set()
    for fold in folds:
        state = checkpoint.load(fold.folder / "last.pt")
        assert state["step"] == 2
        made = json.loads(state["recipe"])
        assert (made["split"]["folds"], made["data"][0]["held_out"]) == (3, fold.number)
        weights.add((fold.folder / "model" / "weights.pt").read_bytes())
    assert len(weights) == 3

    # Again: nothing is trained. A fold that was stopped goes on.
    (folds[1].folder / "model" / "model.toml").unlink()
    again = Trainings(data)
    other = run(plan(recipe, pairs, 3, tmp_path / "out", steps=2)[0], again, measured, "tiny (3 folds)", copied)
    assert again.done == [("fold1", True)]
    assert other.results[0].counts == results.counts

    with pytest.raises(InputError, match=r"fold0 was trained by another recipe \(steps\); give another --out"):
        plan(recipe, pairs, 3, tmp_path / "out", steps=3)


def test_folds_keep_out_each_picture_once(recipe: Path, pairs: Dataset, tmp_path: Path) -> None:
    folds, _ = plan(recipe, pairs, 5, tmp_path / "out")
    assert sorted(item.key for fold in folds for item in fold.dataset.items) == [item.key for item in pairs.items]
    for fold in folds:
        assert [part.held_out for part in fold.recipe.data] == [fold.number, None]
        assert fold.recipe.split.held_out == 1, "the other sets keep out what they did"


def test_the_recipe_of_a_fold_is_read_back_as_it_was(recipe: Path, pairs: Dataset, tmp_path: Path) -> None:
    def stopped(path: Path, folder: Path, resume: bool) -> Path:
        raise KeyboardInterrupt

    folds, _ = plan(recipe, pairs, 2, tmp_path / "out")
    with pytest.raises(KeyboardInterrupt):
        run(folds, stopped, measured, "x")
    assert load(tmp_path / "out" / "fold0" / "recipe.toml") == folds[0].recipe


def test_where_the_recipes_paths_are_is_told_by_the_set(recipe: Path, pairs: Dataset, data: Path) -> None:  # noqa: F811
    assert roots_for(pairs, recipe) == [data]


def test_sets_that_cannot_be_folded_are_refused(table: Table, pairs: Dataset, tmp_path: Path) -> None:  # noqa: F811
    def planned(**changes: Any) -> list[Fold]:
        return plan(written(tmp_path / "r.toml", {**table, **changes}), pairs, 4, tmp_path / "out")[0]

    with pytest.raises(InputError, match=r"is not trained on .*pairs, so all of it is kept out"):
        planned(data=[table["data"][1]])
    with pytest.raises(InputError, match="has one group"):
        planned(data=[{**table["data"][0], "group": "all"}])
    table.pop("steps")
    with pytest.raises(InputError, match="neither steps nor minutes"):
        planned()


def test_empty_folds_are_refused(recipe: Path, pairs: Dataset, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds none of the 10 pictures; use fewer --folds"):
        plan(recipe, pairs, 60, tmp_path / "out")


def saved(path: Path, table: Table) -> Path:  # noqa: F811
    """A checkpoint that says it was made by this recipe."""
    from rtskin.train.recipe import parse

    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"step": 1, "net": {}, "ema": {}, "recipe": parse(table).model_dump_json()}, path)
    return path


@pytest.fixture
def beginning(table: Table, pairs: Dataset, tmp_path: Path) -> Any:  # noqa: F811
    """beginning(init), beginning(teacher=…): the notes of folds that begin with, or learn from, these weights."""

    def begin(init: Path | None = None, teacher: Path | None = None) -> list[str]:
        made = dict(table)
        if init is not None:
            made["net"] = {**table["net"], "init": str(init)}
        if teacher is not None:
            made["distil"] = {"teachers": [str(teacher)]}
        return plan(written(tmp_path / "begun.toml", made), pairs, 3, tmp_path / "out")[1][1:]

    return begin


def test_weights_that_have_seen_the_set_are_refused(table: Table, tmp_path: Path, beginning: Any) -> None:  # noqa: F811
    seen = saved(tmp_path / "seen.pt", table)
    with pytest.raises(
        InputError, match=r"seen.pt \(net.init of tiny\) was trained on \d+ of the \d+ pictures of pairs"
    ):
        beginning(seen)
    with pytest.raises(InputError, match=r"seen.pt \(distil.teachers of tiny\) was trained on"):
        beginning(teacher=seen)
    # The right fold alone does not help: the others have been seen.
    keeps = {**table, "split": {"folds": 3, "held_out": 0}}
    with pytest.raises(InputError, match="prove nothing"):
        beginning(saved(tmp_path / "keeps.pt", keeps))


def test_weights_that_have_not_seen_it_are_named(table: Table, tmp_path: Path, beginning: Any) -> None:  # noqa: F811
    other = {**table, "name": "other", "data": table["data"][1:]}
    (note,) = beginning(saved(tmp_path / "other.pt", other))
    assert note == "other.pt (net.init of tiny) was made by other, which does not train on these pictures."
    folder = written(tmp_path / "shipped" / "recipe.toml", other).parent
    assert "shipped (distil.teachers of tiny) was made by other" in beginning(teacher=folder)[0]


def test_weights_are_followed_to_where_they_began(table: Table, tmp_path: Path, beginning: Any) -> None:  # noqa: F811
    other = {**table, "name": "other", "data": table["data"][1:]}
    saved(tmp_path / "a" / "seen.pt", table)
    begun = {**other, "net": {**table["net"], "init": "seen.pt"}}
    with pytest.raises(InputError, match=r"seen.pt \(net.init of other\) was trained on"):
        beginning(saved(tmp_path / "a" / "begun.pt", begun))
    (tmp_path / "a" / "seen.pt").unlink()
    assert "seen.pt (net.init of other) has no recipe here" in beginning(tmp_path / "a" / "begun.pt")[1]
    circle = {**other, "net": {**table["net"], "init": "circle.pt"}}
    notes = beginning(saved(tmp_path / "circle.pt", circle))
    assert notes[1:] == ["circle.pt (net.init of other) is an earlier state of itself: only this recipe is known."]
    # As the models that ship do: "model.toml" of their own folder.
    going_on = {**other, "net": {**table["net"], "init": "model.toml"}}
    folder = written(tmp_path / "model" / "recipe.toml", going_on).parent
    (folder / "model.toml").touch()
    assert [note.split(" is ")[0] for note in beginning(folder)[1:]] == ["model.toml (net.init of other)"]


def test_weights_to_begin_with_need_a_recipe_and_of_others_it_is_said(tmp_path: Path, beginning: Any) -> None:
    (tmp_path / "bare").mkdir()
    with pytest.raises(InputError, match=r"has no recipe.toml beside it"):
        beginning(tmp_path / "bare")
    with pytest.raises(InputError, match="there is no checkpoint"):
        beginning(tmp_path / "none.pt")
    assert "bare (distil.teachers of tiny) has no recipe here" in beginning(teacher=tmp_path / "bare")[0]


def test_no_fold_stops_early(table: Table, pairs: Dataset, tmp_path: Path) -> None:  # noqa: F811
    recipe = written(tmp_path / "r.toml", {**table, "stop": {"patience": 2}})
    folds, _ = plan(recipe, pairs, 3, tmp_path / "out")
    assert [fold.recipe.stop.patience for fold in folds] == [0, 0, 0], "it would look at the pictures that are kept out"
    plateau = written(tmp_path / "p.toml", {**table, "schedule": {"name": "plateau"}})
    with pytest.raises(InputError, match="the schedule plateau goes by the very pictures"):
        plan(plateau, pairs, 3, tmp_path / "out")


@pytest.mark.parametrize("how", ["copied", "variants", "labelled"])
def test_pictures_that_another_set_has_too_are_refused(
    how: str, table: Table, pairs: Dataset, data: Path, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    more = data / "more"
    if how == "copied":  # under other names
        for part in ("images", "masks"):
            (more / part).mkdir(parents=True)
            for path in (data / "pairs" / part).iterdir():
                shutil.copy(path, more / part / f"other-{path.name}")
    elif how == "variants":
        augment(data / "pairs", more)
    else:
        teacher = Teacher(lambda image: (image[:, :, 2] > 190).astype(np.float32))
        trained = next(name for name in "abcdef" if fold_of(name, 3) != 1)
        shutil.copytree(data / "pairs" / "images", tmp_path / "photos" / trained)
        label([tmp_path / "photos"], more, [teacher])
    part = {**table["data"][0], "name": "more", "path": "more"}
    path = written(tmp_path / "r.toml", {**table, "data": [*table["data"], part]})
    with pytest.raises(
        InputError, match=r"is kept out of fold 0, which trains on the same picture as .*of the set 'more'"
    ):
        plan(path, pairs, 3, tmp_path / "out")
    # Without that set they do no harm.
    plan(written(tmp_path / "r.toml", table), pairs, 3, tmp_path / "out")


def test_other_pictures_of_the_same_names_are_other_pictures(
    table: Table, pairs: Dataset, data: Path, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    for index in range(10):
        for part, plane in zip(("images", "masks"), picture(50 + index), strict=True):
            (data / "more" / part).mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(data / "more" / part / f"{index:03d}.png"), plane)
    (data / "more/images/004.png").write_bytes(b"broken")
    part = {**table["data"][0], "name": "more", "path": "more"}
    plan(written(tmp_path / "r.toml", {**table, "data": [*table["data"], part]}), pairs, 3, tmp_path / "out")
