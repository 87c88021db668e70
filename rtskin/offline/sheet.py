"""A contact sheet: frames of a source, each beside what its outputs will show."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from rtskin.capture.kinds import kind_of
from rtskin.errors import SinkError
from rtskin.files import write_bytes
from rtskin.frame import U8, Frame, Mask
from rtskin.media import cv2
from rtskin.node import Context
from rtskin.offline.folder import WorkFolder
from rtskin.offline.manifest import OutputPart
from rtskin.offline.output import options_of
from rtskin.offline.source import NumberedFrames
from rtskin.offline.stored import stored_masks
from rtskin.render.outputs import open_output

#: Pixels: a picture is no larger and, so that its caption can be read, not much smaller; the line above it; between tiles.
_LARGEST, _SMALLEST, _LINE, _GAP = (400, 300), 160, 20, 8
#: Width by height that a sheet comes near to.
_SHAPE = 1.6
#: Behind pictures with alpha: two greys, squares of so many pixels.
_CHECKER, _SQUARE = (110, 150), 8


def save_sheet(folder: WorkFolder, numbers: Sequence[int], path: Path, overwrite: bool) -> None:
    """A PNG of those frames, of which the masks are in the folder. SinkError, OutputExistsError; errors of the source."""
    done, data = cv2.imencode(".png", contact_sheet(folder, numbers))
    if not done:
        raise SinkError(f"the contact sheet {path} could not be encoded")
    write_bytes(path, data.data, overwrite=overwrite)


def contact_sheet(folder: WorkFolder, numbers: Sequence[int]) -> U8:
    """uint8 H×W×3 BGR: tiles in rows, each a frame and its outputs, with its number and its time above."""
    outputs = _distinct(folder.manifest.outputs)
    tiles = [_tile(folder, number, frame, views) for number, frame, views in _pictures(folder, numbers, outputs)]
    return _grid(tiles)


def _distinct(outputs: Sequence[OutputPart]) -> list[OutputPart]:
    """One of each look."""
    return list({part.view: part for part in outputs}.values())


def _pictures(
    folder: WorkFolder, numbers: Sequence[int], outputs: Sequence[OutputPart]
) -> Iterator[tuple[int, U8, list[U8]]]:
    """Number and picture of each frame, and what its outputs show (BGR; BGRA where they have alpha; grey)."""
    masks = dict(pair for pair in stored_masks(folder) if pair[0] in numbers)
    with tempfile.TemporaryDirectory(prefix="rtskin-") as name:
        painters = [_Painter(part, Path(name) / str(place)) for place, part in enumerate(outputs)]
        first = _frame(folder, folder.manifest.segments.first)
        for painter in painters:
            if first is not None:
                painter.begin(first)
        for number in numbers:
            frame = _frame(folder, number)
            if frame is not None:
                mask = Mask(frame, masks[number])
                yield number, frame.bgr, [painter(mask) for painter in painters]


class _Painter:
    """What an output will show, by way of a PNG in a folder of its own."""

    def __init__(self, part: OutputPart, place: Path) -> None:
        place.mkdir()
        plain = part.model_copy(update={"options": {"bits": 8}})
        self._place, self._plays = place, bool(part.files)
        self._output = open_output(f"{place}/", part.view, options_of(plain))

    def begin(self, first: Frame) -> None:
        """The first frame of all: a background plays from there on."""
        if self._plays:
            self(Mask(first, np.zeros((first.height, first.width), np.uint8)))

    def __call__(self, mask: Mask) -> U8:
        for left in self._place.iterdir():
            left.unlink()
        self._output.write(mask)
        (path,) = self._place.iterdir()
        return np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), np.uint8)


def _frame(folder: WorkFolder, number: int) -> Frame | None:
    frames = NumberedFrames(folder.source(), folder.table, number, number + 1, decode=folder.manifest.decode)
    frames.open(Context())
    try:
        return frames.read()
    finally:
        frames.close()


def _tile(folder: WorkFolder, number: int, frame: U8, views: Sequence[U8]) -> U8:
    pictures = [_small(_opaque(picture)) for picture in (frame, *views)]
    row = np.hstack(pictures)
    return np.ascontiguousarray(np.vstack([_caption(_name(folder, number), row.shape[1]), row]))


def _name(folder: WorkFolder, number: int) -> str:
    table, uri = folder.table, folder.manifest.input.path
    if kind_of(uri) != "file" or not table.timed:
        return f"frame {number}"
    return f"frame {number}   {float(int(table.pts[number] - table.pts[0]) * table.time_base):.2f} s"


def _opaque(picture: U8) -> U8:
    """BGR; what has alpha lies before a checkerboard."""
    if picture.ndim == 2:
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))
    if picture.shape[2] == 3:
        return picture
    height, width = picture.shape[:2]
    squares = (np.arange(height)[:, None] // _SQUARE + np.arange(width)[None] // _SQUARE) % 2
    behind = np.where(squares, *_CHECKER).astype(np.float32)[..., None]
    alpha = picture[..., 3:].astype(np.float32) / 255
    return np.asarray(np.rint(picture[..., :3] * alpha + behind * (1 - alpha)), np.uint8)


def _small(picture: U8) -> U8:
    height, width = picture.shape[:2]
    scale = min(_LARGEST[0] / width, _LARGEST[1] / height, max(1.0, _SMALLEST / width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(picture, size, interpolation=how))


def _caption(text: str, width: int) -> U8:
    line = np.full((_LINE, width, 3), 255, np.uint8)
    cv2.putText(line, text, (2, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1, cv2.LINE_AA)
    return line


def _grid(tiles: Sequence[U8]) -> U8:
    """Rows of tiles on white, about as wide as a screen is for its height."""
    height, width = (max(tile.shape[axis] for tile in tiles) + _GAP for axis in (0, 1))
    shapes = {across: across * width / (-(-len(tiles) // across) * height) for across in range(1, len(tiles) + 1)}
    across = min(shapes, key=lambda number: abs(shapes[number] - _SHAPE))
    sheet = np.full((-(-len(tiles) // across) * height + _GAP, across * width + _GAP, 3), 255, np.uint8)
    for place, tile in enumerate(tiles):
        top, left = _GAP + place // across * height, _GAP + place % across * width
        sheet[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
    return sheet
