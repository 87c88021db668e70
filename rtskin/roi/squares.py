"""The square around a region, for whoever wants to see what is beside it too."""

from __future__ import annotations

from rtskin.frame import Box


def square_around(box: Box, room: float) -> Box:
    """The square around the middle of a box (x, y, w, h), its side ``room`` times the longer side (of a pixel at least).

    It may reach over the frame's border.
    """
    x, y, w, h = box
    side = max(w, h, 1.0) * room
    return x + (w - side) / 2, y + (h - side) / 2, side, side
