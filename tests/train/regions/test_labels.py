from __future__ import annotations

import numpy as np

from rtskin.train.regions.decide import FACE, HAND, OTHER
from rtskin.train.regions.labels import UNKNOWN, along


def clip(name: str, frames: int, step: int = 5) -> tuple[list[str], np.ndarray]:
    """Two things in each frame: one that stands still, and one that goes."""
    names, boxes = [], []
    for frame in range(frames):
        names += [f"set/{name}/{frame:05d}#0.{index}" for index in range(2)]
        boxes += [(300, 20, 80, 100), (20 + step * frame, 200, 40, 40)]
    return names, np.array(boxes, np.float32)


def told(said: list[int], step: int = 5) -> list[int]:
    """Labels of what goes; what stands is a face."""
    names, boxes = clip("a", len(said), step)
    labels = np.array([label for one in said for label in (FACE, one)])
    out = along(names, boxes, labels)
    assert (out[0::2] == FACE).all()
    return [int(label) for label in out[1::2]]


def test_a_hand_is_one_in_the_frames_between_too() -> None:
    assert told([HAND, HAND, UNKNOWN, UNKNOWN, HAND]) == [HAND] * 5
    assert told([HAND, HAND, HAND, OTHER, UNKNOWN]) == [HAND, HAND, HAND, UNKNOWN, HAND]


def test_not_where_it_was_seldom_said_or_other_things_were() -> None:
    few, many = [HAND, HAND, UNKNOWN], [HAND, OTHER, HAND, OTHER, HAND, UNKNOWN]
    assert (told(few), told(many)) == (few, many)
    assert told([OTHER] * 4 + [UNKNOWN]) == [OTHER] * 4 + [UNKNOWN]


def test_not_where_it_is_somewhere_else() -> None:
    jumps = [HAND, HAND, HAND, UNKNOWN]
    assert told(jumps, step=60) == jumps


def test_closer_views_follow_nothing_and_are_followed_by_nothing() -> None:
    """A view of each frame, in which a hand lies in the same place three times, of whatever is seen from that near."""
    names, boxes = clip("a", 5)
    among, places, said = list[str](), list[np.ndarray](), list[int]()
    for frame in range(5):
        among += [*names[2 * frame : 2 * frame + 2], f"set/a/{frame:05d}#1.0"]
        places += [*boxes[2 * frame : 2 * frame + 2], boxes[2 * frame + 1]]
        said += [FACE, HAND, HAND if frame < 3 else UNKNOWN]
    said[4] = said[7] = UNKNOWN
    out = along(among, np.array(places), np.array(said))
    assert out[1::3].tolist() == [HAND] * 5, "the whole pictures follow each other, with views between them"
    assert out[2::3].tolist() == said[2::3]


def test_clips_are_apart() -> None:
    (one, boxes), (other, more) = clip("a", 3), clip("b", 3)
    labels = np.array([FACE, HAND] * 3 + [FACE, UNKNOWN] * 3)
    assert along(one + other, np.concatenate([boxes, more]), labels).tolist() == labels.tolist()
