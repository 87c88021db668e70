"""rtskin tune and rtskin bench: real measurements of a tiny network, in processes of their own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rtskin.cli.bench_plot import draw
from rtskin.errors import InputError
from rtskin.infer.measure.ways import Measured, Way
from rtskin.media import cv2
from tests.cli.conftest import Outcome
from tests.infer.conftest import MakeCard, make_card  # noqa: F401

Rtskin = Callable[..., Outcome]

pytest.importorskip("onnxruntime")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RTSKIN_CACHE", str(tmp_path / "cache"))


def test_a_tune_shows_a_table_says_why_and_is_used(
    rtskin: Rtskin,
    make_card: MakeCard,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from rtskin.infer import auto
    from rtskin.infer.cards import Card

    card = make_card()
    outcome = rtskin("tune", card.path, "--device", "cpu", "--seconds", "0.5")
    assert outcome.status == 0, outcome.err
    assert "chosen for tiny: " in outcome.out
    assert "onnxruntime:spinning=true" in outcome.out or os.cpu_count() == 1
    assert card.path is not None
    monkeypatch.delenv("RTSKIN_RUNTIME")
    way = auto.choose_way(Card.load(card.path), "cpu", None, {})
    assert f"chosen for tiny: {way} on {way.device}" in outcome.out


def test_what_cannot_be_tuned(rtskin: Rtskin) -> None:
    outcome = rtskin("tune", "ellipse")
    assert (outcome.status, outcome.err) == (
        2, "rtskin: 'ellipse' is a method, not a network: there is nothing to choose\n",
    )  # fmt: skip
    assert rtskin("tune", "--device", "tpu").status == 2


def test_bench_measures_what_it_is_told(rtskin: Rtskin, make_card: MakeCard, tmp_path: Path) -> None:  # noqa: F811
    card = make_card(net={"size": ("h", "w")}, input={"width": 32, "height": 32})
    plot = tmp_path / "times.png"
    ways = ["--runtime", "onnxruntime", "--runtime", "fake:delay_ms=3"]
    sizes = ["--size", "live", "--size", "64x32"]
    outcome = rtskin("bench", card.path, *ways, *sizes, "--seconds", "0.1", "--json", "--plot", plot)
    assert outcome.status == 0, outcome.err
    said = json.loads(outcome.out)
    assert said["machine"]["cores"] >= 1
    assert "onnxruntime" in said["machine"]["versions"]
    rows = [(one["model"], one["shape"], one["way"]["runtime"]) for one in said["measured"]]
    assert rows == [
        ("tiny", [32, 32], "onnxruntime"), ("tiny", [32, 32], "fake"),
        ("tiny", [64, 32], "onnxruntime"), ("tiny", [64, 32], "fake"),
    ]  # fmt: skip
    assert all(3 <= one["p50_ms"] <= one["p95_ms"] for one in said["measured"] if one["way"]["runtime"] == "fake")
    assert all(one["peak_mb"] > 20 and one["load_s"] > 0 for one in said["measured"])
    assert cv2.imread(str(plot)).shape[1] == 1080
    again = rtskin("bench", card.path, *ways, "--plot", plot)
    assert (again.status, "exists already" in again.err) == (1, True)


def test_a_way_that_fails_is_a_row_and_if_all_do_the_status_says_so(rtskin: Rtskin, make_card: MakeCard) -> None:  # noqa: F811
    card = make_card()
    outcome = rtskin("bench", card.path, "--runtime", "litert", "--seconds", "0.1")
    assert outcome.status == 1
    assert "litert loads .tflite files" in " ".join(outcome.out.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ellipse",), "'ellipse' is a method"),
        (("--runtime", "onnxrutime"), "did you mean onnxruntime?"),
        (("--size", "100x100"), "multiples of 32"),
        (("--plot", "times.jpeg"), "ends in .png, .svg, .pdf"),
        (("--device", "tpu"), "no device is called 'tpu'"),
    ],
)
def test_bench_refuses_before_it_measures(rtskin: Rtskin, arguments: tuple[str, ...], message: str) -> None:
    outcome = rtskin("bench", *arguments)
    assert outcome.status == 2
    assert message in outcome.err


def test_plots_of_one_size_are_bars(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    found = [
        Measured("m", (320, 320), Way(name), {}, ms=[ms, ms + 1], difference=0.0)
        for name, ms in (("onnxruntime", 9.0), ("openvino", 7.0))
    ]
    found.append(Measured("m", (320, 320), Way("torch"), error="it is not there"))
    draw(found, tmp_path / "bars.svg", False)
    text = (tmp_path / "bars.svg").read_text()
    assert text.startswith("<?xml")
    with pytest.raises(InputError):
        draw(found, tmp_path / "bars.doc", False)


def test_a_verb_runs_on_the_runtime_it_is_told(rtskin: Rtskin, clip: Path, tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    arguments = ("render", clip, tmp_path / "matte.mkv", "--size", "64x64", "--stats", tmp_path / "stats.json")
    outcome = rtskin(*arguments, "--runtime", "openvino")
    assert outcome.status == 0, outcome.err
    assert json.loads((tmp_path / "stats.json").read_text())["runtime"] == "openvino"
    cv2.imwrite(str(tmp_path / "shot.png"), cv2.UMat(48, 64, cv2.CV_8UC3).get())
    told = rtskin("mask", tmp_path / "shot.png", "--out", tmp_path / "masks", "--runtime", "litert")
    assert (told.status, "litert loads .tflite files" in told.err) == (1, True)
    for verb in (("live", "--sink", "null"), ("roi",)):
        wrong = rtskin(*verb, "pattern:64x48?frames=3", "--runtime", "onnxrutime")
        assert (wrong.status, "did you mean onnxruntime?" in wrong.err) == (2, True)
