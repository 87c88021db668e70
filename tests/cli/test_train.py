"""``rtskin train`` as a user meets it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

torch = pytest.importorskip("torch")
ort = pytest.importorskip("onnxruntime")

from rtskin.cli import train as verb  # noqa: E402
from rtskin.errors import InputError, RuntimeUnavailableError  # noqa: E402
from rtskin.nets import onnx_file  # noqa: E402
from rtskin.train.data.imaging import cv2  # noqa: E402
from tests.exports import traced  # noqa: E402

_RECIPE = """
name = "ten"
steps = 60
batch = 8
size = 64
threads = 1
validate_every = 30
net = {{ options = {{ width = 0.5 }} }}
split = {{ held_out = {fold} }}
schedule = {{ warmup = 10 }}
optimiser = {{ rate = 5e-3 }}
ema = 0.9
crops = {{ whole = 1.0, zoom_out = 0.0 }}

[[data]]
name = "pairs"
path = "pairs"
kind = "pairs"
weight = 1.0
ship = true
terms = "made up"
"""


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    app.callback()(lambda: None)
    verb.register(app)
    return app


@pytest.fixture
def ten(tmp_path: Path) -> Path:
    """Ten pictures of a brown disc on a grey ground, and a recipe for them."""
    for folder in ("images", "masks"):
        (tmp_path / "data/pairs" / folder).mkdir(parents=True)
    for index in range(10):
        rng = np.random.default_rng(index)
        mask = np.zeros((64, 64), np.uint8)
        cv2.circle(mask, (int(rng.integers(20, 44)), int(rng.integers(20, 44))), 14, 255, -1)
        image = rng.integers(60, 120, (64, 64, 3), np.uint8)
        image[mask > 0] = (110, 150, 215)
        cv2.imwrite(str(tmp_path / f"data/pairs/images/{index:03d}.png"), image)
        cv2.imwrite(str(tmp_path / f"data/pairs/masks/{index:03d}.png"), mask)
    (tmp_path / "ten.toml").write_text(_RECIPE.format(fold=-1))
    return tmp_path


@pytest.mark.slow
def test_from_zero_to_an_exported_card_on_ten_images(app: typer.Typer, ten: Path) -> None:
    command = ["train", str(ten / "ten.toml"), "--data", str(ten / "data"), "--out", str(ten / "run")]
    result = CliRunner().invoke(app, [*command, "--set", "workers=0"], catch_exceptions=False)
    assert result.exit_code == 0, result.output

    from rtskin.infer.cards import load_card

    card = load_card(ten / "run/model/model.toml")
    session = ort.InferenceSession(str(card.weights_path), providers=["CPUExecutionProvider"])
    overlaps = []
    for index in range(10):
        image = cv2.imread(str(ten / f"data/pairs/images/{index:03d}.png"))[..., ::-1]
        mask = cv2.imread(str(ten / f"data/pairs/masks/{index:03d}.png"), 0) > 127
        (skin,) = session.run(None, {"image": image.transpose(2, 0, 1)[None].astype(np.float32)})
        found = skin[0, 0] > 0.5
        overlaps.append((found & mask).sum() / (found | mask).sum())
    assert np.mean(overlaps) > 0.7, "it has learnt what is in its ten pictures"


def test_ctrl_c_leaves_a_checkpoint_to_go_on_from(app: typer.Typer, ten: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a terminal it reaches the process that trains and those that make batches."""
    train = ["train", str(ten / "ten.toml"), "--data", str(ten / "data"), "--out", str(ten / "run")]
    command = [sys.executable, "-m", "rtskin", *train, "--steps", "100000"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while process.poll() is None and not (ten / "run/log.jsonl").is_file():
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=90)
    assert process.returncode == 1, said
    found = re.search(
        r"interrupted at step (\d+) of 100000; the checkpoint is .*run/last.pt: go on with --resume", said
    )
    assert found, said
    assert not (ten / "run/model").exists()
    steps = str(int(found[1]) + 2)
    monkeypatch.setattr(onnx_file, "write", traced)
    again = [*train, "--resume", "--steps", steps, "--set", "workers=0"]
    done = CliRunner().invoke(app, again, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert f"step {steps} of {steps}" in done.output
    assert (ten / "run/model/model.toml").is_file()


def test_a_folder_that_holds_a_training_is_not_overwritten(app: typer.Typer, ten: Path) -> None:
    (ten / "run").mkdir()
    (ten / "run/last.pt").write_bytes(b"somebody's")
    command = ["train", str(ten / "ten.toml"), "--data", str(ten / "data"), "--out", str(ten / "run")]
    with pytest.raises(InputError, match="holds a training already; go on with --resume"):
        CliRunner().invoke(app, command, catch_exceptions=False)
    assert (ten / "run/last.pt").read_bytes() == b"somebody's"


def test_both_lengths(app: typer.Typer, ten: Path) -> None:
    command = ["train", str(ten / "ten.toml"), "--minutes", "1", "--steps", "5"]
    with pytest.raises(InputError, match="--minutes and --steps were both given"):
        CliRunner().invoke(app, command, catch_exceptions=False)


def test_options_may_come_first(app: typer.Typer, ten: Path) -> None:
    with pytest.raises(InputError, match="--minutes and --steps were both given"):
        CliRunner().invoke(
            app, ["train", "--minutes", "1", "--steps", "5", str(ten / "ten.toml")], catch_exceptions=False
        )


def test_a_gpu_that_is_not_there(app: typer.Typer, ten: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    command = [
        "train",
        str(ten / "ten.toml"),
        "--data",
        str(ten / "data"),
        "--out",
        str(ten / "run"),
        "--device",
        "cuda",
    ]
    with pytest.raises(RuntimeUnavailableError, match="device cuda cannot be had"):
        CliRunner().invoke(app, command, catch_exceptions=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--set", "loss.focl=1"], r"no key 'loss.focl'; did you mean focal"),
        (["--set", "loss.focal=-1"], r"loss.focal: Input should be greater"),
        (["--device", "tpu"], r"device: Input should be 'auto', 'cpu' or 'cuda'"),
    ],
)
def test_values_that_no_recipe_has(app: typer.Typer, ten: Path, options: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        CliRunner().invoke(app, ["train", str(ten / "ten.toml"), *options], catch_exceptions=False)


def test_a_report_of_what_is_there(app: typer.Typer, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises(InputError, match="holds no training"):
        CliRunner().invoke(app, ["train", "report", str(tmp_path)], catch_exceptions=False)
    (tmp_path / "log.jsonl").write_text('{"step": 50, "loss": 0.5, "rate": 0.001}\n')
    result = CliRunner().invoke(app, ["train", "report", str(tmp_path)], catch_exceptions=False)
    assert f"{tmp_path / 'curves.png'} written" in result.output


@pytest.mark.parametrize("words", [["train", "--help"], ["train", "recipe", "--help"], ["train", "label", "--help"]])
def test_help_shows_an_example(app: typer.Typer, words: list[str]) -> None:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0
    assert "rtskin train" in result.output
