"""The node "pair": every frame of a live stream with the newest mask there is, moved onto it.

The network works beside the stream, on the freshest frame whenever it is free, or on key frames only; its mask comes late,
when some frames have passed already. It is carried over these (rtskin.smooth.carry) and rides along with the frames that
follow, until there is a newer one. So what is shown keeps the camera's rate with any network.

How it is carried was measured on 16 motion clips with subjects in motion, a mask every 3 frames and 3 frames late (80 ms at
30 frames a second), IoU lost against a network on every frame that takes no time: left where it was 0.164; by flow straight
from the mask's frame 0.061; by the flow from frame to frame, put together, 0.018; that, searched once more straight from the
mask's frame, 0.017.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from rtskin.errors import InputError
from rtskin.frame import F32, U8, Frame, Scores
from rtskin.node import Context, Node
from rtskin.preprocess.small import small_luma
from rtskin.smooth.carry import Carrier, Key
from rtskin.smooth.keyed import EveryOption, KeyOptions, lend_keys
from rtskin.smooth.keys import KeyFrames
from rtskin.smooth.stream import Continuity
from rtskin.smooth.track import Composer, Track

#: What is known of a shot before its first mask: nothing is skin. One pixel, so that filters after it start afresh when the
#: first mask comes, which has another size.
_NOTHING = np.zeros((1, 1), np.float32)


class PairOptions(KeyOptions):
    """As of ``propagate``; every = 1, the default: the network takes the freshest frame whenever it is free.

    wait_ms: milliseconds since a frame was captured for which its own mask is waited for; 0: not at all. steered: every may
    change while it runs also where it is 1 at the start."""

    every: EveryOption = 1
    wait_ms: float = Field(default=0.0, ge=0, le=1000)
    steered: bool = False


class Pair(Node):
    """(Frame, newest Scores) → Scores of that frame. After a cut the mask is empty until one of the new shot is there."""

    takes: ClassVar[tuple[type, ...]] = (Frame, Scores)
    gives: ClassVar[type | None] = Scores
    Options = PairOptions
    ports = ("frame", "scores")
    sync = "sample"
    hot: ClassVar[frozenset[str]] = frozenset({"every", "wait_ms"})

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.patience = self.options.wait_ms / 1e3
        self._keys: KeyFrames | None = None
        self._lags = (0, 0)
        self._taken = 0

    def bind(self, nodes: Mapping[str, Node]) -> None:
        if self.options.every != 1 or self.options.steered:
            self._keys = lend_keys(self.options, nodes, others_ride=False)

    def open(self, context: Context) -> None:
        self._continuity = Continuity(self.options.cuts)
        self._track, self._compose, self._carrier = Track(), Composer(), Carrier()
        self._key: Key | None = None
        #: The flow from the newest frame to the key frame; None: it is that frame.
        self._back: F32 | None = None
        self._model = ""
        #: Masks up to this frame are known, or of another shot.
        self._known = -1

    def process(self, frame: Frame, scores: Scores | None) -> Scores:
        if self._continuity(frame, "").fresh:
            self._track.forget()
            self._key, self._known = None, frame.seq - 1
        self._track.add(frame)
        # A network that is faster than this branch may be ahead of the frame: then its mask waits for the next one.
        if scores is not None and self._known < scores.frame.seq <= frame.seq:
            self._take(scores)
        elif (step := self._track.step()) is not None:
            self._back = self._compose(step, self._back)
        return Scores(frame, self._mask(frame), self._model)

    def changed(self, key: str, options: Any) -> None:
        if key == "every" and options.every != self.options.every:
            if self._keys is None:
                raise InputError(
                    "every stays 1 where the network was not told to rest from the start; begin with every = 2"
                )
            self._keys.use(options.every)
        super().changed(key, options)
        self.patience = options.wait_ms / 1e3

    def close(self) -> None:
        self._key = self._back = None

    def counters(self) -> dict[str, int | float | str]:
        """key_frames: masks that came. mean_lag: how many frames they were older than the frame they were shown with, on
        average. every: frames from one to the next, at most, as it is now; where the network rests between them."""
        late, count = self._lags
        figures: dict[str, int | float | str] = {"key_frames": self._taken}
        figures["mean_lag"] = round(late / count, 3) if count else 0.0
        return figures | ({"every": self._keys.every} if self._keys is not None else {})

    def _take(self, scores: Scores) -> None:
        self._key = Key(scores.data, small_luma(scores.frame))
        self._back = self._track.back_to(scores.frame)
        self._model, self._known = scores.model, scores.frame.seq
        self._taken += 1

    def _mask(self, frame: Frame) -> F32 | U8:
        if self._key is None:
            return _NOTHING
        late, count = self._lags
        self._lags = (late + frame.seq - self._known, count + 1)
        if self._back is None:
            return self._key.data
        return self._carrier.carried(self._key, self._back, small_luma(frame))
