"""The node "smooth": Scores → steadier Scores."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from pydantic import Field, field_validator

from rtskin.errors import UnknownNameError
from rtskin.frame import Scores
from rtskin.node import Context, Node, NodeOptions
from rtskin.registry import SMOOTHERS
from rtskin.smooth.base import Smoother
from rtskin.smooth.cuts import CutDetector

#: Seconds between two masks after which the old one says nothing about the new one.
LONGEST_GAP = 1.0


class SmoothOptions(NodeOptions):
    """method: a name in SMOOTHERS. strength: 0 … 1, for methods that have one. cuts: start afresh where a shot ends."""

    method: str = "adaptive"
    strength: float = Field(default=0.5, ge=0, le=1)
    cuts: bool = True

    @field_validator("method")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in SMOOTHERS.names():
            raise UnknownNameError(SMOOTHERS.what, name, SMOOTHERS.names())
        return name


class Seen(NamedTuple):
    """What is remembered of the mask before: never the packet itself, its buffers are wanted back."""

    time: float | None
    captured_ns: int
    frame_size: tuple[int, int]
    mask_size: tuple[int, ...]
    model: str

    @classmethod
    def of(cls, scores: Scores) -> Seen:
        frame = scores.frame
        return cls(frame.time, frame.captured_ns, (frame.width, frame.height), scores.data.shape, scores.model)


class Smooth(Node):
    """Runs a temporal filter, and starts it afresh where the stream breaks.

    That is: at a cut, when the size of the frames or the masks changes, when another model takes over, and when time jumps
    backwards or ahead by more than a second. ``command("smooth", NAME)`` changes the method while running, and
    ``command("smooth", "toggle")`` switches between none and the method that was last in use.
    """

    takes: ClassVar[tuple[type, ...]] = (Scores,)
    gives: ClassVar[type | None] = Scores
    Options = SmoothOptions

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self._method: str = self.options.method
        self._smoother: Smoother | None = None
        self._last_active = "adaptive" if self._method == "none" else self._method
        self._before: Seen | None = None
        self._resets = 0

    def open(self, context: Context) -> None:
        self._cuts = CutDetector() if self.options.cuts else None
        self._smoother = self._make(self._method)
        self._before = None

    def process(self, scores: Scores) -> Scores:
        # One read: a command from another thread replaces the smoother between two packets, never within one.
        smoother = self._smoother
        if smoother is None:
            raise RuntimeError("process() before open()")
        before, now = self._before, Seen.of(scores)
        self._before = now
        # The detector sees every frame, also where something else broke the stream already: it compares neighbours.
        cut = self._cuts is not None and self._method != "none" and self._cuts(scores.frame)
        dt = None if before is None else elapsed(before, now)
        if before is not None and (cut or breaks(before, now)):
            smoother.reset()
            self._resets += 1
            dt = None
        return Scores(scores.frame, smoother.apply(scores.data, dt, scores.frame), scores.model)

    def close(self) -> None:
        self._smoother = self._before = None

    def command(self, name: str, value: str) -> bool:
        if name != "smooth":
            return False
        self._switch(self._other() if value == "toggle" else value)
        return True

    def counters(self) -> dict[str, int | float | str]:
        return {"method": self._method, "resets": self._resets}

    def _other(self) -> str:
        return self._last_active if self._method == "none" else "none"

    def _switch(self, method: str) -> None:
        smoother = self._make(method)  # in the thread that asked: importing and compiling must not hold the stream up
        if self._cuts is not None:
            self._cuts.forget()
        self._smoother, self._method = smoother, method
        if method != "none":
            self._last_active = method

    def _make(self, method: str) -> Smoother:
        factory = SMOOTHERS.get(method)
        made: Smoother = factory(strength=self.options.strength)
        return made


def breaks(before: Seen, now: Seen) -> bool:
    """The mask before says nothing about this one."""
    if (before.model, before.mask_size, before.frame_size) != (now.model, now.mask_size, now.frame_size):
        return True
    seconds = elapsed(before, now)
    return seconds is not None and not 0 <= seconds <= LONGEST_GAP


def elapsed(before: Seen, now: Seen) -> float | None:
    """Seconds from one mask to the next: by pts, else by the clock at capture, else None (not known)."""
    if before.time is not None and now.time is not None:
        return now.time - before.time
    if before.captured_ns and now.captured_ns:
        return (now.captured_ns - before.captured_ns) / 1e9
    return None
