"""Labels of collected regions: by the rule (rtskin.train.regions.decide), and in clips by what they are before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

from rtskin.train.regions.collect import SEEN, Regions
from rtskin.train.regions.decide import FACE, HAND, LABELS, OTHER, PIECE, decide
from rtskin.train.regions.recipe import RegionRecipe

#: What nobody can say.
UNKNOWN = -1
#: Boxes of one thing in two frames share this much.
SAME = 0.25
#: What is called the same so often, and in this share of the frames where it is called anything, is that.
OFTEN, AGREE = 3, 0.75
Array = np.ndarray[Any, Any]


def labels_of(recipe: RegionRecipe, name: str, regions: Regions) -> Array:
    """int64 N: FACE, HAND, OTHER or UNKNOWN of each region of the set called ``name``."""
    spec = next(one for one in recipe.data if one.name == name)
    if spec.skinless:
        return np.full(len(regions.names), OTHER)
    said = (decide(regions.seen(index)) for index in range(len(regions.names)))
    labels = np.array([UNKNOWN if label is None else label for label in said])
    return along(regions.names, regions.boxes, labels) if spec.moves else labels


def alike(regions: Regions, labels: Array) -> Array:
    """bool N: any piece of the region is what the region is: of hands those without an arm, and all that is other."""
    within = regions.evidence[:, SEEN.index("in_hand")] >= PIECE
    return np.asarray((labels == OTHER) | ((labels == HAND) & within))


def along(names: Sequence[str], boxes: Array, labels: Array) -> Array:
    """``labels`` (int64 N), where a thing in a clip is a face or a hand in most frames: in all of them, if in doubt.

    Detectors miss hands that are blurred by motion, and those are what is to be learned. Names are set/clip/frame#view.n, of
    each clip in the order of its frames; boxes are N×4. Closer views (from 1 on) are of another place in each frame, and
    show what they show.
    """
    told = labels.copy()
    whole = [index for index, name in enumerate(names) if _view(name) == "0"]
    for track in _tracks(names, boxes, whole):
        sure = labels[track][labels[track] != UNKNOWN]
        for kind in (FACE, HAND):
            if (sure == kind).sum() >= max(OFTEN, AGREE * len(sure)):
                own = labels[track]
                told[track] = np.where(own == UNKNOWN, kind, np.where(own == kind, kind, UNKNOWN))
    return told


def _tracks(names: Sequence[str], boxes: Array, among: Sequence[int]) -> list[list[int]]:
    """Of the indices ``among``, those of what is one thing, by boxes that lie on each other from one frame to the next."""
    done: list[list[int]] = []
    open_: list[list[int]] = []
    for (clip, _), group in groupby(among, key=lambda index: _place(names[index])):
        free = [track for track in open_ if _place(names[track[-1]])[0] == clip]
        open_ = []
        for index in group:
            shares = [_shared(boxes[index], boxes[track[-1]]) for track in free]
            best = int(np.argmax(shares)) if shares else 0
            track = free.pop(best) if shares and shares[best] >= SAME else []
            if not track:
                done.append(track)
            track.append(index)
            open_.append(track)
    return done


def _place(name: str) -> tuple[str, str]:
    """(clip, frame)."""
    clip, _, frame = name.partition("#")[0].rpartition("/")
    return clip, frame


def _view(name: str) -> str:
    return name.partition("#")[2].partition(".")[0]


def _shared(one: Array, other: Array) -> float:
    """Intersection over union."""
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[:2] + one[2:], other[:2] + other[2:])
    both = float(np.prod(np.maximum(high - low, 0)))
    return both / (float(np.prod(one[2:]) + np.prod(other[2:])) - both)


def counts(recipe: RegionRecipe, name: str, regions: Regions) -> str:
    """How many of each: "12 face, 5 hand, 7 other, 3 left out"."""
    found = Counter(labels_of(recipe, name, regions).tolist())
    told = [f"{found[number]} {label}" for number, label in enumerate(LABELS)]
    return ", ".join([*told, f"{found[UNKNOWN]} left out"])
