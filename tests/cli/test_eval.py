"""The verb ``rtskin eval``, from the command line to its files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from rtskin.cli import eval as verb
from rtskin.errors import InputError, SinkError, UnknownNameError
from rtskin.infer.cards import Card, load_card
from rtskin.media import cv2
from tests.capture.media import make_video
from tests.exports import traced

#: A colour that the ellipse takes for skin, and one that it does not (BGR).
SKIN, WALL = (120, 150, 205), (150, 90, 40)


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    verb.register(app)
    app.command("other")(lambda: None)  # one verb alone would not be a group
    return app


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures: a quarter of skin-coloured pixels, and masks that say so."""
    for part in ("images", "masks"):
        (tmp_path / "set" / part).mkdir(parents=True)
    for number in range(3):
        image, mask = np.full((64, 64, 3), WALL, np.uint8), np.zeros((64, 64), np.uint8)
        image[:32, :32], mask[:32, :32] = SKIN, 255
        cv2.imwrite(str(tmp_path / "set" / "images" / f"{number}.png"), image)
        cv2.imwrite(str(tmp_path / "set" / "masks" / f"{number}.png"), mask)
    return tmp_path / "set"


def run(app: typer.Typer, *arguments: object) -> str:
    result = CliRunner().invoke(app, ["eval", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_json_on_standard_output_is_json_alone(app: typer.Typer, folder: Path) -> None:
    said = json.loads(run(app, folder, "--models", "ellipse", "--json"))
    (dataset,) = said["datasets"]
    assert (dataset["name"], dataset["images"], dataset["with_skin"]) == ("set", 3, 3)
    assert dataset["models"]["ellipse"]["mean_iou"]["value"] > 0.9


def test_tables_markdown_and_sheet(app: typer.Typer, folder: Path, tmp_path: Path) -> None:
    text = run(
        app, folder, "-m", "ellipse", "--limit", 2, "--markdown", tmp_path / "r.md", "--sheet", tmp_path / "worst.png"
    )
    assert "mean IoU" in text
    assert "| set | 2 | ellipse | " in (tmp_path / "r.md").read_text("utf-8")
    assert cv2.imread(str(tmp_path / "worst.png")) is not None


def test_a_plain_tree_is_declared_skinless(app: typer.Typer, folder: Path) -> None:
    with pytest.raises(InputError, match="--skinless"):
        run(app, folder / "images", "--models", "ellipse")
    said = json.loads(run(app, "--skinless", folder / "images", "--models", "ellipse", "--json"))
    figures = said["datasets"][0]["models"]["ellipse"]
    assert figures["false_skin"]["value"] == pytest.approx(0.25, abs=0.05)
    assert figures["mean_iou"] is None


def test_only_what_a_training_keeps_out(app: typer.Typer, folder: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    part = '[[data]]\nname = "s"\npath = "set"\nkind = "pairs"\nweight = 1\nship = true\nterms = "-"\n'
    counts = []
    for fold in range(2):
        recipe.write_text(f'name = "r"\nsteps = 1\n[split]\nfolds = 2\nheld_out = {fold}\n{part}')
        try:
            said = json.loads(run(app, folder, "--models", "ellipse", "--held-out", recipe, "--json"))
            counts.append(said["datasets"][0]["images"])
        except InputError:  # none of three may fall into a fold
            counts.append(0)
    assert sum(counts) == 3


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """The card of a model in a folder of its own."""
    card = tmp_path / "mine" / "model.toml"
    card.parent.mkdir()
    card.write_text('name = "mine"\narchitecture = "ellipse"\n', "utf-8")
    return card


def recipe_text(held_out: int, init: str = "") -> str:
    part = '[[data]]\nname = "s"\npath = "set"\nkind = "pairs"\nweight = 1\nship = true\nterms = "-"\n'
    net = f'[net]\ninit = "{init}"\n' if init else ""
    return f'name = "r"\nsteps = 1\n[split]\nfolds = 3\nheld_out = {held_out}\n{net}{part}'


def test_unseen_is_what_the_weights_it_began_with_had_not_seen_either(
    app: typer.Typer, folder: Path, mine: Path, tmp_path: Path
) -> None:
    from rtskin.train.data.split import fold_of

    out = fold_of("0", 3)  # the picture 0 is kept out, and perhaps others
    recipe, began = tmp_path / "recipe.toml", tmp_path / "began" / "recipe.toml"
    began.parent.mkdir()
    recipe.write_text(recipe_text(out, "began"))
    asked = (folder, "--models", mine, "--held-out", recipe, "--json")
    began.write_text(recipe_text(-1))
    (note,) = json.loads(run(app, *asked))["notes"]
    assert "began (net.init of r) was trained on" in note
    with pytest.raises(
        InputError, match=r"--write-cards would call these pictures unseen, but .*began \(net.init of r\)"
    ):
        run(app, *asked, "--write-cards")
    assert not Card.load(mine).accuracy
    began.unlink()
    with pytest.raises(InputError, match=r"unseen, but .*no recipe.toml beside it"):
        run(app, *asked, "--write-cards")
    began.write_text(recipe_text(out))
    run(app, *asked, "--write-cards")
    assert Card.load(mine).accuracy["set"]["unseen_by"] == "r"


def test_a_model_that_goes_on_from_itself_has_its_cards_written(app: typer.Typer, folder: Path, mine: Path) -> None:
    from rtskin.train.data.split import fold_of

    recipe = mine.with_name("recipe.toml")
    recipe.write_text(recipe_text(fold_of("0", 3), "model.toml"))
    run(app, folder, "--models", mine, "--held-out", recipe, "--write-cards")
    assert Card.load(mine).accuracy["set"]["unseen_by"] == "r"


def test_what_cannot_be_written_is_refused_before_the_work(app: typer.Typer, tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="there is no folder"):
        run(app, tmp_path / "nowhere", "--models", "ellipse", "--markdown", tmp_path / "no" / "r.md")


def test_nothing_to_evaluate_on_and_unknown_models_are_refused(app: typer.Typer, folder: Path) -> None:
    with pytest.raises(InputError, match="nothing to evaluate on"):
        run(app, "--models", "ellipse")
    with pytest.raises(UnknownNameError, match="did you mean ellipse"):
        run(app, folder, "--models", "elipse")
    with pytest.raises(InputError, match="two models are called 'ellipse'"):
        run(app, folder, "--models", "ellipse,ellipse")


def test_figures_are_written_into_the_card_that_was_measured(app: typer.Typer, folder: Path, mine: Path) -> None:
    run(app, folder, "--models", mine)
    assert not Card.load(mine).accuracy
    run(app, folder, "--models", mine, "--write-cards")
    assert Card.load(mine).accuracy["set"]["mean_iou"] > 0.9


def test_breakdowns_and_effort(app: typer.Typer, folder: Path) -> None:
    pytest.importorskip("skimage")
    options = ("--by", "scale,luminance, brightness", "--hce", "--hce-processes", 1)
    said = json.loads(run(app, folder, "--models", "ellipse", *options, "--json"))
    assert [one["by"] for one in said["breakdowns"]] == ["scale", "luminance", "brightness"]
    assert said["datasets"][0]["models"]["ellipse"]["hce"]["value"] >= 0
    assert "HCE" in run(app, folder, "--models", "ellipse", "--hce", "--hce-processes", 1)
    with pytest.raises(InputError, match="did you mean luminance"):
        run(app, folder, "--models", "ellipse", "--by", "luminence")


def test_clips_and_tables_of_skinless_pictures(app: typer.Typer, folder: Path, tmp_path: Path) -> None:
    clip = make_video(tmp_path / "clip.mp4", 12)
    table = tmp_path / "t.tsv"
    table.write_text("file\tfalse\nimages/0.png\t0.01\nimages/1.png\t0.5\n")
    options = ("--skinless", clip, "--skinless", folder / "images", "--frames", 3, "--by-table", f"{table}:false:0.02")
    said = json.loads(run(app, *options, "--models", "ellipse", "--json"))
    assert [(one["name"], one["images"]) for one in said["datasets"]] == [("clip", 3), ("images", 3)]
    (groups,) = said["breakdowns"]
    assert [group["images"] for group in groups["models"]["ellipse"]["groups"]] == [1, 1]


def test_costs(app: typer.Typer, folder: Path) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    said = json.loads(run(app, folder, "--models", "mobile-unet,ellipse", "--cost", "--limit", 1, "--json"))
    assert said["cost"]["mobile-unet"]["size"] == "still"
    assert tuple(said["cost"]["mobile-unet"]["input"]) == load_card("mobile-unet").tensor.stills[0]
    assert said["cost"]["mobile-unet"]["macs"] > 1e6
    assert said["cost"]["mobile-unet"]["ms"]["onnxruntime"] > 0
    assert said["cost"]["ellipse"]["macs"] is None


@pytest.mark.parametrize(
    ("option", "how"), [((), "mirror image"), (("--no-mirror",), "once"), (("--size", "live"), "once")]
)
def test_it_says_how_often_networks_looked(app: typer.Typer, folder: Path, option: tuple[str, ...], how: str) -> None:
    (note,) = json.loads(run(app, folder, "--models", "mobile-unet", *option, "--limit", 1, "--json"))["notes"]
    assert note.startswith("Networks look at")
    assert how in note


def test_methods_look_once_and_nothing_is_said(app: typer.Typer, folder: Path) -> None:
    assert not json.loads(run(app, folder, "--models", "ellipse", "--mirror", "--limit", 1, "--json"))["notes"]


@pytest.mark.parametrize("option", ["--mirror", "--no-mirror"])
def test_video_is_never_looked_at_twice(app: typer.Typer, folder: Path, option: str) -> None:
    with pytest.raises(InputError, match=f"{option} does not go with --video"):
        run(app, folder, "--video", option)


def test_crops_are_faces_or_refused(app: typer.Typer, folder: Path) -> None:
    pytest.importorskip("skimage")
    with pytest.raises(InputError, match="no crops called 'hands'"):
        run(app, folder, "--models", "ellipse", "--crops", "hands")
    with pytest.raises(InputError, match="no faces"):
        run(app, folder, "--models", "ellipse", "--crops", "faces")
    skinless = folder / "images"
    with pytest.raises(InputError, match=r"faces alone, and nothing in .*images is skin"):
        run(app, folder, "--skinless", skinless, "--models", "ellipse", "--crops", "faces")


def test_sets_that_a_recipe_calls_skinless_have_no_faces_either(app: typer.Typer, folder: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(recipe_text(0).replace('"pairs"', '"skinless"'))
    with pytest.raises(InputError, match=r"faces alone, and nothing in .*set is skin"):
        run(app, folder, "--models", "ellipse", "--crops", "faces", "--held-out", recipe)


@pytest.mark.slow
def test_folds_from_the_command_line(
    app: typer.Typer, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("torch")
    from rtskin.nets import onnx_file

    monkeypatch.setattr(onnx_file, "write", traced)
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'name = "r"\nsteps = 9\nbatch = 2\nsize = 64\nthreads = 1\nworkers = 0\n[net.options]\nwidth = 0.25\n'
        '[[data]]\nname = "s"\npath = "set"\nkind = "pairs"\nweight = 1\nship = true\nterms = "-"\n'
    )
    common = (folder, "--models", "ellipse", "--folds", 2)
    sheet = ("--sheet", tmp_path / "worst.png")
    said = json.loads(
        run(app, *common, "--recipe", recipe, "--steps", 1, "--out", tmp_path / "folds", *sheet, "--json")
    )
    (dataset,) = said["datasets"]
    assert (dataset["name"], dataset["images"]) == ("set", 3)
    assert said["models"] == ["r, 2 folds", "ellipse"]
    assert "2 trainings of r, 1 steps each" in said["notes"][0]
    assert sheet[1].exists()
    with pytest.raises(InputError, match="no crops called 'hands'"):
        run(app, *common, "--recipe", recipe, "--out", tmp_path / "folds", "--crops", "hands")
    with pytest.raises(InputError, match="--folds needs one DATASET"):
        run(app, *common)
    with pytest.raises(InputError, match="--write-cards does not go with --folds"):
        run(app, *common, "--recipe", recipe, "--out", tmp_path / "folds", "--write-cards")
    with pytest.raises(InputError, match="--recipe belongs to --folds"):
        run(app, folder, "--recipe", recipe)
