"""What a file must be, by its source and the masks: each check gives what is wrong, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from rtskin.capture.raster import fields_of
from rtskin.errors import InputError
from rtskin.frame import Frame, Mask
from rtskin.render.views.overlay import GREEN
from tests.render.matrix.cells import Cell
from tests.render.matrix.reading import Film, image, planes, program_pictures, program_times, read_film

#: Bits that an output keeps at most.
_MOST_BITS = {"o.mp4": 10, "o.mkv": 10, "c.mp4": 10, "o.webm": 8, "a.webm": 8}
#: Differences of BGR, in 255ths, that encoding and 4:2:0 make: their mean, and the mean with its sign (a shift of colours).
_MEAN, _SHIFT = 5.0, 1.5
#: FFmpeg's numbers of PQ and HLG.
_HDR = (16, 18)


@dataclass(frozen=True)
class Truth:
    """A source, as PyAV and ffmpeg read it, and the masks that belong to its pictures. turned: it has a rotation.

    pictures: as the ffmpeg program shows them; None: the programs are not asked.
    """

    path: Path
    film: Film
    frames: list[Frame]
    masks: list[Mask]
    turned: bool
    pictures: Any = None

    @property
    def size(self) -> tuple[int, int]:
        return self.frames[0].width, self.frames[0].height

    @property
    def times(self) -> list[Fraction]:
        """In the outputs: a source that begins before 0 is moved as a whole."""
        times = [frame.pts * frame.time_base for frame in self.frames if frame.pts is not None]
        return [time - min(times[0], Fraction(0)) for time in times]


def truth_of(path: Path, frames: list[Frame], masks: list[Mask], program: bool) -> Truth:
    turned = frames[0].source.rotation != 0
    size = frames[0].width, frames[0].height
    pictures = program_pictures(path, size)[: len(frames)] if program else None
    return Truth(path, read_film(path), frames, masks, turned, pictures)


def faults(cell: Cell, path: Path, truth: Truth) -> list[str]:
    """Everything that is wrong with one output."""
    if cell.images:
        return list(_image_faults(cell, path, truth))
    film = read_film(path)
    if len(film.frames) != len(truth.frames):
        return [f"{len(film.frames)} pictures of {len(truth.frames)}"]
    found = [*_time_faults(film, path, truth), *_tag_faults(cell, film, truth), *_copy_faults(path, film, truth)]
    found += _exact_faults(cell, film, truth) if cell.exact else []
    if cell.view == "matte":
        found += _matte_faults(cell, film, truth)
    if truth.pictures is not None:
        found += _look_faults(cell, program_pictures(path, truth.size, _form(cell)), truth)
    return found


def _form(cell: Cell) -> str:
    return "bgra" if cell.view == "alpha" else "bgr24"


# -- time ----------------------------------------------------------------------------------------------------------


def _time_faults(film: Film, path: Path, truth: Truth) -> Iterator[str]:
    fine = truth.frames[0].time_base.denominator <= 1_000_000
    allowed = Fraction(1, 1000) if path.suffix in (".mkv", ".webm") else Fraction(0 if fine else 1, 1_000_000)
    off = max(abs(found - wanted) for found, wanted in zip(film.times, truth.times, strict=True))
    if off > allowed:
        yield f"times are off by {float(off):.6f} s"
    last = truth.frames[-1]
    wanted = truth.times[-1] + (last.duration or 0) * last.time_base
    if last.duration and all(abs(end - wanted) > allowed for end in film.ends):
        yield f"it ends at {float(film.ends[0]):.4f} s"
    if truth.pictures is not None:
        found = program_times(path)
        if len(found) != len(truth.times):
            yield f"ffprobe finds {len(found)} pictures"
        elif max(abs(a - float(b)) for a, b in zip(found, truth.times, strict=True)) > float(allowed) + 2e-6:
            yield "ffprobe finds other times"


# -- what is said --------------------------------------------------------------------------------------------------


def _tag_faults(cell: Cell, film: Film, truth: Truth) -> Iterator[str]:
    frame, source = film.frames[0], truth.film.frames[0]
    if (frame.width, frame.height) != truth.size or frame.rotation:
        yield f"{frame.width}x{frame.height}, turned by {frame.rotation}"
    if cell.view != "matte":
        yield from _color_faults(cell, frame, source)
        bits = min(source.format.components[0].bits, _MOST_BITS.get(Path(cell.name).name, 16))
        if frame.format.components[0].bits < bits:
            yield f"{frame.format.name} of {source.format.name}"
    info = truth.frames[0].source
    says_nothing = cell.name.endswith(".webm") or (film.aspect is None and frame.format.name[:4] != "yuv4")
    if info.pixel_aspect and not says_nothing and film.aspect not in (info.pixel_aspect, None):
        yield f"pixels are {film.aspect}"
    if info.pixel_aspect and cell.name.endswith((".mp4", ".mov")) and film.aspect != info.pixel_aspect:
        yield f"pixels are {film.aspect} in a container that says it"
    if info.fields and not cell.name.endswith(".webm") and fields_of(frame) != info.fields:
        yield f"fields are {fields_of(frame)}"


def _color_faults(cell: Cell, frame: Any, source: Any) -> Iterator[str]:
    for name in ("color_primaries", "color_trc", "colorspace"):
        found, wanted = getattr(frame, name), getattr(source, name)
        if cell.name.endswith(".webm") and name != "colorspace":
            continue  # libvpx does not look at the container, which says it
        if found != wanted and not (name == "colorspace" and wanted == 2):
            yield f"{name} is {found}, not {wanted}"
    full = source.color_range == 2 or source.format.name.startswith("yuvj")
    if (frame.color_range == 2) != (full and not cell.name.endswith(".mov")):
        yield f"range is {frame.color_range}, not {source.color_range}"


def _copy_faults(path: Path, film: Film, truth: Truth) -> Iterator[str]:
    source = truth.film
    whole = len(truth.frames) == len(source.frames)
    if path.suffix == ".webm" or not whole:
        return  # AAC and SRT are not for WebM
    kinds = ("audio", "subtitle") if path.suffix == ".mkv" else ("audio",)
    for kind in kinds:
        if film.others.get(kind, []) != source.others.get(kind, []):
            yield f"{kind}: {len(film.others.get(kind, []))} packets of {len(source.others.get(kind, []))}, or others"
    if [title for title, _ in film.chapters] != [title for title, _ in source.chapters]:
        yield f"chapters {film.chapters}"
    for key in ("title", "timecode"):
        if film.metadata.get(key) != source.metadata.get(key):
            yield f"{key} is {film.metadata.get(key)}"
    if path.suffix == ".mkv" and film.attachments != source.attachments:
        yield f"attachments {film.attachments}"


# -- pictures ------------------------------------------------------------------------------------------------------


def _exact_faults(cell: Cell, film: Film, truth: Truth) -> Iterator[str]:
    """Against the source's own planes, where no view touches them; a turned source has others."""
    if cell.view in ("matte", "cutout") or truth.turned:
        return
    for number, (frame, mask) in enumerate(zip(film.frames, truth.masks, strict=True)):
        found, source = planes(frame), planes(truth.film.frames[number])
        part = slice(None) if cell.view == "alpha" else slice(0, frame.height // 6)
        if any(not np.array_equal(a[part], b[part]) for a, b in zip(found, source, strict=False)):
            yield f"picture {number} is not bit-equal where nothing was painted"
            return
        if cell.view == "alpha":
            largest = 2 ** frame.format.components[0].bits - 1
            if np.abs(found[3] - mask.data * (largest / 255)).max() > 0.5:
                yield f"alpha of picture {number} is another"
                return


def _matte_faults(cell: Cell, film: Film, truth: Truth) -> Iterator[str]:
    worst = mean = 0.0
    for frame, mask in zip(film.frames, truth.masks, strict=True):
        luma = planes(frame)[0].astype(float) / 2.0 ** (frame.format.components[0].bits - 8)
        value = (luma - 16) * 255 / 219 if cell.name.endswith(".mov") else luma
        worst = max(worst, float(np.abs(value - mask.data).max()))
        mean = max(mean, float(np.abs(value - mask.data).mean()))
    if (cell.error is not None and worst > cell.error) or mean > 1:
        yield f"the matte is off by {worst:.1f}, by {mean:.2f} on average"


def _look_faults(cell: Cell, found: Any, truth: Truth) -> Iterator[str]:
    """As ffmpeg shows it, against what ffmpeg shows of the source, painted here in floats."""
    wanted = [_expected(cell, picture, mask.data) for picture, mask in _pairs(truth)]
    if len(found) != len(wanted):
        yield f"ffmpeg shows {len(found)} pictures of {len(wanted)}"
        return
    if cell.behind:
        return
    difference = found.astype(float) - np.stack(wanted)
    if truth.film.frames[0].color_trc in _HDR and cell.view in ("overlay", "cutout"):
        # A colour is as bright as paper there, which is not its code: only what nothing was painted on is known here.
        difference[np.stack([mask.data for mask in truth.masks]) > 0] = 0
    mean, shift = np.abs(difference).mean(), np.abs(difference.mean(axis=(0, 1, 2))).max()
    if mean > _MEAN or shift > _SHIFT:
        yield f"ffmpeg shows it off by {mean:.1f}, shifted by {shift:.1f}"
    if cell.view in ("overlay", "alpha") and not truth.turned and truth.size >= (96, 95):
        yield from _number_faults(found, wanted)


def _number_faults(found: Any, wanted: Any) -> Iterator[str]:
    from rtskin.capture.pattern import read_number

    for number, (picture, original) in enumerate(zip(found, wanted, strict=True)):
        try:
            expected = read_number(original[..., :3].astype(np.uint8))
        except InputError:
            continue  # of a corrupt source
        try:
            got: object = read_number(picture[..., :3])
        except InputError:
            got = "none"
        if got != expected:
            yield f"picture {number} carries the number {got}, not {expected}"
            return


def _pairs(truth: Truth) -> Any:
    return zip(truth.pictures, truth.masks, strict=True)


def _expected(cell: Cell, bgr: Any, mask: Any) -> Any:
    share = mask.astype(float)[..., None] / 255
    if cell.view == "matte":
        return np.repeat(mask[..., None].astype(float), 3, axis=2)
    if cell.view == "alpha":
        return np.dstack([bgr, mask]).astype(float)
    if cell.view == "overlay":
        return bgr * (1 - 0.5 * share) + np.array(GREEN) * 0.5 * share
    return bgr * share


def _image_faults(cell: Cell, path: Path, truth: Truth) -> Iterator[str]:
    files = sorted(path.parent.glob(f"*{path.suffix}"))
    if len(files) != len(truth.masks):
        yield f"{len(files)} images of {len(truth.masks)}"
        return
    found = [image(file) for file in files]
    if cell.view == "matte":
        scale = {"exr": 1 / 255, "m8": 1.0, "m16": 257.0}[path.parent.name]
        worst = max(float(np.abs(a - b.data * scale).max()) for a, b in zip(found, truth.masks, strict=True)) / scale
        if worst > (cell.error or 0):
            yield f"the matte is off by {worst:.2f}"
        return
    bits = 16 if truth.film.frames[0].format.components[0].bits > 8 else 8
    if found[0].dtype != (np.uint16 if bits == 16 else np.uint8):
        yield f"{found[0].dtype}"
    if truth.pictures is not None:
        yield from _look_faults(cell, np.stack(found) / (257 if bits == 16 else 1), truth)
