"""Close-ups of the faces in a set: each cut out of its picture with some room around it, and enlarged.

Faces are found by scikit-image's local-binary-pattern cascade (frontal faces; its weights come with the package), and its
many false alarms are told by the truth: a face is an area that is mostly skin, with hair or background above it. So a face
that the truth does not show as skin is not cut out, and profiles are rare. The same pictures always give the same boxes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from rtskin.errors import InputError, MissingExtraError
from rtskin.evaluate.datasets import Dataset, Item, Reader
from rtskin.evaluate.enlarge import Rect
from rtskin.evaluate.metrics import HALF
from rtskin.frame import U8
from rtskin.media import cv2
from rtskin.train.data.imaging import BrokenImageError

#: Smallest face in pixels: smaller ones have too little in them to be enlarged.
SMALLEST = 24
#: Room to each side of the face's box, as a part of its side: hair, ears, neck and some of what is behind.
MARGIN = 0.6
#: Least share of skin in the box; largest share in the strip above it, a quarter of the box high (more: an arm, a leg, a
#: part of a face that fills the picture).
_SKIN, _ABOVE = 0.4, 0.4
#: Boxes that share more than this part of the smaller one are one face.
_SAME = 0.3
#: The cascade was trained on 24×24 windows: pictures with a smaller long side are searched at twice their size.
_SMALL_PICTURE = 500


def crop_faces(dataset: Dataset, progress: Callable[[int, int], None] | None = None) -> Dataset:
    """The set's faces as a set of its own; InputError without any, MissingExtraError without scikit-image.

    Pictures that cannot be decoded are left out.
    """
    detect, items = _detector(), []
    with Reader() as read:
        for done, item in enumerate(dataset.items, 1):
            try:
                image, truth = read(item)
            except BrokenImageError:
                continue
            items += [_cut(item, box, image) for box in faces(image, truth, detect)]
            if progress is not None:
                progress(done, len(dataset.items))
    if not items:
        raise InputError(f"there are no faces of at least {SMALLEST} pixels in {dataset.path}; leave out --crops")
    return replace(dataset, name=f"{dataset.name} faces", items=items)


def faces(image: U8, truth: U8, detect: Callable[[U8], list[Rect]]) -> list[Rect]:
    """Boxes of the faces in uint8 H×W×3 BGR, with the truth uint8 H×W; from the left to the right."""
    factor = 2 if max(image.shape[:2]) < _SMALL_PICTURE else 1
    searched = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC) if factor > 1 else image
    skin = truth >= HALF
    found = [_scaled(box, factor) for box in detect(searched)]
    likely = [box for box in found if box[2] >= SMALLEST and _is_face(skin, box)]
    kept: list[Rect] = []
    for box in sorted(likely, key=lambda box: (-box[2] * box[3], box)):
        if all(_shared(box, other) <= _SAME for other in kept):
            kept.append(box)
    return sorted(kept)


def with_margin(box: Rect, width: int, height: int) -> Rect:
    """The box with its room, inside of a picture of that size."""
    x, y, w, h = box
    left, top = max(0, round(x - MARGIN * w)), max(0, round(y - MARGIN * h))
    right, bottom = min(width, round(x + w + MARGIN * w)), min(height, round(y + h + MARGIN * h))
    return left, top, right - left, bottom - top


def _cut(item: Item, box: Rect, image: U8) -> Item:
    x, y, width, height = with_margin(box, image.shape[1], image.shape[0])
    return replace(item, key=f"{item.key}@{x},{y},{width}x{height}", box=(x, y, width, height))


def _detector() -> Callable[[U8], list[Rect]]:
    try:
        from skimage.data import lbp_frontal_face_cascade_filename
        from skimage.feature import Cascade
    except ImportError as error:
        raise MissingExtraError("scikit-image", "eval", "finding faces (--crops faces)") from error
    cascade: Any = Cascade(lbp_frontal_face_cascade_filename())

    def detect(image: U8) -> list[Rect]:
        longest = min(image.shape[:2])
        if longest < SMALLEST:
            return []
        found = cascade.detect_multi_scale(
            np.ascontiguousarray(image[:, :, ::-1]),
            scale_factor=1.15,
            step_ratio=1,
            min_size=(SMALLEST, SMALLEST),
            max_size=(longest, longest),
        )
        return [(int(one["c"]), int(one["r"]), int(one["width"]), int(one["height"])) for one in found]

    return detect


def _is_face(skin: Any, box: Rect) -> bool:
    x, y, w, h = box
    above = skin[max(0, y - h // 4) : y, x : x + w]
    return bool(skin[y : y + h, x : x + w].mean() >= _SKIN and (not above.size or above.mean() <= _ABOVE))


def _shared(one: Rect, other: Rect) -> float:
    """What two boxes share, as a part of the smaller."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(0, across) * max(0, down) / min(one[2] * one[3], other[2] * other[3])


def _scaled(box: Rect, factor: int) -> Rect:
    x, y, width, height = (side // factor for side in box)
    return x, y, width, height
