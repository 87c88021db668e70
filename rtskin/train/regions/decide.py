"""What a region is, by what the detectors found in it; and when nobody can say.

The rule, also for regions that hold several things: a region with a face in it is a face, one with a hand is a hand,
whatever else belongs to it (neck, arm); with both it is what takes more of its skin. A piece of a hand, where the mask has
lost the rest, is a hand still, and so with faces. One with neither is other: an arm without its hand, a neck, a leg, a
foot, a torso, or no skin at all.
"""

from __future__ import annotations

from dataclasses import dataclass

#: The classes, in the order of the network's answers.
FACE, HAND, OTHER = range(3)
LABELS = ("face", "hand", "other")
#: Of a face and a hand in one region, one is larger if it is so many times the other.
LARGER = 1.6
#: The box around a hand is so much too large, and often holds some of the face that it is before.
LOOSE = 0.6
#: A region is a piece of what so much of it lies in; of one of which this little does, nothing is said.
PIECE, NONE_OF_IT = 0.6, 0.15


@dataclass(frozen=True)
class Evidence:
    """What was seen in a region, scores 0 … 1: face, of the best face that lies on it; face_area, its box's part of the
    region. hand: that the best palm's surroundings are a hand, by the network that finds its joints; hand_area, as above.
    palm: of the best palm, by its detector alone, which sees many. presence: of a hand in the region as a whole. share: the
    region's part of the picture. in_face, in_hand: the region's part that lies in the box of a sure face, and between the
    joints of a sure hand, however little of them it covers."""

    face: float
    face_area: float
    hand: float
    hand_area: float
    palm: float
    presence: float
    share: float
    in_face: float = 0.0
    in_hand: float = 0.0


@dataclass(frozen=True)
class Sure:
    """From which score on there is a face, or a hand, and below which there is none.

    The face detector gives tight pictures of hands up to 0.6, faces mostly more than 0.9; the palm detector alone sees palms
    in most faces, which the network of the joints denies.
    """

    face: float = 0.85
    hand: float = 0.85
    no_face: float = 0.5
    no_hand: float = 0.3
    no_palm: float = 0.5


def decide(seen: Evidence, sure: Sure = Sure()) -> int | None:
    """FACE, HAND, OTHER, or None: cannot be said."""
    most = max(seen.hand, seen.presence)
    face, hand = seen.face >= sure.face, most >= sure.hand
    if face and hand:
        return _larger(seen.face_area, seen.hand_area * LOOSE)
    if face:
        return FACE if most < sure.no_hand or seen.face_area > 0.5 else None
    if hand:
        return HAND if seen.face < sure.no_face or seen.hand_area > 0.5 else None
    if _nothing(seen, sure):
        return OTHER
    return _piece(seen)


def _nothing(seen: Evidence, sure: Sure) -> bool:
    most = max(seen.hand, seen.presence)
    return (
        seen.face < sure.no_face
        and most < sure.no_hand
        and seen.palm < sure.no_palm
        and max(seen.in_face, seen.in_hand) < NONE_OF_IT
    )


def _piece(seen: Evidence) -> int | None:
    """What a region is that covers too little of a thing for a detector to see the thing in it."""
    if seen.in_hand >= PIECE and seen.in_face < seen.in_hand:
        return HAND
    if seen.in_face >= PIECE and seen.in_hand < NONE_OF_IT:
        return FACE
    return None


def _larger(face: float, hand: float) -> int | None:
    if face >= LARGER * hand:
        return FACE
    return HAND if hand >= LARGER * face else None
