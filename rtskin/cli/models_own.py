"""rtskin models import, add, verify, remove: models of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rtskin.cli import options as o

_FolderOption = Annotated[
    Path | None, typer.Option("--folder", metavar="FOLDER", help="The folder of models.", show_default="the user's")
]
_NameOption = Annotated[str | None, typer.Option("--as", metavar="NAME", help="What the model is called from then on.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("models import")(models_import)
    app.command("models add")(models_add)
    app.command("models verify")(models_verify)
    app.command("models remove")(models_remove)


def models_import(
    architecture: Annotated[
        str,
        typer.Argument(metavar="NETWORK", help="straight-u2net, dlmv, u2netp, u2netp-refiner, u2net or birefnet-lite."),
    ],
    checkpoint: Annotated[Path, typer.Argument(metavar="CHECKPOINT", help="A checkpoint of torch: .pt, .pth.")],
    name: _NameOption = None,
    origin: Annotated[
        str | None,
        typer.Option(
            help="Whose conventions it follows: skin; upstream (u2net, u2netp, birefnet-lite); torchvision (dlmv).",
            show_default="skin",
        ),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(min=32, max=4096, help="Side of the network's square input.", show_default="the origin's"),
    ] = None,
    licence: Annotated[str, typer.Option(help="Of the weights, for the card.")] = "",
    terms: Annotated[str, typer.Option(help="Of the data they were trained on, for the card.")] = "",
    folder: _FolderOption = None,
    overwrite: o.OverwriteOption = False,
) -> None:
    """Make a model of a published checkpoint: read without running anything in it, converted, compared with torch.

    Examples:

      rtskin models import u2netp u2netp_skin.pt

      rtskin models import u2net u2net.pth --origin upstream --as u2net-salient

      rtskin models import birefnet-lite birefnet_skin.pt --size 1024

      rtskin mask photo.jpg --model u2netp --out masks

      rtskin models import u2netp-refiner u2netp_chunk.pt && rtskin mask photo.jpg --refiner u2netp-refiner --out masks
    """
    from rtskin.store.importing import import_checkpoint

    done = import_checkpoint(
        architecture,
        checkpoint,
        name=name,
        origin=origin,
        size=size,
        licence=licence,
        terms=terms,
        folder=folder,
        overwrite=overwrite,
        said=lambda words: typer.echo(f"{words} …", err=True),
    )
    assert done.card.path is not None
    typer.echo(f"{done.card.name} is at {done.card.path.parent} ({done.difference:.1g} from torch at most)")


def models_add(
    weights: Annotated[Path, typer.Argument(metavar="FILE.onnx", help="The network.")],
    card: Annotated[
        Path, typer.Option(metavar="CARD.toml", help="What it takes and gives, as in models/NAME/model.toml.")
    ],
    name: _NameOption = None,
    folder: _FolderOption = None,
    overwrite: o.OverwriteOption = False,
) -> None:
    """Make a model of any ONNX file: copied with its card, and tried.

    Example:

      rtskin models add parts.onnx --card parts.toml
    """
    from rtskin.store.adding import add_model

    made = add_model(weights, card, name=name, folder=folder, overwrite=overwrite)
    assert made.path is not None
    typer.echo(f"{made.name} is at {made.path.parent}")


def models_verify(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Which models.", show_default="all")
    ] = None,
) -> None:
    """Say whether models are whole: the very weights of their cards, which run and give what the cards say. 1 where not.

    Example:

      rtskin models verify
    """
    from rtskin.store.verifying import verify_all

    found = verify_all(names or [])
    for name, fault in found.items():
        typer.echo(f"{name}: {fault or 'is whole'}")
    if any(found.values()):
        raise typer.Exit(1)


def models_remove(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Models that were imported or added.")],
    folder: _FolderOption = None,
) -> None:
    """Delete models of your own.

    Example:

      rtskin models remove u2netp
    """
    from rtskin.store.folder import remove

    for name in names:
        typer.echo(f"{name} is gone from {remove(name, folder).parent}")
