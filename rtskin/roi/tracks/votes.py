"""The label of a track: what most of the looks at it said, of which the oldest are forgotten bit by bit.

A face stays a face, and a hand a hand. So where several looks in a row surely say the other one, either the label was wrong,
and turns, or the track went over to another thing (see rtskin.roi.tracks.kinds.give_back).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

LABELS = ("face", "hand", "other")
FACE, HAND, _ = range(len(LABELS))
#: What a face is not, and a hand.
OPPOSITE = {FACE: HAND, HAND: FACE}
#: A new track is looked at so often in a row; then once in so many seconds.
FIRST, EVERY = 3, 0.5
#: The same while the last look says that a face is a hand, or a hand a face: it was wrong, or the label is.
DOUBTED = 0.1
#: From this (mean) probability on a label is one that another may contradict.
SURE = 0.6
#: Looks in a row that make it sure that a track turned from a face to a hand, or the other way round.
LATEST = 3
#: Looks that count, the latest among them: those before count ever less, so that a label that is wrong turns.
MEMORY = 8.0
#: Seconds for which a track that turned may be given back what it was.
RETURNS = 2.0

Probabilities = tuple[float, float, float]


@dataclass
class Sums:
    """Probabilities of (face, hand, other), summed up over so many looks; older ones count less than one."""

    values: tuple[float, float, float] = (0.0, 0.0, 0.0)
    weight: float = 0.0

    def plus(self, values: Probabilities, weight: float = 1.0, kept: float = 1.0) -> Sums:
        face, hand, other = (kept * one + more for one, more in zip(self.values, values, strict=True))
        return Sums((face, hand, other), kept * self.weight + weight)

    @property
    def best(self) -> tuple[int, float]:
        """Number of the label, and its mean probability."""
        most = max(range(len(LABELS)), key=self.values.__getitem__)
        return most, min(1.0, self.values[most] / self.weight) if self.weight else 0.0

    @property
    def kind(self) -> int | None:
        """FACE or HAND, where it is one of them for sure."""
        most, score = self.best
        return most if most in OPPOSITE and score >= SURE else None


@dataclass(frozen=True)
class Turned:
    """What a track was for sure (FACE, HAND) until it turned, by which looks, and since when (seconds of the stream)."""

    kind: int
    before: Sums
    since: float


class Votes:
    """Sums up the looks at a track."""

    def __init__(self) -> None:
        self._older = Sums()
        self._latest: deque[Probabilities] = deque()
        #: Of both; asked for several times a frame, and new with a look.
        self._all = Sums()
        self._count = 0
        self._last = 0.0
        self._turned: Turned | None = None

    @property
    def new(self) -> bool:
        """It was not looked at as often yet as it is at first."""
        return self._count < FIRST

    def due(self, now: float) -> float:
        """How much it is time for another look; none where 0 or less. now: seconds of the stream."""
        if self.new:
            return FIRST - self._count + 1.0
        return (now - self._last) / (DOUBTED if self._doubted else EVERY) - 1.0

    def add(self, probabilities: Probabilities, now: float) -> None:
        """One look. probabilities: of LABELS, 0 … 1."""
        self._latest.append(probabilities)
        if len(self._latest) > LATEST:
            most = MEMORY - LATEST - 1
            kept = min(1.0, most / self._older.weight) if self._older.weight else 1.0
            self._older = self._older.plus(self._latest.popleft(), kept=kept)
        self._count += 1
        self._last = now
        self._sum_up()
        self._turned = self._turn(now)

    def _turn(self, now: float) -> Turned | None:
        was = self._turned or Turned(-1, self._older, now)
        kind = self._older.kind if self._turned is None else was.kind
        if kind is None or len(self._latest) < LATEST or now - was.since > RETURNS:
            return None
        if not all(_says(look, OPPOSITE[kind]) for look in self._latest):
            return None
        return Turned(kind, was.before, was.since)

    @property
    def best(self) -> tuple[str, float]:
        """Label, and its mean probability; "other" and 0 where nobody looked."""
        if not self._count:
            return "other", 0.0
        most, score = self._all.best
        return LABELS[most], score

    @property
    def kind(self) -> int | None:
        """FACE or HAND, where it is one of them for sure."""
        return self._all.kind

    @property
    def turned(self) -> int | None:
        """FACE: it was one for sure, and all of the latest looks say for sure that it is a hand; HAND: the opposite."""
        return None if self._turned is None else self._turned.kind

    def _sum_up(self) -> None:
        self._all = self._older
        for look in self._latest:
            self._all = self._all.plus(look)

    @property
    def _doubted(self) -> bool:
        most, _ = self._all.best
        return bool(self._latest) and most in OPPOSITE and _says(self._latest[-1], OPPOSITE[most])

    def contradicts(self, other: Votes) -> bool:
        """One is a face for sure and the other a hand."""
        return {self.kind, other.kind} == {FACE, HAND}

    def join(self, older: Votes) -> None:
        """These are about the same thing as those before."""
        before = older._all
        self._older = self._older.plus(before.values, before.weight)
        self._count += older._count
        self._sum_up()

    def exchange(self, other: Votes) -> None:
        """Of two that turned: what looks said of each before is about the other."""
        mine, others = self._turned, other._turned
        if mine is None or others is None:
            raise ValueError("only votes that turned can be exchanged")
        self._older, other._older = others.before, mine.before
        for votes in (self, other):
            votes._turned = None
            votes._sum_up()


def _says(look: Probabilities, kind: int) -> bool:
    return look[kind] >= SURE
