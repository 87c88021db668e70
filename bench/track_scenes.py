"""Made scenes of faces and hands in motion, whose boxes and ids are known: what bench.tracks measures ids with.

A thing is a drawn shape (a face, or a hand with fingers and a piece of arm) that moves and turns. Its mask is what a network
makes of it: soft borders that tremble, alike in neighbouring pixels and in part from frame to frame, bites out of the
borders, holes, and crumbs elsewhere that stay for a frame or three.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from rtskin.frame import F32, Box
from rtskin.media import cv2

SIZE, MASK = (1280, 720), (416, 224)
#: Pixels of the mask: how far borders tremble, over how many pixels it is alike; the share that stays to the next frame.
TREMBLE, ALIKE, STAYS = 0.8, 3.0, 0.5
#: Pixels of the mask over which a border goes from skin to none.
SOFT = 1.5
#: Crumbs and bites a second.
CRUMBS, BITES = 1.0, 1.0


@dataclass(frozen=True)
class Pose:
    """Where a thing is: its middle in pixels of the frame, clockwise radians."""

    x: float
    y: float
    turn: float = 0.0


@dataclass(frozen=True)
class Thing:
    """kind: "face" or "hand". size: pixels of its height. path: seconds → pose; None where it is not there at all."""

    kind: str
    size: float
    path: Callable[[float], Pose | None]


@dataclass(frozen=True)
class Scene:
    """things: drawn in this order. covers: x, y, w, h of what is no skin and in front of all of them."""

    name: str
    seconds: float
    things: tuple[Thing, ...]
    covers: tuple[Box, ...] = ()


@dataclass
class Shown:
    """One frame. boxes: of every thing that is at least half in the picture: of what shows of it beside what covers it all,
    else of all of it; other things never hide it."""

    time: float
    mask: F32
    boxes: dict[int, Box] = field(default_factory=dict)


def play(scene: Scene, rate: float, seed: int, dropped: float = 0.0) -> Iterator[Shown]:
    """Its frames. rate: frames a second. dropped: the share of frames that never arrive."""
    random = np.random.default_rng(seed)
    noise = Noise(random, rate)
    for number in range(round(scene.seconds * rate)):
        time = number / rate
        shown = np.zeros((MASK[1], MASK[0]), np.float32)
        boxes: dict[int, Box] = {}
        for key, thing in enumerate(scene.things):
            pose = thing.path(time)
            if pose is None:
                continue
            drawn = _drawn(thing, pose)
            np.maximum(shown, drawn, out=shown)
            box = _box(thing, pose)
            if scene.covers and box is not None:
                box = _beside(drawn, scene.covers) or box
            if box is not None:
                boxes[key] = box
        _cover(shown, scene.covers)
        mask = noise(shown)
        if random.random() >= dropped or number == 0:
            yield Shown(time, mask, boxes)


def _cover(plane: F32, covers: tuple[Box, ...]) -> None:
    for x, y, w, h in covers:
        left, right = round(x * MASK[0] / SIZE[0]), round((x + w) * MASK[0] / SIZE[0])
        top, bottom = round(y * MASK[1] / SIZE[1]), round((y + h) * MASK[1] / SIZE[1])
        plane[top:bottom, left:right] = 0


def _beside(drawn: F32, covers: tuple[Box, ...]) -> Box | None:
    """The box of what shows; None where nothing does."""
    _cover(drawn, covers)
    x, y, w, h = cv2.boundingRect((drawn >= 0.5).astype(np.uint8))
    across, down = SIZE[0] / MASK[0], SIZE[1] / MASK[1]
    return (x * across, y * down, w * across, h * down) if w else None


class Noise:
    """Makes a mask of a picture of what is skin, 0 … 1."""

    def __init__(self, random: np.random.Generator, rate: float) -> None:
        self._random, self._rate = random, rate
        self._field = np.zeros((MASK[1], MASK[0]), np.float32)
        self._spots: list[tuple[int, int, float, float, int]] = []

    def __call__(self, shown: F32) -> F32:
        solid = (shown > 0.5).astype(np.uint8)
        depth = cv2.distanceTransform(solid, cv2.DIST_L2, 5) - cv2.distanceTransform(1 - solid, cv2.DIST_L2, 5)
        # The drawing is smooth; so the border lies between pixels, too.
        depth = np.where(np.abs(depth) <= 1.5, (shown - 0.5) * 2, depth - np.sign(depth) * 0.5)
        fresh = cv2.GaussianBlur(self._random.normal(0, 1, depth.shape).astype(np.float32), (0, 0), ALIKE)
        self._field = STAYS * self._field + np.sqrt(1 - STAYS**2) * fresh / fresh.std()
        mask = 1 / (1 + np.exp(-np.clip(4 * (depth + TREMBLE * self._field) / SOFT, -50, 50)))
        self._spot(mask.astype(np.float32), solid)
        out: F32 = mask.astype(np.float32)
        for x, y, radius, value, _ in self._spots:
            cv2.circle(out, (x, y), round(radius), value, cv2.FILLED)
        self._spots = [(*spot[:4], spot[4] - 1) for spot in self._spots if spot[4] > 1]
        return out

    def _spot(self, mask: F32, solid: np.ndarray) -> None:
        """New crumbs anywhere, new bites at borders; each stays for one to three frames."""
        edge = np.argwhere(cv2.morphologyEx(solid, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)))
        for frequency, value in ((CRUMBS, 0.9), (BITES, 0.1)):
            if self._random.random() >= frequency / self._rate:
                continue
            y, x = self._random.integers(0, MASK[1]), self._random.integers(0, MASK[0])
            if value < 0.5:
                if not len(edge):
                    continue
                y, x = edge[self._random.integers(len(edge))]
            spot = (int(x), int(y), self._random.uniform(3, 7), value, int(self._random.integers(1, 4)))
            self._spots.append(spot)


def _corners(thing: Thing) -> list[np.ndarray]:
    """Convex pieces around (0, 0), for a height of 1."""
    if thing.kind == "face":
        return [cv2.ellipse2Poly((0, 0), (370, 500), 0, 0, 360, 10).astype(np.float64) / 1000]
    pieces = [cv2.ellipse2Poly((0, 80), (230, 240), 0, 0, 360, 10).astype(np.float64) / 1000]
    for across, angle, length in (
        (-0.20, -0.5, 0.36),
        (-0.13, -0.2, 0.5),
        (0.0, 0.0, 0.54),
        (0.12, 0.2, 0.5),
        (0.2, 0.6, 0.32),
    ):
        along, side = np.array((np.sin(angle), -np.cos(angle))), np.array((np.cos(angle), np.sin(angle))) * 0.055
        root = np.array((across, 0.02))
        tip = root + along * length
        pieces.append(np.array((root - side, tip - side * 0.8, tip + along * 0.03, tip + side * 0.8, root + side)))
    pieces.append(np.array(((-0.13, 0.2), (0.13, 0.2), (0.12, 0.5), (-0.12, 0.5))))
    return pieces


def _placed(thing: Thing, pose: Pose) -> list[np.ndarray]:
    turn = np.array(((np.cos(pose.turn), np.sin(pose.turn)), (-np.sin(pose.turn), np.cos(pose.turn))))
    return [corners @ turn * thing.size + (pose.x, pose.y) for corners in _corners(thing)]


def _drawn(thing: Thing, pose: Pose) -> F32:
    plane = np.zeros((MASK[1], MASK[0]), np.uint8)
    for corners in _placed(thing, pose):
        small = (corners * MASK / np.array(SIZE) - 0.5) * 256
        cv2.fillConvexPoly(plane, small.round().astype(np.int32), 255, cv2.LINE_AA, 8)
    drawn: F32 = plane.astype(np.float32) / 255
    return drawn


def _box(thing: Thing, pose: Pose) -> Box | None:
    """Of what is inside the picture; None where that is less than half of the box."""
    corners = np.concatenate(_placed(thing, pose))
    least, most = corners.min(axis=0), corners.max(axis=0)
    inner_least, inner_most = np.maximum(least, 0), np.minimum(most, SIZE)
    sides = np.maximum(inner_most - inner_least, 0)
    if sides.prod() < 0.5 * (most - least).prod():
        return None
    return float(inner_least[0]), float(inner_least[1]), float(sides[0]), float(sides[1])


def scenes(seed: int = 0) -> list[Scene]:
    """All of them, at several speeds. seed: of how those who talk move."""
    random = np.random.default_rng(seed)
    made = []
    for speed in (250.0, 500.0, 1000.0):
        made += [_crossing(speed, 0.0), _crossing(speed, 60.0), _clap(speed), _over_face(speed), _to_face(speed)]
        made += [_leaving(speed), _behind(speed)]
    return [*made, _talking(1, "one who talks", random), _talking(2, "two who talk", random)]


def _straight(start: tuple[float, float], velocity: tuple[float, float], turn: float = 0.0) -> Callable[[float], Pose]:
    return lambda time: Pose(start[0] + velocity[0] * time, start[1] + velocity[1] * time, turn)


def _crossing(speed: float, apart: float) -> Scene:
    seconds = 900 / speed
    right = Thing("hand", 200, _straight((190, 360 - apart), (speed, 0), 0.3))
    left = Thing("hand", 200, _straight((1090, 360 + apart), (-speed, 0), -0.3))
    return Scene(f"two hands cross, {2 * apart:.0f} px apart, {speed:.0f} px/s", seconds, (right, left))


def _there_and_back(start: float, end: float, speed: float, rest: float) -> Callable[[float], float]:
    """Along a line at a speed, with soft turns; stays for ``rest`` seconds at the end."""
    way = abs(end - start) / speed

    def at(time: float) -> float:
        share = np.clip(min(time - 0.3, 0.3 + 2 * way + rest - time) / way, 0, 1)
        return float(start + (end - start) * (share - np.sin(2 * np.pi * share) / (4 * np.pi)))

    return at


def _clap(speed: float) -> Scene:
    right, left = _there_and_back(250, 575, speed, 0.5), _there_and_back(1030, 705, speed, 0.5)
    seconds = 2 * 325 / speed + 1.1
    return Scene(
        f"two hands touch for 0.5 s and part, {speed:.0f} px/s",
        seconds,
        (
            Thing("hand", 220, lambda time: Pose(right(time), 400)),
            Thing("hand", 220, lambda time: Pose(left(time), 400)),
        ),
    )


def _over_face(speed: float) -> Scene:
    face = Thing("face", 260, lambda time: Pose(640 + 5 * np.sin(3 * time), 300))
    hand = Thing("hand", 190, _straight((200, 330), (speed, 0), 0.5))
    return Scene(f"a hand passes over a face, {speed:.0f} px/s", 880 / speed, (face, hand))


def _to_face(speed: float) -> Scene:
    up = _there_and_back(600, 400, speed, 0.5)
    face = Thing("face", 260, lambda time: Pose(640, 260))
    hand = Thing("hand", 190, lambda time: Pose(700, up(time)))
    return Scene(f"a hand rests at a face for 0.5 s, {speed:.0f} px/s", 400 / speed + 1.1, (face, hand))


def _leaving(speed: float) -> Scene:
    out = _there_and_back(900, 1420, speed, 0.5)
    face = Thing("face", 260, lambda time: Pose(400, 300))
    hand = Thing("hand", 200, lambda time: Pose(out(time), 420))
    return Scene(f"a hand leaves and comes back, {speed:.0f} px/s", 1040 / speed + 1.1, (face, hand))


def _behind(speed: float) -> Scene:
    """What covers the hand is as wide as it takes for all of it to be gone for half a second."""
    wide = 0.5 * speed + 140
    hand = Thing("hand", 180, lambda time: Pose(150 + speed * max(0.0, time - 0.5), 400))
    seconds = (wide + 650) / speed + 0.5
    return Scene(f"a hand behind a thing for 0.5 s, {speed:.0f} px/s", seconds, (hand,), ((450, 0, wide, 720),))


def _talking(people: int, name: str, random: np.random.Generator) -> Scene:
    things = []
    for person in range(people):
        middle = 640 + (person - (people - 1) / 2) * 640
        nod = 1.3 + 0.4 * person
        things.append(Thing("face", 230, lambda time, m=middle, n=nod: Pose(m + 12 * np.sin(n * time), 190)))
        for side in (-1, 1):
            things.append(Thing("hand", 170, _gesture(middle, side, *random.uniform((1.6, 0.0), (2.8, 6.28)))))
    return Scene(name, 12.0, tuple(things))


def _gesture(middle: float, side: int, fast: float, phase: float) -> Callable[[float], Pose]:
    """A hand that goes about before its owner, over the other one and the face now and then."""

    def at(time: float) -> Pose:
        x = middle + side * 130 + 110 * np.sin(fast * time + phase) + 25 * np.sin(3.7 * time)
        y = 470 + 130 * np.sin(0.83 * fast * time + 2 * phase)
        return Pose(x, y, 0.5 * side * np.sin(1.5 * time))

    return at
