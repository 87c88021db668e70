"""rtskin mask: a mask for each of some images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rtskin.cli import options as o
from rtskin.cli.mask_files import Job, jobs_of
from rtskin.errors import InputError, RtskinError, SinkError, SourceError, reason
from rtskin.files import check_output, write_bytes

if TYPE_CHECKING:
    from rtskin.segmenter import Segmenter


@dataclass
class Summary:
    """What became of the images."""

    written: int = 0
    skipped: int = 0
    failed: int = 0


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
    from rtskin.render.still import check_view

    check_view(view, bits)
    jobs = jobs_of(images, out)
    _make(out)
    from rtskin.segmenter import Segmenter

    own = {"size": size, "classes": classes, "mirror": mirror, "tiles": tiles}
    own["refine"] = _refiner(refine, refiner, tiles, classes)
    chosen = {"model": model, "device": device, "threads": threads, "runtime": runtime, **own}
    summary = Summary(failed=len(jobs.failed))
    for line in jobs.failed:
        typer.echo(f"rtskin: {line}", err=True)
    with Segmenter(**o.given(chosen)) as segmenter:
        for job in jobs.todo:
            try:
                _mask_one(segmenter, job, view, bits, overwrite, summary)
            except RtskinError as error:
                summary.failed += 1
                typer.echo(f"rtskin: {error}", err=True)
    there = f", {summary.skipped} there already (--overwrite replaces them)" if summary.skipped else ""
    typer.echo(f"{summary.written} of {len(jobs)} masks in {out}{there}", err=True)
    if summary.failed:
        raise typer.Exit(1)


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


def _mask_one(segmenter: Segmenter, job: Job, view: str, bits: Any, overwrite: bool, summary: Summary) -> None:
    from rtskin.capture.still import read_picture
    from rtskin.render.still import encoded, shown

    if job.target.exists() and job.target.resolve() == job.image.resolve():
        raise SinkError(f"the mask of {job.image} would replace the image; use another folder")
    if job.target.is_file() and not overwrite:
        summary.skipped += 1
        return
    _make(job.target.parent)
    check_output(job.target, overwrite)
    picture = read_picture(job.image)
    try:
        found = segmenter(picture.bgr(), bits)
        data = encoded(shown(view, picture, found))
    except MemoryError:
        raise SourceError(
            f"there is too little memory for the {picture.width}×{picture.height} pixels of {job.image}; close other "
            "programs, or make it smaller"
        ) from None
    write_bytes(job.target, data, overwrite=overwrite)
    summary.written += 1


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(f"cannot make the folder {folder}: {reason(error)}") from None
