"""rtskin eval: how good models are, on pictures with known skin; and how steady, on video."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from rtskin.cli import options as o

_SETS, _FIGURES, _FOLDS, _OUTPUT = "What is measured on", "Which figures", "Cross-validation", "Where they go"
_VIDEO = "Masks over time (--video)"
#: Measured where nothing is said, on pictures and on video.
MODELS, VIDEO_MODELS = "mobile-unet,ellipse", "mobile-unet"


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("eval")(evaluate)


def evaluate(
    datasets: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="DATASET…",
            help="Folders with images/NAME.* and masks/NAME.png; with --video also video files.",
            show_default=False,
        ),
    ] = None,
    models: Annotated[
        str | None,
        typer.Option(
            "--models",
            "--model",
            "-m",
            metavar="A,B",
            help="Names or paths of cards; the first is compared with the others.",
            show_default="mobile-unet,ellipse; with --video mobile-unet",
        ),
    ] = None,
    skinless: Annotated[
        list[Path] | None,
        typer.Option(
            help="A folder of pictures, or a video, in which nothing is skin; may be given more than once.",
            show_default=False,
            rich_help_panel=_SETS,
        ),
    ] = None,
    frames: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Frames taken from each video, spread over it; with --video the length of motion clips.",
            show_default="30; with --video 48",
            rich_help_panel=_SETS,
        ),
    ] = None,
    held_out: Annotated[
        Path | None,
        typer.Option(
            metavar="RECIPE.toml",
            help="Only pictures that this training keeps out.",
            show_default=False,
            rich_help_panel=_SETS,
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="At most so many pictures of a set.", show_default=False, rich_help_panel=_SETS),
    ] = None,
    crops: Annotated[
        str | None,
        typer.Option(
            metavar="faces",
            help="faces: not the pictures, but each face in them, cut out with room around it and enlarged to 512 pixels.",
            show_default=False,
            rich_help_panel=_SETS,
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help="Break down by scale (of the subject, at the first model's input), luminance (of the skin), brightness.",
            show_default=False,
            rich_help_panel=_FIGURES,
        ),
    ] = None,
    by_table: Annotated[
        str | None,
        typer.Option(
            metavar="FILE.tsv:COLUMN:NUMBER",
            help="Break down by what a table says: up to that number, and above it.",
            show_default=False,
            rich_help_panel=_FIGURES,
        ),
    ] = None,
    hce: Annotated[
        bool,
        typer.Option(
            "--hce",
            help="Human correction effort too: clicks to mend a mask, some 50 ms a picture.",
            rich_help_panel=_FIGURES,
        ),
    ] = False,
    hce_processes: Annotated[
        int | None,
        typer.Option(min=1, help="Processes for it.", show_default="one a core", rich_help_panel=_FIGURES),
    ] = None,
    cost: Annotated[
        bool,
        typer.Option(
            "--cost", help="Parameters, multiply-accumulates, milliseconds, at that --size.", rich_help_panel=_FIGURES
        ),
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.", rich_help_panel=_FIGURES)] = 0,
    video: Annotated[
        bool,
        typer.Option(
            "--video",
            help="How steady masks are: on motion clips made of DATASET's folders (cut out by labels/, before --skinless), "
            "and on its videos.",
            rich_help_panel=_VIDEO,
        ),
    ] = False,
    smooth: Annotated[
        str | None,
        typer.Option(
            metavar="A,B:KEY=VALUE",
            help="Temporal filters to compare, with their parameters (ema:strength=0.7); ema:trail=adaptive takes the "
            "strength at which it trails as adaptive does.",
            show_default="none and all others",
            rich_help_panel=_VIDEO,
        ),
    ] = None,
    every: o.EveryNumberOption = None,
    motion: Annotated[int, typer.Option(min=0, help="How many motion clips to make.", rich_help_panel=_VIDEO)] = 14,
    cuts: Annotated[
        int,
        typer.Option(
            min=0, metavar="SHOTS", help="Measure the cut detector on so many generated shots.", rich_help_panel=_VIDEO
        ),
    ] = 0,
    strip: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.png",
            help="Write one row of the first clip over time there, with each filter.",
            show_default=False,
            rich_help_panel=_VIDEO,
        ),
    ] = None,
    side_by_side: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.mp4",
            help="Write the first clip there, with the first filter and with the last.",
            show_default=False,
            rich_help_panel=_VIDEO,
        ),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(
            min=2,
            help="Train --recipe so many times, each time without another part of DATASET, and measure on that part.",
            show_default=False,
            rich_help_panel=_FOLDS,
        ),
    ] = None,
    recipe: Annotated[
        Path | None,
        typer.Option(metavar="RECIPE.toml", help="What --folds trains.", show_default=False, rich_help_panel=_FOLDS),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Of each fold.", show_default="the recipe's", rich_help_panel=_FOLDS)
    ] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder that the recipe's paths are in, beside DATASET's own; may be given more than once.",
            show_default="../shared/data, ../labels",
            rich_help_panel=_FOLDS,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Keeps the folds: what is there is not trained again.",
            show_default=False,
            rich_help_panel=_FOLDS,
        ),
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="Write the tables there.", show_default=False, rich_help_panel=_OUTPUT)
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.png",
            help="Write the worst masks there, one sheet a model.",
            show_default=False,
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    write_cards: Annotated[
        bool,
        typer.Option("--write-cards", help="Write the figures into the models' cards.", rich_help_panel=_OUTPUT),
    ] = False,
    as_json: o.JsonOption = False,
    device: o.DeviceOption = None,
    threads: o.ThreadsOption = None,
    size: o.StillSizeOption = None,
    mirror: o.MirrorOption = None,
) -> None:
    """Measure models: IoU, boundary IoU, F1, precision, recall, MAE, false skin, with 95 % intervals.

    Examples:

      rtskin eval data/ccp --models mobile-unet,ellipse --cost

      rtskin eval data/ccp --skinless data/negatives --held-out models/mobile-unet/recipe.toml

      rtskin eval data/ccp --by scale,luminance,brightness --hce

      rtskin eval --skinless data/negatives --skinless car.mp4 --by-table data/negatives.tsv:pan_false_skin:0.02

      rtskin eval data/ccp data/minhas --crops faces --sheet worst.png --json

      rtskin eval data/minhas --folds 5 --recipe short.toml --steps 1500 --out runs/folds

      rtskin eval data/ccp --models my/model.toml --held-out my/recipe.toml --write-cards

      rtskin eval --video talk.mp4 --smooth none,adaptive --strip strip.png --side-by-side beside.mp4

      rtskin eval --video data/ccp data/hands --skinless data/negatives --smooth none,adaptive,ema:trail=adaptive --cuts 120
    """
    from rtskin.cli.eval_sets import SetOptions
    from rtskin.cli.eval_video import ClipOptions, VideoOutput
    from rtskin.cli.eval_video import measure as measure_video
    from rtskin.cli.eval_work import FigureOptions, OutputOptions, cross_validate, measure
    from rtskin.smooth.every import parse_every

    settings = o.given({"device": device, "threads": threads, "size": size})
    if video:
        only_stills = {"--crops": crops, "--by": by, "--by-table": by_table, "--hce": hce, "--cost": cost}
        only_stills |= {"--mirror": mirror, "--no-mirror": mirror is False}
        others = {
            "--sheet": sheet,
            "--write-cards": write_cards,
            "--folds": folds,
            "--recipe": recipe,
            "--steps": steps,
        }
        _refuse({**only_stills, **others, "--out": out, "--data": data}, "does not go with --video; leave it out")
        named, behind = tuple(datasets or ()), tuple(skinless or ())
        clips = ClipOptions(named, behind, held_out, limit, frames, motion, cuts, seed)
        settings |= {} if every is None else {"propagate.every": parse_every(every, repeats=True)}
        measure_video(
            clips, _names(models or VIDEO_MODELS), smooth, settings, VideoOutput(markdown, strip, side_by_side, as_json)
        )
        return
    only_video = {
        "--smooth": smooth,
        "--every": every,
        "--cuts": cuts,
        "--strip": strip,
        "--side-by-side": side_by_side,
    }
    _refuse(only_video, "belongs to --video; give that too")
    settings |= o.given({"mirror": mirror})
    sets = SetOptions(tuple(datasets or ()), tuple(skinless or ()), frames or 30, held_out, limit, crops)
    figures = FigureOptions(_names(models or MODELS), settings, by, by_table, hce, hce_processes, cost, seed)
    output = OutputOptions(markdown, sheet, write_cards, as_json)
    output.check()
    if folds is None:
        _refuse(
            {"--recipe": recipe, "--steps": steps, "--out": out, "--data": data}, "belongs to --folds; give that too"
        )
        measure(sets, figures, output)
        return
    only = {"--skinless": skinless, "--held-out": held_out, "--write-cards": write_cards}
    _refuse(only, "does not go with --folds; leave it out")
    cross_validate(sets, figures, output, folds, recipe, steps, data, out)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _refuse(options: Mapping[str, object], why: str) -> None:
    from rtskin.errors import InputError

    for name, value in options.items():
        if value:
            raise InputError(f"{name} {why}")
