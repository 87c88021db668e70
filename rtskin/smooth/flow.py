"""The flow filter: the mask before is moved to where things are now, and then averaged with the new one.

Motion compensation is what lets a filter be slow without trailing: behind a hand that moves, the average moves along. What
the flow cannot know (uncovered background, what left the picture, a blurred hand that it lost) is seen by the check of both
directions and by what does not look the same after moving, and takes the new value (as in Lai et al., "Learning Blind Video
Temporal Consistency", ECCV 2018, whose losses use the same two).

The motion is that from the frame before to this one, over the whole picture, whatever the average holds: so it depends on
two frames alone, and two averages that began at different times are moved alike and become one. (Motion from the average,
or around what differs from it, was another for every history: a grey level there moved masks otherwise, for good.) Where
nothing changed it is not looked for, and what looks the same where it is stays (rtskin.smooth.motion.settle).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rtskin.frame import F32, U8
from rtskin.smooth.adaptive import Adaptive
from rtskin.smooth.ahead import Ahead
from rtskin.smooth.change import anything_changed
from rtskin.smooth.motion import Motion, Mover, settle
from rtskin.smooth.search import Search


class Flow(Adaptive):
    """:class:`Adaptive` along the motion of the picture; strength as there."""

    def __init__(self, strength: float = 0.5) -> None:
        super().__init__(strength)
        self._search: Callable[[U8, U8], Motion] = Search(finely=True)
        self._move, self._move_picture = Mover(), Mover()

    def look_ahead_with(self, ahead: Ahead) -> bool:
        self._search = ahead
        return True

    def _follow(self, now: U8, dt: float, floor: float) -> F32:
        reference = self._reference
        before = reference.newest
        reference.expose(now)
        changed = reference.changed(now)
        if anything_changed(changed):
            self._move_on(before, now, changed)
        return reference.shares(now, dt, floor, changed)

    def _move_on(self, before: U8, now: U8, changed: U8) -> None:
        """Move the state and what goes with it; ``changed`` becomes what is still unlike, or lost."""
        reference = self._reference
        motion = self._search(before, now)
        if motion.still:
            return
        settle(motion, changed)
        self._move.in_place(motion, self._state)
        reference.move(self._move_picture, motion)
        np.maximum(reference.unlike(now), motion.lost, out=changed)
