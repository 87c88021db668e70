"""Motion clips made from labelled stills: who moves before what, and how.

A real clip has no exact truth for each frame, a still has no motion. So a subject is cut out of its picture, by the label
map where the set has ``labels/`` (all that is not background, 0, is the person), else by its mask (a hand), and moved
before a picture without skin: :class:`~rtskin.evaluate.video.scene.MotionClip`. Compositing of labelled subjects for
video is how matting is trained and measured too (arXiv 2108.11515).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np

from rtskin.errors import InputError
from rtskin.evaluate.datasets import Dataset
from rtskin.evaluate.video.paths import F64, MOTIONS
from rtskin.evaluate.video.scene import Layer, MotionClip
from rtskin.frame import U8
from rtskin.train.data import sets
from rtskin.train.data.crops import Shape
from rtskin.train.data.imaging import BrokenImageError, find_images
from rtskin.train.data.sets import Picture

__all__ = ["FRAMES", "SIZE", "MotionClip", "Subjects", "motion_clips", "subjects_of"]

#: Frames of a clip, and its size, where nothing is said.
FRAMES, SIZE = 48, (1280, 720)
#: Of the frame, at its first one: fewer show nothing, more leave no background.
SKIN = (0.004, 0.5)


@dataclass(frozen=True)
class Subjects:
    """Who can be cut out: pictures with masks. labels: by the image's stem; empty where masks cut them out."""

    dataset: Dataset
    labels: dict[str, Path]

    @property
    def people(self) -> bool:
        """Cut out as people; else what is cut out is skin alone (hands)."""
        return bool(self.labels)


def subjects_of(dataset: Dataset) -> Subjects:
    """The pictures of a set with the label maps in its folder's ``labels/``, where there is one."""
    folder = dataset.path / "labels"
    return Subjects(dataset, {path.stem: path for path in find_images(folder)} if folder.is_dir() else {})


def motion_clips(
    subjects: Sequence[Subjects],
    grounds: Dataset,
    count: int,
    *,
    frames: int = FRAMES,
    size: Shape = SIZE,
    seed: int = 0,
    kinds: Sequence[str] = (),
) -> list[MotionClip]:
    """``count`` clips, the kinds of motion in turn; each has a subject and a background of its own while they last.

    kinds: of MOTIONS, instead of all that the subjects can do: "wave" needs hands (a set without ``labels/``), the others
    people. InputError: nobody can be cut out, or nobody for a kind.
    """
    people = _shuffled([one for one in subjects if one.people], seed)
    hands = _shuffled([one for one in subjects if not one.people], seed)
    able = [kind for kind, motion in MOTIONS.items() if (hands if motion.swing else people)]
    wanted = list(kinds) or able
    for kind in wanted:
        if kind not in able:
            raise InputError(_unable(kind))
    if not wanted:
        raise InputError("there is nobody to cut out: name a folder with images/, masks/ and labels/ (or hands)")
    backs = _Endless(_mixed(_shuffled([Subjects(grounds, {})], seed)))
    pools = {True: _Endless(hands), False: _Endless(people)}
    return [
        _clip(wanted[number % len(wanted)], pools[MOTIONS[wanted[number % len(wanted)]].swing], backs, frames, size,
              (seed, number))
        for number in range(count)
    ]  # fmt: skip


def _unable(kind: str) -> str:
    if kind not in MOTIONS:
        return f"there is no motion called {kind!r}; there are: {', '.join(MOTIONS)}"
    if MOTIONS[kind].swing:
        return f"{kind!r} needs a set of hands: a folder with images/ and masks/, and no labels/"
    return f"{kind!r} needs people: a folder with images/, masks/ and labels/"


class _Endless:
    """Items in turn, from the beginning again where they are used up."""

    def __init__(self, items: list[sets.Item]) -> None:
        self.items, self._next = items, 0
        self._reader = sets.Reader()

    def __iter__(self) -> Iterator[tuple[str, Picture]]:
        """Each one once, beginning after the one that was taken last; what cannot be read is passed over."""
        for _ in self.items:
            item = self.items[self._next % len(self.items)]
            self._next += 1
            try:
                yield item.group, self._reader.read(item)
            except BrokenImageError:
                continue


def _shuffled(subjects: Sequence[Subjects], seed: int) -> list[sets.Item]:
    items = [
        sets.Item(item.image, item.mask, None, Path(item.key).stem, one.labels.get(item.image.stem))
        for one in subjects
        for item in one.dataset.items
        if not one.people or item.image.stem in one.labels
    ]
    np.random.default_rng([seed, len(items)]).shuffle(items)
    return items


def _mixed(items: list[sets.Item]) -> list[sets.Item]:
    """One of each folder in turn: a folder is a source, and many pictures of one kind would make all clips alike."""
    folders: dict[Path, list[sets.Item]] = {}
    for item in items:
        folders.setdefault(Path(str(item.image)).parent, []).append(item)
    rounds = zip_longest(*folders.values())
    return [item for one in rounds for item in one if item is not None]


def _clip(kind: str, pool: _Endless, backs: _Endless, frames: int, size: Shape, seed: tuple[int, int]) -> MotionClip:
    """With the next subject that shows enough skin, and the next background."""
    back = next(iter(backs), None)
    if back is None:
        raise InputError("not one picture for the background can be decoded")
    rng = np.random.default_rng([*seed, 0, 3])
    draw = rng.random(2)
    for name, picture in pool:
        layer = _subject(picture, size, draw)
        if layer is None:
            continue
        clip = MotionClip(f"{kind}-{name}", kind, layer, _ground(back[1].image, size), size, frames, seed)
        if SKIN[0] <= float((clip.truth(0) >= 128).mean()) <= SKIN[1]:
            return clip
    raise InputError(f"not one of {len(pool.items)} subjects shows enough skin for a clip of kind {kind!r}")


def _subject(picture: Picture, size: Shape, draw: F64) -> Layer | None:
    """Placed as webcams show people: near the middle, the head below the upper edge; None: nobody is there."""
    labelled = picture.labels.size > 0
    inside = picture.labels > 0 if labelled else picture.mask > 127
    alpha: U8 = inside.astype(np.uint8) * 255
    rows, columns = np.nonzero(inside.any(axis=1))[0], np.nonzero(inside.any(axis=0))[0]
    if not len(rows):
        return None
    tall, wide = rows[-1] + 1 - rows[0], columns[-1] + 1 - columns[0]
    # People from the knees up to head and shoulders, as before a webcam; hands nearly as large as the picture.
    scale = size[1] * ((1.2 + 1.4 * draw[0]) if labelled else 0.85) / tall
    scale = min(scale, size[0] * 0.9 / wide)
    top = size[1] * 0.08 if labelled else size[1] * 1.12 - tall * scale  # hands reach in from below
    middle = size[0] * (0.5 + 0.12 * (draw[1] - 0.5))
    place = np.diag([scale, scale, 1.0])
    place[:2, 2] = middle - scale * (columns[0] + columns[-1] + 1) / 2, top - scale * rows[0]
    return Layer(picture.image, picture.mask, alpha, place)


def _ground(image: U8, size: Shape) -> Layer:
    """Covers the frame, and a tenth more for the camera to move in."""
    height, width = image.shape[:2]
    scale = 1.1 * max(size[0] / width, size[1] / height)
    place = np.diag([scale, scale, 1.0])
    place[:2, 2] = (size[0] - scale * width) / 2, (size[1] - scale * height) / 2
    none = np.zeros((height, width), np.uint8)
    return Layer(image, none, none, place)
