"""The verbs of ``rtskin train`` that deal with data: pack, augment, preview."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rtskin.cli import options as o

if TYPE_CHECKING:
    from rtskin.train.data.pack import Content, Written

DataOption = Annotated[
    list[Path] | None,
    typer.Option(
        help="Folder or pack that the recipe's paths are in; may be given more than once. [../shared/data, ../labels]"
    ),
]


def register(group: typer.Typer) -> None:
    """Add the verbs to ``rtskin train``."""
    for verb in (pack, augment, preview):
        group.command(verb.__name__)(verb)


def pack(
    sources: Annotated[
        list[Path], typer.Argument(metavar="RECIPE.toml|FOLDER…", help="A recipe, or folders of data sets.")
    ],
    out: Annotated[Path, typer.Option(help="The pack.")],
    data: DataOption = None,
    long_side: Annotated[
        int | None, typer.Option(min=0, help="Long side of the pictures in pixels; 0: as they are.", show_default="448")
    ] = None,
    quality: Annotated[
        int | None, typer.Option(min=1, max=100, help="WebP quality of the pictures.", show_default="60")
    ] = None,
    overwrite: o.OverwriteOption = False,
) -> None:
    """Write all that a recipe needs, or all pictures of folders, as one file for training elsewhere.

    Examples:

      rtskin train pack my.toml --data ../shared/data --data ../labels --out my.pack

      rtskin train pack ../shared/data --out data.pack

    `rtskin train` takes a pack wherever it takes a data folder: --data data.pack. Where there are torch, OpenCV and numpy
    only, `python -m rtskin.train.packed my.pack --out DIR` trains the recipe in it.
    """
    from rtskin.errors import InputError
    from rtskin.files import check_output
    from rtskin.train.data import pack as packs
    from rtskin.train.data import pack_content
    from rtskin.train.session import ROOTS

    check_output(out, overwrite)
    empty: list[str] = []
    if any(path.suffix == ".toml" for path in sources):
        if len(sources) > 1:
            raise InputError("give one recipe, or folders; what a recipe reads is found by --data")
        content: Content = pack_content.of_recipe(sources[0], list(data or ROOTS))
    else:
        if data:
            raise InputError("--data says where a recipe's pictures are; folders are packed as they are")
        content, empty = pack_content.of_folders(sources)
    with _bar("packing") as report:
        done = packs.write(
            content,
            out,
            packs.LONG_SIDE if long_side is None else long_side,
            packs.QUALITY if quality is None else quality,
            overwrite,
            report,
        )
    _print_sizes(out, done)
    for name in empty:
        print(f"{name}: no pictures (clips are labelled first: rtskin train label)")


def augment(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Folder with images/ and masks/, or of pictures.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder for images/ and masks/ of the variants.")],
) -> None:
    """Write 26 variants of every picture, with its mask: hues, saturations, contrasts, sepia, lattices.

    Examples:

      rtskin train augment ../shared/data/minhas ../variants/minhas

    What is in OUT already is kept. Variants are on the side of a split that their original is on. Training can do the same
    on the fly: see augment.hue_turn, desaturate, contrast_brightness, sepia, lattice and part_lattice of a recipe.
    """
    from rtskin.train.light import variants

    with _bar("augmenting") as report:
        done = variants.augment(source, out, report)
    print(
        f"{done.written} variants written to {out}, {done.existing} were there, {len(done.broken)} originals are broken"
    )
    for name in done.broken:
        print(f"broken: {name}")


def preview(
    path: Annotated[Path, typer.Argument(metavar="RECIPE.toml", help="What would be trained.")],
    data: DataOption = None,
    out: Annotated[Path, typer.Option(help="The sheet: .png, .jpg or .webp.")] = Path("preview.png"),
    samples: Annotated[int, typer.Option(min=1, max=400, help="How many.")] = 24,
    seed: Annotated[int | None, typer.Option(help="Draw with another seed than the recipe's.")] = None,
    step: Annotated[int, typer.Option(min=0, help="The training step from which on.")] = 0,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Another value for a key of the recipe.")
    ] = None,
    overwrite: o.OverwriteOption = False,
) -> None:
    """Write a contact sheet of what the network will see: samples, their masks, and where they are from.

    Examples:

      rtskin train preview models/mobile-unet/recipe.toml --out sheet.png

      rtskin train preview my.toml --set augment.lattice=1 --samples 12 --step 500
    """
    from rtskin.train import preview as previews
    from rtskin.train import recipe as recipes
    from rtskin.train.data.sets import scan
    from rtskin.train.overrides import overridden
    from rtskin.train.session import ROOTS

    table = overridden(recipes.read(path), settings or [])
    recipe = recipes.parse(table if seed is None else {**table, "seed": seed}, str(path))
    sources = previews.write(recipe, scan(recipe, list(data or ROOTS)), out, samples, step, overwrite)
    print(f"{out} written: {', '.join(f'{count} {name}' for name, count in sources.most_common())}")


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(what, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)


def _print_sizes(out: Path, done: Written) -> None:
    for name, pictures in sorted(done.pictures.items()):
        planes = Counter({plane: size for (one, plane), size in done.bytes.items() if one == name})
        sizes = ", ".join(f"{plane} {size / 1e6:.2f} MB" for plane, size in planes.items())
        print(f"{name}: {pictures} pictures; {sizes}")
    print(f"{out}: {done.size / 1e6:.1f} MB, {sum(done.pictures.values())} pictures, {len(done.broken)} broken")
    for name in done.broken:
        print(f"broken: {name}")
