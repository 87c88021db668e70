from __future__ import annotations

from dataclasses import replace

import pytest

from rtskin.train.regions.decide import FACE, HAND, OTHER, Evidence, decide

NOTHING = Evidence(face=0, face_area=0, hand=0, hand_area=0, palm=0, presence=0, share=0.1)


@pytest.mark.parametrize(
    ("seen", "label"),
    [
        ({}, OTHER),
        ({"face": 0.95, "face_area": 0.6}, FACE),
        ({"face": 0.95, "face_area": 0.6, "palm": 0.9}, FACE),  # its detector sees palms in faces
        ({"hand": 0.95, "hand_area": 0.9, "palm": 0.9, "face": 0.6}, HAND),  # and the other faces in hands
        ({"presence": 0.95, "face": 0.2}, HAND),
        ({"face": 0.7, "face_area": 0.6}, None),
        ({"hand": 0.6, "palm": 0.9}, None),
        ({"palm": 0.7}, None),
        ({"face": 0.95, "face_area": 0.3, "hand": 0.6}, None),
        ({"in_hand": 0.8}, HAND),  # a finger alone
        ({"in_hand": 0.8, "palm": 0.9, "face": 0.6}, HAND),
        ({"in_face": 0.9}, FACE),  # a cheek beside a microphone
        ({"in_face": 0.9, "in_hand": 0.5}, None),
        ({"in_hand": 0.3}, None),
    ],
)
def test_what_is_seen_and_when_nobody_can_say(seen: dict[str, float], label: int | None) -> None:
    assert decide(replace(NOTHING, **seen)) == label


def test_of_a_face_and_a_hand_the_larger() -> None:
    both = replace(NOTHING, face=0.95, hand=0.95, palm=0.9)
    assert decide(replace(both, face_area=0.6, hand_area=0.5)) == FACE
    assert decide(replace(both, face_area=0.2, hand_area=0.8)) == HAND
    assert decide(replace(both, face_area=0.4, hand_area=0.6)) is None
