"""A clip's figures, gathered frame by frame: nothing of the frames is kept but the last ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

import numpy as np

from rtskin.evaluate.metrics import HALF
from rtskin.evaluate.video import temporal
from rtskin.evaluate.video.area import jitter
from rtskin.evaluate.video.delay import STRAIGHT, centroid, delay
from rtskin.evaluate.video.paths import LINES
from rtskin.evaluate.video.scene import MotionClip
from rtskin.evaluate.video.warping import Motion, warping_error
from rtskin.frame import U8

#: By metric; None: this clip cannot tell.
Figures = Mapping[str, float | None]
#: Frames before and after whose skin makes the window that a centroid is taken in, and what it grows by at 720 lines.
_WINDOW, _MARGIN = 6, 24
#: IoU from which a mask's centroid is the skin's: a mask that is mostly elsewhere is neither early nor late.
_FOUND = 0.3


class MotionTally:
    """Masks of a motion clip, in order → its figures."""

    def __init__(self, clip: MotionClip) -> None:
        self._clip = clip
        self._before: tuple[U8, U8] | None = None
        self._earlier: deque[U8] = deque(maxlen=temporal.RECENT)
        self._ious: list[float] = []
        self._means: dict[str, list[float]] = {"dtssd": [], "messddt": []}
        self._parts = {"flicker": [0.0, 0], "trail": [0.0, 0]}
        self._paths: tuple[list[tuple[float, float]], list[tuple[float, float]]] = ([], [])
        self._areas: list[float] = []
        self._windows = Windows(clip)

    def add(self, mask: U8) -> None:
        """The next frame's mask, uint8 H×W."""
        number = len(self._areas)
        truth = self._windows.truth(number)
        self._areas.append(float(mask.mean(dtype=np.float64)) / 255)
        found, skin = mask >= HALF, truth >= HALF
        if skin.any():
            self._ious.append(int(np.count_nonzero(found & skin)) / int(np.count_nonzero(found | skin)))
        if self._before is not None:
            before, truth_before = self._before
            self._means["dtssd"].append(temporal.dtssd(mask, before, truth, truth_before))
            error = temporal.messddt(before, mask, truth_before, truth, self._clip.flow(number - 1))
            self._means["messddt"] += [] if error is None else [error]
            self._count("flicker", temporal.flicker(mask, before, truth, truth_before))
        self._count("trail", temporal.trail(mask, truth, self._earlier))
        window = self._windows(number)
        for path, plane in zip(self._paths, (mask, truth), strict=True):
            path.append((window and centroid(plane, window)) or (np.nan, np.nan))
        self._before = mask, truth
        self._earlier.append(truth)

    def figures(self) -> Figures:
        """iou, dtssd, messddt, flicker, trail, delay, area (%), jitter."""
        mine, true = (np.array(path, np.float64) for path in self._paths)
        late = delay(mine, true, STRAIGHT * self._clip.size[1] / LINES)
        iou = mean(self._ious)
        return {
            "iou": iou,
            **{name: mean(values) for name, values in self._means.items()},
            "flicker": self._share("flicker", 1000),
            "trail": self._share("trail", 1),
            "delay": late if iou is not None and iou >= _FOUND else None,
            "area": 100 * float(np.mean(self._areas)) if self._areas else None,
            "jitter": jitter(self._areas),
        }

    def _count(self, name: str, parts: temporal.Parts) -> None:
        self._parts[name][0] += parts[0]
        self._parts[name][1] += parts[1]

    def _share(self, name: str, factor: float) -> float | None:
        over, under = self._parts[name]
        return factor * over / under if under else None


class Windows:
    """Truths of a clip, each made once while it is needed, and the window around the skin of the frames about one.

    The window is as far before as after, so that it cuts nothing off on the side that a late mask is on; it keeps false skin
    elsewhere from pulling at the centroid.
    """

    def __init__(self, clip: MotionClip) -> None:
        self._clip = clip
        self._truths: dict[int, U8] = {}
        self._boxes: dict[int, tuple[int, int, int, int] | None] = {}
        self._margin = round(_MARGIN * clip.size[1] / LINES)

    def truth(self, number: int) -> U8:
        """uint8 H×W."""
        if number not in self._truths:
            self._truths[number] = self._clip.truth(number)
            for old in [key for key in self._truths if key < number - 2 * _WINDOW]:
                del self._truths[old]
        return self._truths[number]

    def __call__(self, number: int) -> tuple[slice, slice] | None:
        """Rows and columns; None where there is no skin about."""
        about = range(max(0, number - _WINDOW), min(self._clip.frames, number + _WINDOW + 1))
        boxes = [box for box in map(self._box, about) if box is not None]
        if not boxes:
            return None
        tops, bottoms, lefts, rights = zip(*boxes, strict=True)
        grow = self._margin
        return (
            slice(max(0, min(tops) - grow), max(bottoms) + grow),
            slice(max(0, min(lefts) - grow), max(rights) + grow),
        )

    def _box(self, number: int) -> tuple[int, int, int, int] | None:
        if number not in self._boxes:
            skin = self.truth(number) >= HALF
            rows, columns = np.nonzero(skin.any(axis=1))[0], np.nonzero(skin.any(axis=0))[0]
            ends = (int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1) if len(rows) else None
            self._boxes[number] = ends
        return self._boxes[number]


class RealTally:
    """Masks of a clip without truth, in order → its figures. motions: between each frame and the next."""

    def __init__(self, motions: Callable[[int], Motion | None]) -> None:
        self._motions = motions
        self._before: U8 | None = None
        self._errors: list[float] = []
        self._areas: list[float] = []

    def add(self, mask: U8) -> None:
        """The next frame's mask, uint8 H×W."""
        number = len(self._areas)
        self._areas.append(float(mask.mean(dtype=np.float64)) / 255)
        motion = self._motions(number - 1) if self._before is not None else None
        if self._before is not None and motion is not None:
            error = warping_error(self._before, mask, motion)
            self._errors += [] if error is None else [error]
        self._before = mask

    def figures(self) -> Figures:
        """warping, jitter, area (%)."""
        area = 100 * float(np.mean(self._areas)) if self._areas else None
        return {"warping": mean(self._errors), "jitter": jitter(self._areas), "area": area}


def mean(values: list[float]) -> float | None:
    """None of nothing."""
    return float(np.mean(values)) if values else None
