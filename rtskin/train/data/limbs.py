"""Single pieces of skin (a hand, an arm, a face) as subjects of compositions, from any picture with a mask.

A network that sees people whole learns that skin comes with people: it takes an arm that reaches into a picture alone,
before a plain wall, for nothing at all.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rtskin.train.data.compose import Sample, Subject
from rtskin.train.data.imaging import cv2
from rtskin.train.data.sets import Picture

Array = np.ndarray[Any, Any]

#: Pieces with fewer pixels are too coarse to be shown at any size.
_LEAST = 500
#: A piece is enlarged at most so much: more shows a smear that no camera makes.
_ENLARGED = 2.5
#: Height of a piece in pixels, at least: smaller ones alone could be anything.
_SHORTEST = 32
#: Height of a piece in parts of the input's, at most: a hand that fills the picture.
_TALLEST = 1.3


def limb(rng: np.random.Generator, picture: Picture, rows: int) -> Subject | None:
    """The piece of the picture's skin around a pixel drawn at random, alone, for an input of ``rows`` pixels.

    None where there is no skin, or too little. At any angle, because hands come from everywhere.
    """
    if not len(picture.skin):
        return None
    x, y = picture.skin[rng.integers(len(picture.skin))]
    sure = ((picture.mask > 127) & (picture.weight > 127)).astype(np.uint8)
    pieces = cv2.connectedComponents(sure, connectivity=4)[1]
    # The outermost pixels are mixed with what was behind.
    piece = cv2.erode((pieces == pieces[y, x]).astype(np.uint8), np.ones((3, 3), np.uint8)) * sure[y, x]
    if int(piece.sum()) < _LEAST:
        return None
    left, top, width, height = cv2.boundingRect(piece)
    # A margin, so that turning it leaves no corner out.
    window = np.s_[max(0, top - 2) : top + height + 2, max(0, left - 2) : left + width + 2]
    part = np.ascontiguousarray(piece[window])
    found = np.argwhere(part)[:: max(1, int(part.sum()) // 256), ::-1].astype(np.int32)
    inside, unlabelled = part * np.uint8(255), np.empty((0, 0), np.uint8)
    alone = Picture(picture.image[window], inside, inside, found, unlabelled, picture.source)
    return Subject(alone, inside, (_SHORTEST, min(_TALLEST, _ENLARGED * height / rows)), 180.0)


def wall(rng: np.random.Generator, ground: Sample) -> Sample:
    """A ground (image first) out of focus: light and colour without things."""
    image, *planes = ground
    small = cv2.resize(image, (int(rng.integers(1, 7)), int(rng.integers(1, 7))), interpolation=cv2.INTER_AREA)
    plain = cv2.resize(small, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_CUBIC)
    return plain, *planes
