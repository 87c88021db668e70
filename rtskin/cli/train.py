"""``rtskin train``: train a network by a recipe, label pictures for it, export what came out.

``rtskin train RECIPE.toml`` and ``rtskin train label …`` live under one name: a first word that is no verb of the group
is taken for a recipe.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from rtskin.allocator import keep_large_blocks
from rtskin.cli import train_data
from rtskin.cli.session import on_interrupt

#: What the group runs when its first word is no verb.
_DEFAULT = "recipe"


class _RecipeOrVerb(TyperGroup):
    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in self.commands:
            args = [_DEFAULT, *args]
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        # Options may stand before the recipe: they belong to the default verb too.
        if args and args[0].startswith("-") and args[0] not in ("--help", "-h"):
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    group = typer.Typer(
        cls=_RecipeOrVerb,
        no_args_is_help=True,
        help="Train a network by a recipe, label pictures for it, export what came out.\n\nExamples:\n\n"
        "  rtskin train models/mobile-unet/recipe.toml --out runs/mobile-unet\n\n"
        "  rtskin train models/mobile-unet/recipe.toml --out runs/mobile-unet --resume",
    )
    group.command(_DEFAULT)(recipe)
    group.command("label")(label)
    group.command("export")(export)
    group.command("report")(report)
    train_data.register(group)
    app.add_typer(group, name="train")


def recipe(
    path: Annotated[Path, typer.Argument(metavar="RECIPE.toml", help="What to train, on what, and how.")],
    data: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder or pack that the recipe's paths are in; may be given more than once. [../shared/data, ../labels]"
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for checkpoints and the model. [runs/NAME]")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in --out.")] = False,
    minutes: Annotated[float | None, typer.Option(min=0.01, help="Train about so long.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Train so many steps.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads for the network. Default: the recipe's.")] = None,
    device: Annotated[
        str | None, typer.Option(metavar="auto|cpu|cuda", help="What the network runs on. Default: the recipe's.")
    ] = None,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write curves and masks for TensorBoard to --out/tensorboard.")
    ] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Another value for a key of the recipe; may be given more than once."
        ),
    ] = None,
) -> None:
    """Train RECIPE.toml and export the result.

    Examples:

      rtskin train models/mobile-unet/recipe.toml --data ../shared/data --data ../labels --out runs/mobile-unet

      rtskin train my.toml --data pictures --minutes 90

      rtskin train my.toml --device cuda --set loss.focal=1 --set optimiser.name=adamp --set data.clips=false

    The checkpoint, the log (log.jsonl), its curves, the worst of the kept-out masks and the exported model (model/) are in
    --out. Ctrl-C ends it after the step, with a checkpoint; a training that was stopped goes on with --resume.
    """
    from rtskin.train import recipe as recipes
    from rtskin.train.session import train

    folder = out or Path("runs") / recipes.load(path).name
    interrupted = threading.Event()
    keep_large_blocks()
    # A second Ctrl-C does not wait for the step; the checkpoint before stays.
    with on_interrupt(interrupted.set, lambda: os._exit(1)):
        done = train(
            path,
            folder,
            data,
            resume,
            minutes,
            steps,
            threads,
            False,
            device,
            tensorboard,
            settings=settings or [],
            interrupted=interrupted.is_set,
        )
    _export(done, folder / "model", data, replace=True)


def label(
    sources: Annotated[list[Path], typer.Argument(metavar="FOLDER|VIDEO…", help="Pictures and clips.")],
    teacher: Annotated[
        str,
        typer.Option(
            metavar="A,B=0.5",
            help="Models by name, card or ONNX file (1×3×H×W ImageNet-normalised RGB, gives probabilities), each with "
            "how much it counts.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for images/, masks/ and weights/.")],
    frames: Annotated[int, typer.Option(min=1, help="Frames taken from each clip.")] = 15,
    threads: Annotated[int, typer.Option(min=1, help="Threads for the teachers.")] = 2,
) -> None:
    """Write soft labels of other networks, and where they agree, for `rtskin train`.

    Examples:

      rtskin train label ../shared/data/people_unlabelled --teacher pan_skin_512.onnx --out ../labels/people

      rtskin train label pictures clip.mp4 --teacher mobile-unet=0.25,pan_skin_512.onnx=0.75 --out labels
    """
    from rich.console import Console

    from rtskin.train import teacher as teachers

    console = Console(stderr=True)
    with console.status("labelling") as status:
        done = teachers.label(
            sources,
            out,
            [teachers.open_teacher(name.strip(), threads) for name in teacher.split(",") if name.strip()],
            frames,
            progress=lambda name: status.update(f"labelling {name}"),
        )
    print(
        f"{done.written} pictures labelled in {out}; left out: "
        f"{len(done.without_skin)} in which the teacher sees no skin, {len(done.broken)} that cannot be read"
    )


def export(
    checkpoint: Annotated[Path, typer.Argument(metavar="CHECKPOINT", help="last.pt of a training.")],
    out: Annotated[Path, typer.Option(help="Folder for the ONNX file, model.toml and recipe.toml.")],
    data: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder or pack with the recipe's data, for a checkpoint from between two validations; may be given more "
            "than once. [../shared/data, ../labels]"
        ),
    ] = None,
) -> None:
    """Export the averaged weights of a checkpoint, at any time of a training.

    Examples:

      rtskin train export runs/mobile-unet/last.pt --out models/mobile-unet

    A recipe.toml that lies in --out must say what was trained; where none does, it is written.
    """
    _export(checkpoint, out, data)


def report(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of a training, which may still be running.")],
    data: Annotated[
        list[Path] | None,
        typer.Option(help="Folder that the data is in; may be given more than once. [../shared/data, ../labels]"),
    ] = None,
) -> None:
    """Draw the curves of a training and a sheet of the worst kept-out masks.

    Examples:

      rtskin train report runs/mobile-unet --data ../shared/data --data ../labels
    """
    from rtskin.train import report as reports
    from rtskin.train.session import ROOTS

    print(*(f"{path} written" for path in reports.report(out, data or ROOTS)), sep="\n")


def _export(checkpoint: Path, out: Path, data: list[Path] | None, replace: bool = False) -> None:
    from rtskin.train import export as exporting

    done = exporting.export(checkpoint, out, data, replace)
    print(f"{done.weights} and {done.card} written; differs from torch by at most {done.difference:.1g}")
