"""The frame with its regions: what the feed says of them, drawn where it is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from rtskin.frame import U8, Mask, Region, Regions
from rtskin.render.views import Bgr, draws_regions, unmirrored
from rtskin.render.views.marks import WHITE, Marks, Point, color_of

#: The arrow shows where the middle would be after so many seconds.
AHEAD = 0.25
#: Events shown at once.
EVENTS = 4
#: Regions that get a plate with text; more would hide the picture (and cost 0.05 ms each).
PLATES = 24
#: The bones of a hand, as pairs of its 21 landmarks: from the wrist along each finger, and across the palm.
_FINGERS = [(0, 1, 2, 3, 4), (0, 5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16), (0, 17, 18, 19, 20), (5, 9, 13, 17)]
BONES = np.array([pair for finger in _FINGERS for pair in pairwise(finger)])


@draws_regions
@unmirrored
def rois(picture: U8, mask: Mask, out: U8) -> U8:
    """uint8 H×W×3: boxes (dashed: held), ids, labels with their score, sides, gestures, outlines, landmarks, where the
    middle comes from and goes to, and the latest events. The picture alone where the mask has no regions."""
    np.copyto(out, picture)
    if mask.regions is None:
        return out
    marks = Marks(out)
    for region in reversed(mask.regions.regions):  # the largest on top
        _shape(marks, region, mask.regions.trails.get(region.id, ()))
    for region in mask.regions.regions[:PLATES]:
        x, y, width, height = region.box
        marks.plate(caption(region), (int(x), int(y), int(x + width), int(y + height)), color_of(region.id))
    marks.corner([(text, color_of(number)) for text, number in _events(mask.regions)])
    return out


def caption(region: Region) -> str:
    """What the plate says: "3 left hand 0.97 thumb up"."""
    known = [region.side, region.label, f"{region.label_score:.2f}" if region.label_score else None]
    gesture = region.gesture.replace("_", " ") if region.gesture else None
    words = [str(region.id), *known, gesture, "held" if region.state == "held" else None]
    # The font has no other letters.
    return " ".join(word for word in words if word).encode("ascii", "replace").decode()


def _shape(marks: Marks, region: Region, trail: tuple[Point, ...]) -> None:
    color, (x, y, width, height) = color_of(region.id), region.box
    _tail(marks, trail, color)
    if len(region.polygon) > 2:
        marks.path(region.polygon, color, closed=True, width=1)
    marks.box(x, y, x + width, y + height, color, dashed=region.state == "held")
    middle = (x + width / 2, y + height / 2)
    marks.arrow(middle, (middle[0] + AHEAD * region.velocity[0], middle[1] + AHEAD * region.velocity[1]), color)
    if region.landmarks is not None and len(region.landmarks) == 21:
        _skeleton(marks, np.array(region.landmarks)[:, :2], color)


def _tail(marks: Marks, trail: tuple[Point, ...], color: Bgr) -> None:
    """Thinner the longer ago."""
    half = len(trail) // 2
    marks.path(trail[: half + 1], color, width=marks.line)
    marks.path(trail[half:], color, width=marks.line + 2)


def _skeleton(marks: Marks, points: npt.NDArray[np.float64], color: Bgr) -> None:
    marks.segments(points[BONES], WHITE)
    marks.dots(points, color)


def _events(regions: Regions) -> list[tuple[str, int]]:
    latest = regions.recent[-EVENTS:]
    return [(f"{event.kind} {event.id} {event.label}", event.id) for event in latest]
