"""The flow filter: the mask before is moved to where things are now, and then averaged with the new one.

Motion compensation is what lets a filter be slow without trailing: behind a hand that moves, the average moves along. What
the flow cannot know (uncovered background, what left the picture, a blurred hand that it lost) is seen by the check of both
directions and by what does not look the same after moving, and takes the new value (as in Lai et al., "Learning Blind Video
Temporal Consistency", ECCV 2018, whose losses use the same two).
"""

from __future__ import annotations

from typing import cast

from rtskin.frame import F32, U8
from rtskin.media import cv2
from rtskin.smooth.adaptive import Adaptive
from rtskin.smooth.motion import FlowField, Mover


class Flow(Adaptive):
    """:class:`Adaptive` along the motion of the picture; strength as there."""

    def __init__(self, strength: float = 0.5) -> None:
        super().__init__(strength)
        self._field, self._move, self._move_picture = FlowField(), Mover(), Mover()

    def _follow(self, now: U8, share: float) -> U8:
        reference = self._reference
        reference.expose(now)
        motion = self._field(reference.picture, now)
        if motion.still:
            return reference.moved(now, share)
        self._state = cast(F32, self._move(self._state, motion))
        reference.replace(self._move_picture(reference.mean, motion))
        unlike = reference.moved(now, share)
        cv2.max(unlike, motion.lost, dst=unlike)
        return unlike
