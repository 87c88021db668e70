"""Training from a pack where there are torch, OpenCV and numpy only: everything else is really out of reach here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from rtskin.errors import InputError  # noqa: E402
from rtskin.infer.card_toml import dumps  # noqa: E402
from rtskin.train import packed  # noqa: E402
from rtskin.train.data import pack, pack_content, packfile  # noqa: E402
from rtskin.train.data.sets import scan  # noqa: E402
from rtskin.train.loop import checkpoint  # noqa: E402
from rtskin.train.loop.trainer import Trainer  # noqa: E402
from rtskin.train.recipe import Recipe, parse  # noqa: E402
from rtskin.train.resolved import Derived, Resolved, Table  # noqa: E402
from tests.exports import traced  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
#: A Python in which only torch and what it needs, OpenCV and numpy can be found.
_BARE = """
import runpy, sys
from importlib.machinery import PathFinder

GONE = {
    "pydantic", "pydantic_core", "av", "typer", "click", "rich", "kornia", "onnx", "onnxscript", "onnxruntime", "numba",
    "scipy", "platformdirs", "tensorboard", "matplotlib", "skimage", "PIL", "openvino", "pytest",
}

class Bare:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return None if name.split(".")[0] in GONE else PathFinder.find_spec(name, path, target)

sys.meta_path = [Bare if finder is PathFinder else finder for finder in sys.meta_path]
runpy.run_module("rtskin.train.packed", run_name="__main__")
"""


def bare(*arguments: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", _BARE, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=100)


def write(table: dict[str, Any], data: Path, folder: Path) -> Path:
    (folder / "recipe.toml").write_text(dumps(table))
    pack.write(pack_content.of_recipe(folder / "recipe.toml", [data]), folder / "my.pack")
    return folder / "my.pack"


@pytest.fixture
def start(table: dict[str, Any], data: Path, tmp_path: Path) -> Path:
    """A checkpoint of one step."""
    recipe = parse({**table, "steps": 1, "seed": 8})
    Trainer(recipe, scan(recipe, [data]), tmp_path / "start").run()
    return tmp_path / "start/last.pt"


@pytest.mark.slow
def test_it_trains_resumes_and_can_be_exported(
    table: dict[str, Any], data: Path, start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table |= {"net": {"options": {"width": 0.25}, "init": str(start)}, "workers": 1, "augment": {"lattice": 0.5}}
    table["distil"] = {"teachers": [str(start)], "weight": 0.5}
    path, out = write(table, data, tmp_path), tmp_path / "run"
    first = bare(path, "--out", out, "--steps", 3, "--device", "cpu")
    assert first.returncode == 0, first.stderr
    assert "step 3 of 3" in first.stderr
    again = bare(path, "--out", out, "--steps", 5, "--device", "cpu")
    assert (again.returncode, "go on with --resume" in again.stderr) == (1, True)
    resumed = bare(path, "--out", out, "--steps", 5, "--device", "cpu", "--resume", "--workers", 0)
    assert resumed.returncode == 0, resumed.stderr
    assert "step 4 of 5" in resumed.stderr

    from rtskin.infer.cards import Card
    from rtskin.nets import onnx_file
    from rtskin.train.export import export

    monkeypatch.setattr(onnx_file, "write", traced)
    done = export(out / "last.pt", tmp_path / "model")
    assert Card.load(done.card).ships
    assert checkpoint.load(out / "last.pt")["step"] == 5


def test_one_step_is_the_same_from_the_pack_and_with_everything_installed(
    table: dict[str, Any], data: Path, tmp_path: Path
) -> None:
    path = write({**table, "steps": 1}, data, tmp_path)
    assert bare(path, "--out", tmp_path / "bare").returncode == 0
    recipe = parse({**table, "steps": 1})
    Trainer(recipe, scan(recipe, [path]), tmp_path / "whole").run()
    one, two = (checkpoint.load(tmp_path / name / "last.pt")["net"] for name in ("bare", "whole"))
    assert all(torch.equal(one[key], two[key]) for key in one)


def test_what_needs_pyav_is_refused_at_once_where_there_is_none(
    table: dict[str, Any], data: Path, tmp_path: Path
) -> None:
    path = write({**table, "augment": {"h264": 0.1}}, data, tmp_path)
    refused = bare(path, "--out", tmp_path / "run")
    assert refused.returncode == 1
    assert refused.stderr.strip().endswith("install av, or train with augment.h264 = 0")
    assert not (tmp_path / "run/last.pt").exists()


def test_shipped_weights_are_unfolded_when_packed(table: dict[str, Any], data: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    table["net"] = {"init": str(ROOT / "models/mobile-unet/model.toml")}
    path = write(table, data, tmp_path)
    (tmp_path / "init.pt").write_bytes(packfile.read(path, "init.pt"))
    recipe, net = checkpoint.averaged(tmp_path / "init.pt")
    whole = Trainer(recipe, scan(recipe, [data]), tmp_path / "run", ROOT / "models/mobile-unet/model.toml").net.eval()
    x = torch.randn(1, 3, 64, 64)
    # What batch normalisation is measured on went through WebP in neither.
    assert torch.allclose(net(x), whole(x), atol=1e-3)
    told = packfile.contents(path).table["recipe"]
    assert told["net"]["init"] == "init.pt"
    assert [one["name"] for one in told["origins"]] == ["mobile-unet"]


def test_changes(table: dict[str, Any], data: Path, tmp_path: Path) -> None:
    path = write(table, data, tmp_path)
    assert packed.recipe_of(path, ["loss.dice=0"], {}).loss.dice == 0
    assert packed.recipe_of(path, ["net.options.width=1"], {"minutes": 3}).steps is None
    with pytest.raises(InputError, match="no key 'dise'; did you mean dice"):
        packed.recipe_of(path, ["loss.dise=0"], {})
    pack.write(pack_content.of_folders([data])[0], tmp_path / "folders.pack")
    with pytest.raises(InputError, match="holds pictures only; pack a recipe"):
        packed.recipe_of(tmp_path / "folders.pack", [], {})
    without = {key: value for key, value in table.items() if key != "steps"}
    (tmp_path / "endless").mkdir()
    with pytest.raises(InputError, match="give --steps or --minutes"):
        packed.recipe_of(write(without, data, tmp_path / "endless"), [], {})


def test_a_resolved_recipe_says_what_a_recipe_says(table: dict[str, Any]) -> None:
    recipe = parse({**table, "shapes": [[64, 96]], "crops": {"scale": [0.2, 1]}})
    plain = Resolved(json.loads(recipe.model_dump_json()))
    assert plain.model_dump() == recipe.model_dump(mode="json")
    assert plain.live_shapes == recipe.live_shapes == [(64, 96)]
    assert plain.crops.scale == (0.2, 1.0)
    assert plain.net_options == recipe.net_options
    assert plain.model_copy(update={"seed": 9}).seed == 9
    with pytest.raises(AttributeError):
        _ = plain.no_such_key


def test_no_key_hides_a_method_and_no_property_is_missing() -> None:
    def keys(model: Any) -> set[str]:
        parts = [field.annotation for field in model.model_fields.values() if hasattr(field.annotation, "model_fields")]
        return set(model.model_fields).union(*map(keys, parts))

    assert not keys(Recipe) & (set(dir(Table)) - set(dir(object)))
    own = {name for name, value in vars(Recipe).items() if isinstance(value, property)}
    assert not {name for name in own if not name.startswith("_")}, (
        "put it into Derived, or machines without pydantic lack it"
    )
    assert isinstance(vars(Derived)["ships"], property)
