"""What a way of labelling is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from rtskin.frame import Frame
from rtskin.roi.found import FoundRegion

#: What a region may be, in the order of the probabilities.
LABELS = ("face", "hand", "other")
#: Of face, hand, other; together 1.
Probabilities = tuple[float, float, float]
#: Nothing is known: it weighs nothing in a vote.
UNKNOWN: Probabilities = (1 / 3, 1 / 3, 1 / 3)


class Method(ABC):
    """Regions of one frame → their probabilities, in order. Not to be called from two threads at once."""

    #: Its answer for a region depends on the others that it is shown with: it is to be shown all of a frame at once, or
    #: none. What looks at a region by itself may be shown any of them, when an answer is wanted.
    compares: ClassVar[bool] = False

    @abstractmethod
    def __call__(self, frame: Frame, regions: Sequence[FoundRegion]) -> list[Probabilities]: ...

    def warm_up(self) -> None:  # noqa: B027 - not all need it
        """Run once."""

    def close(self) -> None:  # noqa: B027
        """Give memory back; may be called twice."""
