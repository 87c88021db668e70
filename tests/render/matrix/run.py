"""One kind of source through all outputs."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from rtskin.capture import open_source
from rtskin.frame import Mask
from tests.capture.media import make_video
from tests.matrix import FRAMES, KINDS, MORE
from tests.render.matrix.cells import backdrop, cells, soft_mask, write_all
from tests.render.matrix.checks import faults, truth_of
from tests.render.matrix.reading import PROGRAM

ALL = {**KINDS, **MORE}


def results(kind: str, folder: Path, frames: int = FRAMES, program: bool = PROGRAM) -> dict[str, list[str]]:
    """What is wrong with each output (by its title) of the first ``frames`` frames. program: the programs ffmpeg and ffprobe
    look at them, too."""
    path = ALL[kind](folder)
    others = make_video(folder / "behind.mp4", 5, size=(80, 60))
    everything = cells(backdrop(folder / "behind.png"), others)
    with open_source(path) as source:
        given = list(islice(source, frames))
    masks = [Mask(frame, soft_mask(frame.width, frame.height, frame.seq)) for frame in given]
    errors = write_all(masks, everything, folder)
    truth = truth_of(path, given, masks, program)
    return {
        cell.title: [errors[cell]] if cell in errors else faults(cell, folder / cell.name, truth) for cell in everything
    }
