"""Options as the fields of a dataclass: on the command line they are like any others."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from rtskin.cli import grouped
from rtskin.cli.main import application
from rtskin.cli.render_options import PlanOptions, RenderOptions


@dataclass(frozen=True, kw_only=True)
class Place:
    name: Annotated[str, typer.Argument()]
    folder: Annotated[Path | None, typer.Option("--in")] = None


@dataclass(frozen=True, kw_only=True)
class Shape(Place):
    sides: Annotated[int, typer.Option(min=3)] = 4


def call(*words: str) -> tuple[int, list[object]]:
    seen: list[object] = []

    def draw(
        pen: Annotated[str, typer.Argument()], shape: Shape, thick: Annotated[float, typer.Option()] = 1.0
    ) -> None:
        seen.extend((pen, shape, thick))

    app = typer.Typer()
    app.callback()(lambda: None)
    grouped.add(app, "draw", draw)
    return CliRunner().invoke(app, ["draw", *words]).exit_code, seen


def test_fields_are_options_where_the_group_stood() -> None:
    assert call("red", "box") == (0, ["red", Shape(name="box"), 1.0])
    words = ("red", "box", "--in", "there", "--sides", "5", "--thick", "2")
    assert call(*words) == (0, ["red", Shape(name="box", folder=Path("there"), sides=5), 2.0])


@pytest.mark.parametrize("words", [("red",), ("red", "box", "--sides", "2"), ("red", "box", "--round")])
def test_they_are_checked_like_others(words: tuple[str, ...]) -> None:
    assert call(*words) == (2, [])


@pytest.mark.parametrize(("verb", "kind"), [("render", RenderOptions), ("render plan", PlanOptions)])
def test_render_takes_every_option_of_its_group(verb: str, kind: type) -> None:
    command = typer.main.get_command(application()).commands[verb]  # type: ignore[attr-defined]
    names = {parameter.name for parameter in command.params}
    assert {field.name for field in fields(kind)} <= names
