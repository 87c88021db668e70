"""The label of a track: what most of the looks at it said."""

from __future__ import annotations

LABELS = ("face", "hand", "other")
FACE, HAND, _ = range(len(LABELS))
#: A new track is looked at so often in a row; then once in so many seconds.
FIRST, EVERY = 3, 0.5
#: From this mean probability on a label is one that another may contradict.
SURE = 0.6


class Votes:
    """Sums up probabilities of (face, hand, other) over a track's life."""

    def __init__(self) -> None:
        self._sums = [0.0] * len(LABELS)
        self._count = 0
        self._last = 0.0

    @property
    def new(self) -> bool:
        """It was not looked at as often yet as it is at first."""
        return self._count < FIRST

    def due(self, now: float) -> float:
        """How much it is time for another look; none where 0 or less. now: seconds of the stream."""
        return FIRST - self._count + 1.0 if self.new else (now - self._last) / EVERY - 1.0

    def add(self, probabilities: tuple[float, float, float], now: float) -> None:
        """One look. probabilities: of LABELS, 0 … 1."""
        self._sums = [total + one for total, one in zip(self._sums, probabilities, strict=True)]
        self._count += 1
        self._last = now

    @property
    def best(self) -> tuple[str, float]:
        """Label, and its mean probability; "other" and 0 where nobody looked."""
        if not self._count:
            return "other", 0.0
        most = max(range(len(LABELS)), key=self._sums.__getitem__)
        return LABELS[most], min(1.0, self._sums[most] / self._count)

    @property
    def kind(self) -> int | None:
        """FACE or HAND, where it is one of them for sure."""
        label, score = self.best
        return LABELS.index(label) if score >= SURE and label != "other" else None

    def contradicts(self, other: Votes) -> bool:
        """One is a face for sure and the other a hand."""
        return {self.kind, other.kind} == {FACE, HAND}

    def join(self, older: Votes) -> None:
        """These are about the same thing as those before."""
        self._sums = [one + another for one, another in zip(self._sums, older._sums, strict=True)]
        self._count += older._count
