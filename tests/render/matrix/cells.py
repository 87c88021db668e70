"""Every output there is, each written from the same masks in one pass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rtskin.frame import U8, Mask
from rtskin.media import cv2
from rtskin.render.outputs import OutputOptions, open_output


@dataclass(frozen=True, eq=False)
class Cell:
    """name: of the file or pattern. exact: what is decoded is bit by bit what was composed. error: largest difference of a
    matte, in 255ths (None: not bounded, a mean of 1 is asked for). behind: the file that a cutout stands before."""

    view: str
    name: str
    options: dict[str, Any] = field(default_factory=dict)
    exact: bool = False
    error: float | None = 0
    behind: Path | None = None

    @property
    def images(self) -> bool:
        return "%" in self.name

    @property
    def text(self) -> str:
        """The view as it is asked for; without a contour, whose place depends on how it is drawn."""
        if self.behind:
            return f'{self.view}:background="{self.behind}"'
        return "overlay:contour=no" if self.view == "overlay" else self.view

    @property
    def title(self) -> str:
        extra = " ".join(str(value) for value in self.options.values())
        behind = self.behind.suffix[1:] if self.behind else ""
        return " ".join(part for part in (self.view, Path(self.name).suffix, extra, behind) if part)


def cells(image: Path, video: Path) -> list[Cell]:
    """image, video: what cutouts stand before."""
    return [
        Cell("matte", "m.mkv", exact=True),
        Cell("matte", "m.mp4", error=2),
        Cell("matte", "m.mov", error=None),
        Cell("matte", "m.webm", exact=True),
        Cell("matte", "m8/%04d.png", exact=True),
        Cell("matte", "m16/%04d.png", {"bits": 16}, exact=True),
        Cell("matte", "exr/%04d.exr", error=0.13),
        Cell("alpha", "a.mov"),
        Cell("alpha", "a.webm"),
        Cell("alpha", "a.mkv", exact=True),
        Cell("alpha", "a/%04d.png"),
        Cell("overlay", "o.mp4"),
        Cell("overlay", "o.mkv"),
        Cell("overlay", "o.mov"),
        Cell("overlay", "o.webm"),
        Cell("overlay", "of.mkv", {"codec": "ffv1"}, exact=True),
        Cell("overlay", "o/%04d.png"),
        Cell("cutout", "c.mp4"),
        Cell("cutout", "ci.mkv", {"codec": "ffv1"}, exact=True, behind=image),
        Cell("cutout", "cv.mkv", {"codec": "ffv1"}, exact=True, behind=video),
    ]


def soft_mask(width: int, height: int, step: int) -> U8:
    """A soft ellipse that moves, low enough to leave the number that is burnt into a pattern alone."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    left, top = width * (0.5 + 0.02 * (step % 9)), height * 0.65
    distance = np.hypot((x - left) / (width * 0.25), (y - top) / (height * 0.2))
    mask: U8 = np.rint(np.clip((1.3 - distance) / 0.6, 0, 1) * 255).astype(np.uint8)
    mask[: height // 3] = 0
    return mask


def backdrop(path: Path) -> Path:
    """A smooth picture to stand behind."""
    y, x = np.mgrid[0:60, 0:80]
    cv2.imwrite(str(path), np.dstack([x * 3, y * 4, 255 - x * 3]).astype(np.uint8))
    return path


def write_all(masks: Iterable[Mask], cells: list[Cell], folder: Path) -> dict[Cell, str]:
    """Writes them side by side; the error of each that could not be written. What could not is not written on with."""
    errors: dict[Cell, str] = {}
    open_ones = []
    for cell in cells:
        (folder / cell.name).parent.mkdir(exist_ok=True)
        try:
            output = open_output(folder / cell.name, cell.text, OutputOptions(strict=False, **cell.options))
            open_ones.append((cell, output))
        except Exception as error:
            errors[cell] = f"{type(error).__name__}: {error}"
    for mask in masks:
        for cell, output in open_ones:
            _do(cell, errors, output.write, mask)
    for cell, output in open_ones:
        _do(cell, errors, output.finish)
        output.abandon()
    return errors


def _do(cell: Cell, errors: dict[Cell, str], act: Any, *arguments: Any) -> None:
    if cell in errors:
        return
    try:
        act(*arguments)
    except Exception as error:  # each is a cell of the table
        errors[cell] = f"{type(error).__name__}: {error}"
