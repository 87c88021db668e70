"""The recipe beside an exported model says what was trained, or the export is refused."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxruntime")

from rtskin.errors import InputError  # noqa: E402
from rtskin.infer.card_toml import dumps  # noqa: E402
from rtskin.infer.cards import Card  # noqa: E402
from rtskin.nets import onnx_file  # noqa: E402
from rtskin.train import beside  # noqa: E402
from rtskin.train import export as exporting  # noqa: E402
from rtskin.train.beside import Trained, check, differences, text  # noqa: E402
from rtskin.train.loop import checkpoint  # noqa: E402
from rtskin.train.recipe import load, parse  # noqa: E402
from rtskin.train.session import train  # noqa: E402
from rtskin.train.terms.shipping import faults  # noqa: E402


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exports without the seconds that torch takes for the graph."""
    monkeypatch.setattr(onnx_file, "write", lambda net, path, shapes: path.write_bytes(b"graph"))
    monkeypatch.setattr(onnx_file, "compare", lambda net, path, shapes: 0.0)


def run(table: dict[str, Any], data: Path, folder: Path, **options: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.toml").write_text(dumps(table), "utf-8")
    return train(folder / "recipe.toml", folder / "run", [data], quiet=True, **options)


@pytest.mark.usefixtures("quick")
def test_it_is_written_where_there_is_none_and_can_be_loaded(table: dict[str, Any], data: Path, tmp_path: Path) -> None:
    table["data"][0]["caps"] = {"one": 0.5}
    last = run(table, data, tmp_path / "a", steps=4, settings=["optimiser.rate=1e-3", "data.tree.weight=0.1"])
    done = exporting.export(last, tmp_path / "model")
    written = load(tmp_path / "model" / "recipe.toml")
    assert (written.steps, written.optimiser.rate, written.data[1].weight) == (4, 1e-3, 0.1)
    assert written.model_dump(exclude={"steps"}) == parse({
        **table, "optimiser": {"rate": 1e-3}, "data": [table["data"][0], {**table["data"][1], "weight": 0.1}],
    }).model_dump(exclude={"steps"})  # fmt: skip
    assert Card.load(done.card).recipe == "recipe.toml"
    assert (
        (tmp_path / "model" / "recipe.toml").read_text("utf-8").startswith("# What tiny was trained by, 4 steps of 4;")
    )
    assert faults(tmp_path) == []
    # It says what was trained: the same again is fine.
    exporting.export(last, tmp_path / "model")


@pytest.mark.usefixtures("quick")
def test_one_that_says_something_else_is_told_in_full_and_nothing_is_written(
    table: dict[str, Any], data: Path, tmp_path: Path
) -> None:
    last = run(table, data, tmp_path / "a", steps=4, settings=["loss.focal=0.5", "data.tree.weight=0.1"])
    model = tmp_path / "model"
    model.mkdir()
    extra = {**table["data"][0], "name": "more", "path": "more"}
    (model / "recipe.toml").write_text(dumps({**table, "threads": 7, "data": [*table["data"], extra]}))
    with pytest.raises(InputError) as error:
        exporting.export(last, model)
    assert [path.name for path in model.iterdir()] == ["recipe.toml"]
    said = str(error.value)
    for part in (
        "steps was 4 and steps is 6 there", "loss.focal was 0.5 and is 0.0 there", "data.tree.weight was 0.1 and is 0.3",
        "data.more was not in it", "take it away",
    ):  # fmt: skip
        assert part in said
    assert "threads" not in said
    exporting.export(last, model, replace=True)
    assert load(model / "recipe.toml").loss.focal == 0.5


def trained(table: dict[str, Any], **changes: Any) -> Trained:
    return Trained(parse(table), **{"step": 6, "total": 6, "place": None, **changes})


def beside_(table: dict[str, Any], folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.toml").write_text(dumps(table), "utf-8")
    return folder / "recipe.toml"


def test_a_set_that_was_trained_on_cannot_be_left_out(table: dict[str, Any], tmp_path: Path) -> None:
    told = beside_({**table, "data": table["data"][:1]}, tmp_path)
    assert differences(trained(table), told) == ["data.tree was in it"]
    table["data"][1]["ship"] = False
    hidden = [table["data"][0], {**table["data"][1], "ship": True}]
    with pytest.raises(InputError, match=r"x.pt was trained by: data.tree.ship was False and is True there"):
        check(trained(table), beside_({**table, "data": hidden}, tmp_path), Path("x.pt"))


@pytest.mark.parametrize(
    ("was", "total", "says", "told"),
    [
        ({"steps": 6}, 6, {"steps": 6}, []),
        ({"steps": 6}, 6, {"steps": 9}, ["steps was 6 and steps is 9 there"]),
        ({"minutes": 2.5}, 40, {"minutes": 2.5}, []),
        ({"minutes": 2.5}, 40, {"steps": 40}, []),
        ({"minutes": 2.5}, 40, {"steps": 41}, ["minutes was 2.5, which was 40 steps, and steps is 41 there"]),
        ({"minutes": 2.5}, 40, {"minutes": 3}, ["minutes was 2.5, which was 40 steps, and minutes is 3 there"]),
        ({"minutes": 2.5}, None, {"steps": 9}, ["minutes was 2.5 and steps is 9 there"]),
        ({"steps": 6}, 6, {"minutes": 3}, ["steps was 6 and minutes is 3 there"]),
        ({"steps": 6}, 6, {}, []),
    ],
)
def test_the_length(
    table: dict[str, Any], tmp_path: Path, was: dict[str, Any], total: int | None, says: dict[str, Any], told: list[str]
) -> None:
    del table["steps"]
    assert differences(trained({**table, **was}, total=total), beside_({**table, **says}, tmp_path)) == told


def test_how_it_ran_does_not_count_but_where_it_is_judged_by_it(table: dict[str, Any], tmp_path: Path) -> None:
    path = beside_({**table, "validate_every": 99, "workers": 2, "cache_mb": 1}, tmp_path)
    assert differences(trained(table), path) == []
    stopping = {**table, "stop": {"patience": 3}}
    path = beside_({**stopping, "validate_every": 99}, tmp_path)
    assert differences(trained(stopping), path) == ["validate_every was 3 and is 99 there"]


def test_one_that_extends_another_is_compared_as_a_whole(table: dict[str, Any], tmp_path: Path) -> None:
    beside_(table, tmp_path / "base")
    path = beside_({"extends": "../base/recipe.toml", "name": "tiny", "batch": 5}, tmp_path / "child")
    assert differences(trained({**table, "batch": 5}), path) == []
    assert differences(trained(table), path) == ["batch was 3 and is 5 there"]


def test_weights_are_the_same_by_their_place_or_their_bytes(table: dict[str, Any], tmp_path: Path) -> None:
    for name, content in (("a/w.pt", b"1"), ("b/copy.pt", b"1"), ("b/other.pt", b"2")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)

    def told(was: str | None, says: str | None, place: Path | None, origin: str = "net") -> list[str]:
        origins = [{"name": origin, "ship": True, "terms": "x"}]
        one = {**table, "net": {"init": was} if was else {}, "origins": origins}
        path = beside_({**table, "net": {"init": says} if says else {}}, tmp_path / "b")
        return differences(trained(one, place=place), path)

    assert told("w.pt", "../a/w.pt", tmp_path / "a") == []
    assert told("w.pt", "copy.pt", tmp_path / "a", "tiny") == []
    assert told("w.pt", "../b/other.pt", tmp_path / "a") == ["net.init was 'w.pt' and is '../b/other.pt' there"]
    assert told("w.pt", None, tmp_path / "a") == ["net.init was 'w.pt' and is not set there"]
    assert told(None, "w.pt", tmp_path / "a") == ["net.init was not set and is 'w.pt' there"]
    # Nobody knows where it was: the name has to do. An absolute one tells.
    assert told("w.pt", "w.pt", None) == []
    assert told(str(tmp_path / "a/w.pt"), "../a/w.pt", None) == []
    # A pack's own name.
    assert told("init.pt", "../a/w.pt", None) == []
    # The model in the folder itself is about to be replaced by its successor.
    assert told("w.pt", "other.pt", tmp_path / "a", "tiny") == []
    assert told("w.pt", "other.pt", tmp_path / "a", "net") == ["net.init was 'w.pt' and is 'other.pt' there"]


@pytest.mark.usefixtures("quick")
def test_weights_to_start_from_are_found_from_the_models_folder(
    table: dict[str, Any], data: Path, tmp_path: Path
) -> None:
    first = run({**table, "steps": 1}, data, tmp_path / "first")
    shutil.copy(first, tmp_path / "old.pt")
    begun = {**table, "steps": 1, "net": {**table["net"], "init": "../old.pt"}}
    last = run(begun, data, tmp_path / "second")
    exporting.export(last, tmp_path / "deep" / "model")
    init = str(tomllib.loads((tmp_path / "deep/model/recipe.toml").read_text("utf-8"))["net"]["init"])
    assert not Path(init).is_absolute()
    assert (tmp_path / "deep/model" / init).samefile(tmp_path / "old.pt")
    assert [origin.name for origin in load(tmp_path / "deep/model/recipe.toml").origins] == [f"tiny ({tmp_path.name})"]
    state = checkpoint.load(last)
    assert Path(state.pop("place")) == tmp_path / "second"
    # A checkpoint from before that was written down still exports.
    torch.save({key: value for key, value in state.items() if key != "settled"}, tmp_path / "older.pt")
    exporting.export(tmp_path / "older.pt", tmp_path / "older")
    assert load(tmp_path / "older/recipe.toml").net.init == "../old.pt"


def test_classes_and_their_maps_survive(table: dict[str, Any], tmp_path: Path) -> None:
    classes = {"names": ["background", "skin", "hair"], "maps": {"pairs": {"background|hair": [2, 3], "hair": [1]}}}
    whole = trained({**table, "classes": classes, "shapes": [[64, 96]], "distil": {"teachers": ["t.pt"]}})
    (tmp_path / beside.NAME).write_text(text(whole, tmp_path), "utf-8")
    assert load(tmp_path / beside.NAME) == whole.recipe
    assert '\n[[data]]\nname = "pairs"\n' in (tmp_path / beside.NAME).read_text("utf-8")
