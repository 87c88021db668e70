"""Models over sets: who is counted, who is left out, and what is reported."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from rtskin.errors import InputError, ModelError
from rtskin.evaluate.datasets import load_pairs, load_skinless
from rtskin.evaluate.report import to_dict, to_markdown, to_rich
from rtskin.evaluate.run import Report, evaluate, shown_name
from tests.evaluate.conftest import Write, blind, greedy, sees, square


@pytest.fixture
def folder(tmp_path: Path, write_set: Write) -> Path:
    """Three pictures with skin (100, 25 and 4 of 400 pixels), one without."""
    return write_set(tmp_path / "street", {"a": square(10), "b": square(5), "c": square(2), "none": square(0)})


@pytest.fixture
def report(folder: Path) -> Report:
    return evaluate([load_pairs(folder)], {"sees": sees, "blind": blind, "greedy": greedy}, draws=200)


def test_figures(report: Report) -> None:
    (results,) = report.results
    values = {}
    for model in report.models:
        for metric in ("mean_iou", "pooled_iou", "mae", "false_skin"):
            figure = report.figure(results, model, metric)
            assert figure is not None
            assert figure.low <= figure.value <= figure.high
            values[model, metric] = figure.value
    assert values["sees", "mean_iou"] == values["sees", "pooled_iou"] == 1
    assert values["sees", "mae"] == values["sees", "false_skin"] == 0
    assert values["blind", "mean_iou"] == values["blind", "false_skin"] == 0
    assert values["blind", "mae"] == pytest.approx(129 / 1600)
    assert values["greedy", "mean_iou"] == pytest.approx((100 + 25 + 4) / 1200)
    assert values["greedy", "pooled_iou"] == pytest.approx(129 / 1600)
    assert values["greedy", "false_skin"] == 1
    assert (len(results.items), results.with_skin) == (4, 3)


def test_the_first_model_is_compared_with_the_others(report: Report) -> None:
    (results,) = report.results
    assert report.comparisons() == [("sees", "blind"), ("sees", "greedy")]
    figure = report.difference(results, "sees", "blind", "mean_iou")
    assert figure is not None
    assert (figure.value, figure.low, figure.high) == (1, 1, 1)


def test_a_corrupt_picture_is_skipped_counted_and_named(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "images" / "b.png").write_bytes(b"\x89PNG broken")
    (folder / "masks" / "c.png").write_bytes(b"")
    steps: list[tuple[int, int]] = []
    with caplog.at_level(logging.WARNING, "rtskin.evaluate"):
        report = evaluate([load_pairs(folder)], {"sees": sees}, progress=lambda *step: steps.append(step), draws=50)
    (results,) = report.results
    assert [item.key for item in results.items] == ["a.png", "none.png"]
    assert [Path(path).name for path in results.broken] == ["b.png", "c.png"]
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["left out", "left out"]
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert "2 left out" in to_markdown(report)
    assert to_dict(report)["datasets"][0]["broken"] == list(results.broken)


def test_a_set_of_which_nothing_decodes_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no")
    with pytest.raises(InputError, match="not one of the 1 pictures"):
        evaluate([load_skinless(tmp_path)], {"sees": sees})


def test_a_mask_of_a_wrong_size_is_the_models_fault(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"small gave a mask of \(3, 3\)"):
        evaluate([load_pairs(folder)], {"small": lambda image: np.zeros((3, 3), np.uint8)})


def test_sets_of_one_name_are_told_apart(tmp_path: Path, write_set: Write) -> None:
    one, two = (load_pairs(write_set(tmp_path / part / "s", {"a": square(2)})) for part in ("x", "y"))
    report = evaluate([one, two], {"sees": sees}, draws=50)
    assert [results.dataset.name for results in report.results] == ["x/s", "y/s"]
    with pytest.raises(InputError, match="two sets are called"):
        evaluate([one, one], {"sees": sees})


def test_nothing_to_do_is_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="at least one"):
        evaluate([], {"sees": sees})
    with pytest.raises(InputError, match="at least one"):
        evaluate([load_pairs(folder)], {})


def test_json_says_all_and_nothing_that_is_not_json(report: Report) -> None:
    said = json.loads(json.dumps(to_dict(report), allow_nan=False))
    assert said["models"] == ["sees", "blind", "greedy"]
    (dataset,) = said["datasets"]
    assert (dataset["name"], dataset["images"], dataset["with_skin"]) == ("street", 4, 3)
    assert dataset["models"]["greedy"]["false_skin"] == {"value": 1, "low": 1, "high": 1}
    assert dataset["models"]["blind"]["pooled_precision"] is None
    assert [(one["model"], one["minus"]) for one in dataset["differences"]] == [("sees", "blind"), ("sees", "greedy")]
    assert dataset["differences"][1]["false_skin"]["value"] == -1


def test_markdown_has_a_row_a_model_and_a_difference(report: Report) -> None:
    lines = to_markdown(report).splitlines()
    rows = [line for line in lines if line.startswith("| street")]
    assert len(rows) == 8
    assert rows[0].startswith("| street | 4 | sees | 1.000 (1.000…1.000) |")
    assert rows[3] == "| street | 4 | sees | 1.000 (1.000…1.000) | 1.000 | 1.000 |"
    assert "| sees − greedy |" in rows[7]
    assert "-100.00 (-100.00…-100.00)" in rows[7]
    assert [len({row.count("|") for row in rows[first : first + 3]}) for first in (0, 3)] == [1, 1]
    assert "HCE" not in to_markdown(report)


def test_a_terminal_gets_tables(report: Report) -> None:
    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(to_rich(report))
    text = console.export_text()
    assert "mean IoU" in text
    assert "sees − blind" in text


def test_what_a_card_says(report: Report) -> None:
    said = report.accuracy("greedy")["street"]
    assert said["images"] == 4
    assert said["false_skin"] == 1
    assert said["mean_iou"] == pytest.approx(0.1075)
    assert "mean_iou" in report.accuracy("blind")["street"]
    assert "pooled_precision" not in report.accuracy("blind")["street"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("runs/my/model/model.toml", "my"),
        ("models/mine/model.toml", "mine"),
        ("mine/other.toml", "other"),
        ("ellipse", "ellipse"),
    ],
)
def test_what_a_model_is_called(name: str, shown: str) -> None:
    assert shown_name(name) == shown
