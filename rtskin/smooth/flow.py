"""The flow filter: the mask before is moved to where things are now, and then averaged with the new one.

Motion compensation is what lets a filter be slow without trailing: behind a hand that moves, the average moves along. What
the flow cannot know (uncovered background, what left the picture, a blurred hand that it lost) is seen by the check of both
directions and by what does not look the same after moving, and takes the new value (as in Lai et al., "Learning Blind Video
Temporal Consistency", ECCV 2018, whose losses use the same two).

Motion is looked for only around what changed, which leaves time to look closely where that is a small part of the picture;
and what looks the same where it is stays (rtskin.smooth.motion.settle).
"""

from __future__ import annotations

import numpy as np

from rtskin.frame import F32, U8
from rtskin.smooth.adaptive import Adaptive
from rtskin.smooth.motion import FlowField, Mover, settle
from rtskin.smooth.region import Region, changed_region


class Flow(Adaptive):
    """:class:`Adaptive` along the motion of the picture; strength as there."""

    def __init__(self, strength: float = 0.5) -> None:
        super().__init__(strength)
        self._field, self._move, self._move_picture = FlowField(), Mover(), Mover()

    def _follow(self, now: U8, dt: float, floor: float) -> F32:
        reference = self._reference
        reference.expose(now)
        changed = reference.changed(now)
        region = changed_region(changed)
        if region is not None:
            self._move_region(now, changed, region)
        return reference.shares(now, dt, floor, changed)

    def _move_region(self, now: U8, changed: U8, region: Region) -> None:
        """Move the state and what goes with it; ``changed`` becomes what is still unlike, or lost."""
        reference = self._reference
        before, after = (np.ascontiguousarray(region.of(plane)) for plane in (reference.picture, now))
        motion = self._field(before, after)
        if motion.still:
            return
        settle(motion, region.of(changed))
        self._move.within(self._state, motion, region, now.shape)
        reference.move(self._move_picture, motion, region)
        np.maximum(reference.changed_in(region, after), motion.lost, out=region.of(changed))
