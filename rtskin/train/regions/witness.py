"""What detectors see in the regions of a picture: each looks at the whole and, closer, at every region."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rtskin.frame import Box
from rtskin.media import cv2
from rtskin.roi.found import FoundRegion
from rtskin.roi.label.crops import cut, square_of
from rtskin.train.regions.decide import Evidence, Sure
from rtskin.train.regions.ssd import Detector, Found, Network, distinct

Array = np.ndarray[Any, Any]

#: The networks, by what they see.
FACE, PALM, JOINTS = "face_detection_short_range.tflite", "palm_detection_lite.tflite", "hand_landmark_lite.tflite"
#: How close is looked, as a part of the region's box: for faces, and for palms.
_FACES, _PALMS = (1.5, 2.6), (1.9,)
#: The ends of regions that are so many times as long as wide are looked at too: a hand at the end of an arm is small.
_LONG = 1.5
#: A detection lies on a region that covers this part of the middle of its box.
_COVERED, _MIDDLE = 0.4, 0.6
#: Palms below this are not asked about.
_PALM = 0.3
#: The hand around a palm: its square as a part of the palm's, and how far it lies towards the fingers.
_HAND, _TOWARDS = 2.6, 0.5
#: Points of the palm detector: the wrist's, and the first joint of the middle finger.
_WRIST, _KNUCKLE = 0, 2
#: From which score on a thing is surely there.
_SURE = Sure()


class Witness:
    """The detectors in ``weights``; ModelError without them, or without ai-edge-litert."""

    def __init__(self, weights: Path) -> None:
        self._face = Detector(weights / FACE, -1, 1)
        self._palm = Detector(weights / PALM, 0, 1)
        self._joints = Network(weights / JOINTS)

    def look(self, picture: Array, regions: Sequence[FoundRegion]) -> list[Evidence]:
        """What is seen in each region of uint8 H×W×3 BGR."""
        size = (picture.shape[1], picture.shape[0])
        whole = square_of((0, 0, *size), 1.0)
        near = [square_of(region.box, room) for region in regions for room in _FACES]
        closer = [square_of(region.box, room) for region in regions for room in _PALMS]
        ends = [square for region in regions for square in _ends(region.box)]
        faces = distinct(one for square in (whole, *near) for one in self._face(picture, square))
        palms = distinct(one for square in (whole, *closer, *ends) for one in self._palm(picture, square))
        hands = [self._hand(picture, one) for one in palms if one.score >= _PALM]
        hands.sort(key=lambda one: -one.score)
        return [self._of(picture, region, size, faces, palms, hands) for region in regions]

    def _of(
        self,
        picture: Array,
        region: FoundRegion,
        size: tuple[int, int],
        faces: list[Found],
        palms: list[Found],
        hands: list[Found],
    ) -> Evidence:
        face, face_area = _best(region, size, faces)
        hand, hand_area = _best(region, size, hands, 0.25)
        palm, _ = _best(region, size, palms)
        presence = self._presence(picture, square_of(region.box, 1.5)) if max(face, hand) < 0.9 else hand
        in_face = max((covered(region, one.box, size)[1] for one in faces if one.score >= _SURE.face), default=0.0)
        in_hand = max((between(region, one.points, size) for one in hands if one.score >= _SURE.hand), default=0.0)
        share = region.area / (size[0] * size[1])
        return Evidence(face, face_area, hand, hand_area, palm, presence, share, in_face, in_hand)

    def _presence(self, picture: Array, square: Box) -> float:
        """The network expects a hand with its fingers up: it is shown all four ways."""
        tensor = cut(picture, square, self._joints.side)[..., ::-1] / np.float32(255)
        return max(self._joints_seen(np.ascontiguousarray(np.rot90(tensor, turns)))[0] for turns in range(4))

    def _hand(self, picture: Array, palm: Found) -> Found:
        """The hand around a palm: its box, whether it is one, and its joints in the picture, N×2."""
        side = self._joints.side
        angle = _fingers(palm)
        x, y, w, h = box = _hand_box(palm)
        cos, sin = math.cos(angle) * w / side, math.sin(angle) * w / side
        middle = (x + w / 2, y + h / 2)
        turn = np.array(
            [
                [cos, -sin, middle[0] - (cos - sin) * side / 2],
                [sin, cos, middle[1] - (sin + cos) * side / 2],
            ]
        )
        # The fingers point up in what the network is shown.
        view = cv2.warpAffine(picture, turn, (side, side), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        score, joints = self._joints_seen(view[..., ::-1] / np.float32(255))
        return Found(box, score, joints @ turn[:, :2].T + turn[:, 2])

    def _joints_seen(self, tensor: Array) -> tuple[float, Array]:
        """(presence of a hand, its joints N×2 in pixels of the tensor)."""
        answers = self._joints.run(tensor)
        # Its two single numbers are the hand's presence and whether it is the right one, in this order; joints come in
        # pixels, and once more in metres.
        presence = next(float(one.item()) for one in answers if one.size == 1)
        joints = max((one for one in answers if one.size > 1), key=lambda one: float(np.abs(one).max()))
        return presence, joints.reshape(-1, 3)[:, :2]


def covered(region: FoundRegion, box: Box, size: tuple[int, int], middle: float = 1.0) -> tuple[float, float]:
    """(part of the box, or of its middle, that the region covers; part of the region in it)."""
    x, y, w, h = box
    across, down = region.mask_size[0] / size[0], region.mask_size[1] / size[1]
    left, top = x + w * (1 - middle) / 2, y + h * (1 - middle) / 2
    x0, x1 = _cells(left * across - region.mask_box[0], (left + w * middle) * across - region.mask_box[0])
    y0, y1 = _cells(top * down - region.mask_box[1], (top + h * middle) * down - region.mask_box[1])
    skin = region.mask > 127
    inside = int(skin[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)].sum())
    return inside / ((x1 - x0) * (y1 - y0)), inside / max(1, int(skin.sum()))


def between(region: FoundRegion, points: Array, size: tuple[int, int]) -> float:
    """The part of the region that lies between points, N×2 in pixels of the picture: in their convex hull."""
    skin = region.mask > 127
    scale = np.array(region.mask_size) / size
    places = np.asarray(points, float) * scale - np.array(region.mask_box[:2]) - 0.5
    hull = cv2.convexHull(np.clip(places * 16, -(2**20), 2**20).round().astype(np.int32))
    inside = cv2.fillConvexPoly(np.zeros(skin.shape, np.uint8), hull, 1, shift=4)
    return int((inside[skin]).sum()) / max(1, int(skin.sum()))


def _cells(start: float, end: float) -> tuple[int, int]:
    first = round(start)
    return first, max(first + 1, round(end))


def _best(
    region: FoundRegion, size: tuple[int, int], found: Sequence[Found], least: float = _COVERED
) -> tuple[float, float]:
    for one in found:  # best first
        if covered(region, one.box, size, _MIDDLE)[0] >= least:
            return one.score, covered(region, one.box, size)[1]
    return 0.0, 0.0


def _fingers(palm: Found) -> float:
    """The angle that the hand is turned by, clockwise from fingers up, in radians."""
    x, y = palm.points[_KNUCKLE] - palm.points[_WRIST]
    return math.atan2(float(x), -float(y))


def _hand_box(palm: Found) -> Box:
    x, y, w, h = palm.box
    angle, side = _fingers(palm), max(w, h)
    middle = (x + w / 2 + math.sin(angle) * side * _TOWARDS, y + h / 2 - math.cos(angle) * side * _TOWARDS)
    return middle[0] - side * _HAND / 2, middle[1] - side * _HAND / 2, side * _HAND, side * _HAND


def _ends(box: Box) -> Iterator[Box]:
    """Squares around both ends of a long box."""
    x, y, w, h = box
    short, long = min(w, h), max(w, h)
    if long < _LONG * short:
        return
    side = max(1.4 * short, 0.6 * long)
    for end in (short / 2, long - short / 2):
        middle = (x + end, y + h / 2) if w > h else (x + w / 2, y + end)
        yield middle[0] - side / 2, middle[1] - side / 2, side, side
