"""rtskin mask: a mask for each of some images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rtskin.cli import options as o
from rtskin.cli.mask_files import jobs_of
from rtskin.errors import InputError
from rtskin.files import make_folders


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("mask")(mask)


def mask(
    images: Annotated[
        list[str], typer.Argument(metavar="IMAGE…", help="Images of any common format, folders, patterns ('**/*.jpg').")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for the masks; made where it is not there.")],
    model: o.ModelOption = None,
    view: Annotated[
        str, typer.Option("--view", help="matte, overlay, or cutout (transparent, the skin's own colours at its edge).")
    ] = "matte",
    bits: Annotated[int, typer.Option("--bits", metavar="8|16", help="Of each channel; 16: matte and cutout.")] = 8,
    refine: Annotated[
        bool | None,
        typer.Option(
            "--refine/--fast",
            help="Look again at edges and at what is uncertain, at the image's own size, or do not.",
            show_default="refine, where a refiner is installed",
        ),
    ] = None,
    refiner: o.RefinerOption = None,
    tiles: o.TilesOption = None,
    device: o.DeviceOption = None,
    threads: o.ThreadsOption = None,
    runtime: o.RuntimeOption = None,
    size: o.StillSizeOption = None,
    classes: o.ClassOption = None,
    mirror: o.MirrorOption = None,
    overwrite: o.OverwriteOption = False,
) -> None:
    """Write a mask of the image's size for each image, as a PNG with the image's stem.

    What lies in a folder, or deeper, keeps its place in the tree. What is there already is skipped, and one image that
    cannot be read does not stop the others; the exit status says that there was one.

    Examples:

      rtskin mask photo.jpg --out masks

      rtskin mask photos --out masks --fast

      rtskin mask 'shoot/**/*.tif' --out cut --view cutout --bits 16

      rtskin mask photo.jpg --out masks --model mobile-unet-parts --class skin,hair
    """
    from rtskin.cli.mask_work import Wanted, work
    from rtskin.infer.runtimes.threads import cores
    from rtskin.render.still import check_view
    from rtskin.segmenter import Segmenter

    check_view(view, bits)
    jobs = jobs_of(images, out)
    make_folders(out)
    own = {"size": size, "classes": classes, "mirror": mirror, "tiles": tiles}
    own["refine"] = _refiner(refine, refiner, tiles, classes)
    # Reading and writing an image take little beside a network that no frame of a video waits for.
    chosen = {"model": model, "device": device, "threads": threads or cores(), "runtime": runtime, **own}
    for line in jobs.failed:
        _tell(line)
    with Segmenter(**o.given(chosen)) as segmenter:
        done = work(jobs.todo, segmenter, Wanted(view, bits, overwrite), _tell)
    there = f", {done.skipped} there already (--overwrite replaces them)" if done.skipped else ""
    typer.echo(f"{done.written} of {len(jobs)} masks in {out}{there}", err=True)
    if done.failed or jobs.failed:
        raise typer.Exit(1)


def _tell(line: str) -> None:
    typer.echo(f"rtskin: {line}", err=True)


def _refiner(refine: bool | None, refiner: str | None, tiles: int | None, classes: str | None) -> bool | str:
    """What Segmenter's ``refine`` is to be. InputError for options that contradict each other."""
    from rtskin.infer.chunked import has_refiner

    if refine is False and (refiner is not None or tiles is not None):
        raise InputError(f"{'--refiner' if refiner else '--tiles'} is of the refinement, and --fast goes without it")
    if refiner is not None:
        return refiner
    if refine is None and tiles is None:  # the usual refiner knows skin only
        return classes is None and has_refiner()
    return refine is not False
