"""A trait out of a table: what a TSV says of each picture."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from rtskin.errors import InputError, nearest
from rtskin.evaluate.datasets import Dataset, Item
from rtskin.evaluate.traits import Trait


def table_trait(text: str, datasets: Sequence[Dataset]) -> Trait:
    """Of ``FILE.tsv:COLUMN:BORDER``: pictures whose number in a column is at most the border, and those above it.

    The table's first column is the end of the picture's path; the number may follow a word and a colon ("hard:0.0222").
    More borders, with commas between them, make more groups. InputError where the table cannot be read so, or says
    nothing of any picture of the sets.
    """
    path, column, borders = _parts(text)
    values = _read(path, column)
    items = [item for dataset in datasets for item in dataset.items]
    if all(_value(values, item) is None for item in items):
        example = "/".join(items[0].image.parts[-2:])
        raise InputError(
            f"{path} says nothing of any of the {len(items)} pictures: its first column must be the end of their "
            f"paths, such as {example}"
        )
    # Groups hold what is below their upper border; "at most" is what a table's border means.
    edges = tuple(_just_above(border) for border in borders)
    return Trait(column, f"{column} in {path.name}", lambda item, image, truth: _value(values, item), edges)


def _just_above(border: float) -> float:
    return math.nextafter(border, math.inf)


def _parts(text: str) -> tuple[Path, str, list[float]]:
    # From the right: a path may have colons in it, as C:\ has.
    parts = text.rsplit(":", 2)
    try:
        path, column, numbers = parts
        borders = [float(number) for number in numbers.split(",")]
    except ValueError:
        raise InputError(
            f"{text!r} does not read FILE.tsv:COLUMN:NUMBER, such as pictures.tsv:false_skin:0.02"
        ) from None
    if borders != sorted(set(borders)):
        raise InputError(f"the borders of {text!r} must rise")
    return Path(path), column, borders


def _read(path: Path, column: str) -> dict[str, float]:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except OSError as error:
        raise InputError(f"the table {path} cannot be read ({error.strerror})") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"the table {path} is no text with tabs: {error}") from None
    if not rows or column not in rows[0][1:]:
        raise InputError(f"{path} has no column {column!r}{nearest(column, rows[0][1:] if rows else ())}")
    place, values = rows[0].index(column), {}
    for number, row in enumerate(rows[1:], 2):
        try:
            values[row[0]] = float(row[place].rpartition(":")[2])
        except (IndexError, ValueError):
            raise InputError(f"{path}:{number}: there is no number in the column {column!r}") from None
    return values


def _value(values: Mapping[str, float], item: Item) -> float | None:
    """By the longest end of the picture's path that the table has."""
    parts = item.image.absolute().parts
    ends = ("/".join(parts[start:]) for start in range(len(parts)))
    return next((values[end] for end in ends if end in values), None)
