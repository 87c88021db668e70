"""bench.stills: its folders, what it notes of a program, and its table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.stills import run, told
from bench.stills_made import command_of_ours, megapixels_of, stills
from tests.cli.test_mask import photo, read, save
from tests.infer.conftest import MakeCard, make_card

__all__ = ["make_card"]


def test_pictures_of_all_folders_are_taken_in_turn_and_again(tmp_path: Path) -> None:
    for name, width in (("a/1", 80), ("a/2", 90), ("b/1", 100)):
        save(tmp_path / f"{name}.png", photo(60, width))
    made = stills([tmp_path / "a", tmp_path / "b"], tmp_path / "made", 5)
    assert [read(path).shape[1] for path in sorted(made.iterdir())] == [80, 100, 90, 80, 100]
    large = stills([tmp_path / "a"], tmp_path / "large", 2, megapixels=0.3)
    assert sorted(path.suffix for path in large.iterdir()) == [".jpg", ".jpg"]
    assert megapixels_of(large) == pytest.approx(0.6, rel=0.01)
    with pytest.raises(SystemExit, match="no pictures"):
        stills([], tmp_path / "none", 1)


def test_what_the_network_took_is_noted_of_a_run(make_card: MakeCard, tmp_path: Path) -> None:
    path = make_card().path
    assert path is not None
    stills_of = tmp_path / "in"
    for number in range(3):
        save(stills_of / f"{number}.png", photo(50, 70))
    found = run(command_of_ours(path, stills_of, tmp_path / "out", "matte"), {"PYTHONPATH": str(Path.cwd())}, tmp_path)
    assert found["runs"] == 4  # and one to warm up
    assert 0 < found["network"] < found["all"] - found["start"] < found["all"]
    assert found["onnxruntime"]
    with pytest.raises(SystemExit, match=r"rtskin\.cli\.main:run failed"):
        run(
            command_of_ours(path, tmp_path / "none", tmp_path / "out", "matte"),
            {"PYTHONPATH": str(Path.cwd())},
            tmp_path,
        )


def test_the_table_says_who_is_faster() -> None:
    def one(seconds: float) -> dict[str, Any]:
        return {"all": seconds, "start": 1.0, "network": seconds / 2 - 1, "version": "1", "onnxruntime": "2"}

    given = {"folder": "own", "view": "matte", "megapixels": 20.0, "stills": 100}
    faster = told([{**given, "rtskin": one(10.0), "rembg": one(30.0)}])
    assert (
        "| 100 as they are, 20.0 MP | matte | rtskin | 0.500 | 1.0 | 4.0 | 5.0 | 40% | 3.00 (3.00 … 3.00) |" in faster
    )
    assert "| rembg | 1.500 | 1.0 | 14.0 | 15.0 | 47% |" in faster
    assert "| **0.50 (0.50 … 0.50)** |" in told([{**given, "rtskin": one(20.0), "rembg": one(10.0)}])
