"""Labeller: regions of a frame → what each of them is."""

from __future__ import annotations

from collections.abc import Sequence

from rtskin.errors import InputError, nearest
from rtskin.frame import Frame
from rtskin.roi.found import FoundRegion
from rtskin.roi.label.base import LABELS, UNKNOWN, Method, Probabilities

__all__ = ["LABELS", "METHODS", "UNKNOWN", "Labeller", "Probabilities"]

METHODS = ("network", "heuristic")
#: Regions that are labelled in one frame: what is on top waits. A track is of one kind for its life, so that nothing is lost
#: by asking for the regions of a crowd in turn.
BUDGET = 8


class Labeller:
    """Says of regions whether they are a face, a hand or something else.

    ::

        labeller = Labeller()
        for region, (face, hand, other) in zip(regions, labeller(frame, regions)): …

    A region that holds several things is what matters in it: a face with its neck is a face, a hand with its arm a hand, of
    a face and a hand in one region the larger. Arms without hands, necks, legs, feet and what is no skin at all are other.
    Left and right hands are not told apart: in a crop alone, a right palm looks like the back of a left hand.

    method: "network" (the bundled one, on one thread) or "heuristic" (rtskin.roi.label.heuristic, the published rule that
    it is compared with). budget: at most so many regions of a frame, the first that are given, so sort by how much the
    answer is wanted; the others get :data:`UNKNOWN`. None: all of them. Not safe from several threads.

    Errors: InputError, ModelError, MissingExtraError (without ONNX Runtime).
    """

    def __init__(self, method: str = "network", *, budget: int | None = BUDGET) -> None:
        if budget is not None and budget < 1:
            raise InputError(f"budget is how many regions are labelled in a frame: at least 1, not {budget}")
        self._budget = budget
        self._method = _made(method)

    @property
    def compares(self) -> bool:
        """Its answers depend on which regions it is shown together: show it all of a frame, or none."""
        return self._method.compares

    def __call__(self, frame: Frame, regions: Sequence[FoundRegion]) -> list[Probabilities]:
        """(face, hand, other) of each region, in order; each 0 … 1, together 1."""
        asked = list(regions[: self._budget])
        known = self._method(frame, asked) if asked else []
        return [*known, *[UNKNOWN] * (len(regions) - len(asked))]

    def warm_up(self) -> None:
        """Run once, so that the first frame is not slow; ModelError where the network answers nonsense."""
        self._method.warm_up()

    def close(self) -> None:
        """Give memory back; may be called twice."""
        self._method.close()


def _made(method: str) -> Method:
    if method == "network":
        from rtskin.roi.label.network import NetworkMethod

        return NetworkMethod()
    if method == "heuristic":
        from rtskin.roi.label.heuristic import HeuristicMethod

        return HeuristicMethod()
    raise InputError(f"no labelling method is called {method!r}{nearest(method, METHODS)}")
