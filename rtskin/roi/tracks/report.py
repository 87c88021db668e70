"""What is said of a track: a Region of the frame."""

from __future__ import annotations

import numpy as np

from rtskin.frame import Box, Region
from rtskin.roi.squares import square_around
from rtskin.roi.tracks.track import Track

#: Side of the padded square, of the longer side of its box: a detector wants to see some of what is around.
PADDED = 1.3


def as_region(track: Track, now: float, frame_size: tuple[int, int], *, seen: bool, steady: bool) -> Region | None:
    """None where nothing of it is expected inside the frame. seen: in this frame. steady: its box is to stand still."""
    raw = track.region.box if seen else track.filter.box
    box = clipped(track.steady.box if seen and steady else raw, frame_size)
    if box is None:
        return None
    label, label_score = track.votes.best
    return Region(
        id=track.id,
        box=box,
        area=track.region.area,
        score=track.region.score,
        label=label,
        label_score=label_score,
        polygon=_polygon(track, (0.0, 0.0) if seen else track.moved(), box, frame_size),
        crop_box=square_around(box, PADDED),
        velocity=track.filter.velocity,
        age=now - track.first,
        state="tracked" if seen else "held",
    )


def clipped(box: Box, frame_size: tuple[int, int]) -> Box | None:
    """The part of a box that is inside the frame; None where it is less than a pixel."""
    x, y = max(0.0, box[0]), max(0.0, box[1])
    w, h = min(float(frame_size[0]), box[0] + box[2]) - x, min(float(frame_size[1]), box[1] + box[3]) - y
    return (x, y, w, h) if w >= 1 and h >= 1 else None


def _polygon(
    track: Track, moved: tuple[float, float], box: Box, frame_size: tuple[int, int]
) -> tuple[tuple[float, float], ...]:
    """Its outline, moved along with what is covered, inside the frame; that of its box where it is too thin for one.

    (That of what is seen lies inside anyway.)
    """
    points = track.region.outline
    if points is None or len(points) < 3:
        x, y, w, h = box
        return (x, y), (x + w, y), (x + w, y + h), (x, y + h)
    if moved != (0.0, 0.0):
        points = np.clip(points + np.array(moved, np.float32), 0, np.array(frame_size, np.float32))
    corners: list[tuple[float, float]] = list(map(tuple, points.tolist()))
    return tuple(corners)
