"""Soft labels from other networks, and a map of where to believe them.

Each teacher sees each picture whole and mirrored, and where it finds little skin also in overlapping quarters, in which
small faces are larger. The weighted mean of all views is the label; where they spread by more than ``TOLERANCE`` the
weight is 0, which takes those pixels out of the loss (consistency under flips and scales as a measure of confidence:
data distillation, arXiv 1712.04440).

Labels are written as the generic reader takes them: ``images/GROUP/NAME.*``, ``masks/GROUP/NAME.png`` and
``weights/GROUP/NAME.png`` (8-bit, 255 = 1), GROUP being the repository or the clip, with all folders in it; and beside them
who made them (rtskin.train.terms.labels).
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from rtskin.errors import InputError, MissingExtraError, ModelError
from rtskin.files import write_bytes
from rtskin.train import label_sources
from rtskin.train.data.imaging import cv2
from rtskin.train.terms import labels, origins

if TYPE_CHECKING:
    from rtskin.infer.cards import Card

#: Largest standard deviation of the views' answers that is still believed. Three sure views of four that outvote the
#: fourth spread by 0.43, a tie by 0.5.
TOLERANCE = 0.45
#: Side of the quarters, as a part of the picture's.
TILE = 0.6
#: Pictures with a larger share of skin are not looked at in quarters: of a hand that fills the picture a quarter shows
#: a surface without a shape.
SMALL_SKIN = 0.08
#: A picture of people in which the teacher sees less skin than this has been misunderstood: left out.
LEAST_SKIN = 0.003
Array = np.ndarray[Any, Any]
#: uint8 H×W×3 BGR → probability of skin, float32 H×W.
Predict = Callable[[Array], Array]


Window = tuple[slice, slice]


@dataclass(frozen=True)
class Teacher:
    """One network of an ensemble, how much its word counts, and on what terms it may be learnt from."""

    predict: Predict
    weight: float = 1.0
    maker: labels.Maker = labels.NOBODY_KNOWS


@dataclass
class Labelled:
    """What :func:`label` did: pictures written, left out for lack of skin, and broken (by name)."""

    written: int = 0
    without_skin: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def label(
    sources: list[Path],
    out: Path,
    teachers: Sequence[Teacher],
    frames: int = 15,
    least_skin: float = LEAST_SKIN,
    progress: Callable[[str], None] = lambda name: None,
) -> Labelled:
    """Label image folders and clips (``frames`` spread over each) into ``out``, and write down there who did it.

    What is there already is kept, so an interrupted run goes on. InputError for a clip that is kept for measuring, and for
    two pictures that would have the same name (see rtskin.train.label_sources).
    """
    if not teachers:
        raise InputError("name at least one teacher with --teacher")
    label_sources.check(sources)
    labels.note(out, [teacher.maker for teacher in teachers])
    done = Labelled()
    for source in sources:
        for name, place, image in label_sources.pictures(source, frames, done.broken):
            if (out / "masks" / f"{name}.png").exists():
                done.written += 1
                continue
            mask, weight = agree(image, teachers)
            if (mask > 0.5).mean() < least_skin:
                done.without_skin.append(str(name))
                continue
            _write(out, name, place, image, mask, weight)
            done.written += 1
            progress(str(name))
    return done


def agree(image: Array, teachers: Sequence[Teacher]) -> tuple[Array, Array]:
    """(label, weight) of a uint8 H×W×3 BGR picture: float32 H×W in 0…1, weight 0 or 1."""
    height, width = image.shape[:2]
    total, mean, square = (np.zeros((height, width), np.float32) for _ in range(3))

    def add(window: Window, flip: bool, taper: Array | float = 1.0) -> None:
        for teacher in teachers:
            view = image[window][:, ::-1] if flip else image[window]
            found = teacher.predict(np.ascontiguousarray(view))
            found = found[:, ::-1] if flip else found
            counts = teacher.weight * taper
            total[window] += counts
            mean[window] += counts * found
            square[window] += counts * found * found

    whole = (slice(0, height), slice(0, width))
    add(whole, False)
    add(whole, True)
    if (mean >= 0.5 * total).mean() < SMALL_SKIN:
        for number, (window, taper) in enumerate(_quarters(height, width)):
            add(window, number in (1, 2), taper)
    mean /= total
    spread = np.sqrt(np.maximum(square / total - mean * mean, 0))
    return mean, (spread <= TOLERANCE).astype(np.float32)


def _quarters(height: int, width: int) -> Iterator[tuple[Window, Array]]:
    """Four windows, and how much each of their pixels counts: less towards edges that cut through the picture."""
    rows, columns = max(1, round(height * TILE)), max(1, round(width * TILE))
    down, across = (np.minimum(1, np.linspace(0, 4, length, dtype=np.float32)) for length in (rows, columns))
    for low, right in ((False, False), (False, True), (True, False), (True, True)):
        top, left = (height - rows) * low, (width - columns) * right
        taper = np.outer(down if low else down[::-1], across if right else across[::-1])
        yield (slice(top, top + rows), slice(left, left + columns)), taper


def open_teacher(name: str, threads: int | None = None) -> Teacher:
    """A teacher by the name or path of its card, or by an ONNX file that takes ImageNet-normalised RGB and gives
    probabilities with skin first; ``name=0.75`` says how much it counts. ModelError where it cannot be loaded."""
    from rtskin.frame import BgrPicture, Frame, SourceInfo
    from rtskin.infer.base import load_segmenter

    name, _, weight = name.partition("=")
    card = _plain_card(Path(name)) if name.endswith(".onnx") else name
    segmenter = load_segmenter(card, threads=threads, size="still")
    segmenter.warm_up()

    def predict(image: Array) -> Array:
        height, width = image.shape[:2]
        frame = Frame(0, BgrPicture(image), SourceInfo("image", width, height))
        scores: Array = segmenter.infer(segmenter.prepare(frame)).data
        if scores.dtype == np.uint8:
            scores = scores.astype(np.float32) / 255
        found: Array = cv2.resize(scores, (width, height), interpolation=cv2.INTER_LINEAR)
        return found

    share = _share(name, weight)
    return Teacher(predict, share, _maker(name, segmenter.card, share))


def _maker(name: str, card: Card, share: float) -> labels.Maker:
    """``name``: as it was asked for. card: of what answers to it, which for a bare file was made up here."""
    own = origins.card_of(Path(name)) if name.endswith(".onnx") else card.path
    weights = card.weights_path
    digest = None if weights is None else hashlib.sha256(weights.read_bytes()).hexdigest()
    if own is None:
        return labels.Maker(card.name, share, sha256=digest)
    origin = origins.of_card(own)
    return labels.Maker(origin.name, share, origin.ship, origin.terms, digest)


def _share(name: str, weight: str) -> float:
    try:
        value = float(weight or 1)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise InputError(f"--teacher {name}={weight}: the weight is a number above 0")
    return value


def _plain_card(path: Path) -> Card:
    """What most published networks take. Aspect kept: small faces matter more than the padding costs."""
    from rtskin.infer.cards import Card

    height, width = _input_size(path)
    return Card.parse({
        "name": re.sub(r"[^A-Za-z0-9._-]", "-", path.stem),
        "architecture": "network",
        "input": {
            "width": width, "height": height, "fit": "letterbox", "scale": 1 / 255,
            "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225],
        },
        "weights": {"path": str(path.absolute())},
    }, str(path))  # fmt: skip


def _input_size(path: Path) -> tuple[int, int]:
    """(height, width) of the first input of an ONNX file."""
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError("onnx", "train", "labelling") from error
    try:
        model = onnx.load(str(path), load_external_data=False)
        sizes = [axis.dim_value for axis in model.graph.input[0].type.tensor_type.shape.dim]
    except Exception as error:
        raise ModelError(f"{path} cannot be loaded as a teacher: {error}") from error
    if len(sizes) != 4 or not all(sizes[2:]):
        raise ModelError(f"{path} has no fixed input size; write a card for it and give that")
    return sizes[2], sizes[3]


def _write(out: Path, name: PurePosixPath, place: Path | None, image: Array, mask: Array, weight: Array) -> None:
    for kind in ("images", "masks", "weights"):
        (out / kind / name).parent.mkdir(parents=True, exist_ok=True)
    if place is not None:
        shutil.copyfile(place, out / "images" / name.parent / place.name)
    else:
        _png(out / "images" / f"{name}.jpg", image)
    _png(out / "weights" / f"{name}.png", (weight * 255).astype(np.uint8))
    # The mask comes last: it is the mark that this picture is complete.
    _png(out / "masks" / f"{name}.png", np.rint(mask * 255).astype(np.uint8))


def _png(path: Path, image: Array) -> None:
    options = [cv2.IMWRITE_JPEG_QUALITY, 95] if path.suffix == ".jpg" else []
    write_bytes(path, cv2.imencode(path.suffix, image, options)[1].data, overwrite=True)
