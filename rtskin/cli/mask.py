"""rtskin mask: a mask for each of some images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rtskin.cli import options as o
from rtskin.errors import InputError, RtskinError, SinkError, reason
from rtskin.files import check_output, write_bytes

if TYPE_CHECKING:
    from rtskin.frame import U8
    from rtskin.segmenter import Segmenter


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("mask")(mask)


def mask(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE…", help="Images of any common format.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the masks; made where it is not there.")],
    model: o.ModelOption = None,
    device: o.DeviceOption = None,
    threads: o.ThreadsOption = None,
    runtime: o.RuntimeOption = None,
    size: o.StillSizeOption = None,
    classes: o.ClassOption = None,
    mirror: o.MirrorOption = None,
    overwrite: o.OverwriteOption = False,
) -> None:
    """Write an 8-bit mask of the image's size for each image, as a PNG with the image's stem.

    One image that cannot be read does not stop the others; the exit status says that there was one.

    Examples:

      rtskin mask photo.jpg --out masks

      rtskin mask photos/*.jpg --out masks --model mobile-unet

      rtskin mask photo.jpg --out masks --model mobile-unet-parts --class skin,hair
    """
    _refuse_twins(images)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(f"cannot make the folder {out}: {reason(error)}") from None
    from rtskin.segmenter import Segmenter

    failed = 0
    own = {"size": size, "classes": classes, "mirror": mirror}
    chosen = {"model": model, "device": device, "threads": threads, "runtime": runtime, **own}
    with Segmenter(**o.given(chosen)) as segmenter:
        for image in images:
            try:
                _mask_one(segmenter, image, out / f"{image.stem}.png", overwrite)
            except RtskinError as error:
                failed += 1
                typer.echo(f"rtskin: {error}", err=True)
    typer.echo(f"{len(images) - failed} of {len(images)} masks in {out}", err=True)
    if failed:
        raise typer.Exit(1)


def _mask_one(segmenter: Segmenter, image: Path, target: Path, overwrite: bool) -> None:
    from rtskin.capture.still import read_image

    check_output(target, overwrite)
    if target.resolve() == image.resolve():
        raise SinkError(f"the mask of {image} would replace the image; use another folder")
    write_png(target, segmenter(read_image(image)), overwrite)


def write_png(target: Path, picture: U8, overwrite: bool) -> None:
    """Whole or not at all."""
    from rtskin.media import cv2

    _, data = cv2.imencode(".png", picture)
    write_bytes(target, data.data, overwrite=overwrite)


def _refuse_twins(images: list[Path]) -> None:
    stems: dict[str, Path] = {}
    for image in images:
        other = stems.setdefault(image.stem, image)
        if other != image:
            raise InputError(f"{other} and {image} would both become {image.stem}.png; give them to two calls")
