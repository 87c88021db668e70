"""A video of two ways beside each other: the overlay with the first, and with the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from rtskin.evaluate.video.deliver import Way, masks
from rtskin.frame import U8, Mask, Rendered
from rtskin.media import cv2
from rtskin.node import Context
from rtskin.render.sinks.file import FileSink
from rtskin.render.views.overlay import overlay


def write_beside(source: Path, left: Way, right: Way, path: Path) -> int:
    """Every frame of ``source`` in ``path`` (.mp4, .mkv, .mov), overlays of ``left`` and ``right``, at its own time, without
    sound; how many frames. SinkError where it cannot be written; errors of the graph go through."""
    sink = FileSink(path=path, overwrite=True, audio=False)
    count = 0
    try:
        sink.open(Context())
        for picture in _pictures(source, left, right):
            sink.process(picture)
            count += 1
        sink.finish()
    finally:
        sink.close()
    return count


def _pictures(source: Path, left: Way, right: Way) -> Iterator[Rendered]:
    for one, other in zip(masks(source, left), masks(source, right), strict=True):
        halves = [_captioned(_overlay(mask), way.method.label) for mask, way in ((one, left), (other, right))]
        yield Rendered(replace(one.frame), np.ascontiguousarray(np.hstack(halves)), "beside")


def _overlay(mask: Mask) -> U8:
    out = np.empty((*mask.data.shape, 3), np.uint8)
    return overlay(mask.frame.bgr, mask, out)


def _captioned(picture: U8, text: str) -> U8:
    size = picture.shape[0] / 720
    place = round(16 * size) + 4, round(40 * size) + 8
    for colour, width in (((0, 0, 0), 4), ((255, 255, 255), 1)):
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5 + 0.5 * size, colour, width, cv2.LINE_AA)
    return picture
