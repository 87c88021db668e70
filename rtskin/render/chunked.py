"""The graph node ``chunked``: masks of a video are looked at again in tiles, without a flicker.

A tile is worth a look by what its masks left open lately, not only now (an average over the frames before), so that one
does not come and go from frame to frame. What the refiner says of each frame by itself is then averaged along the motion of
the picture (:class:`rtskin.smooth.flow.Flow`), at the frame's size. Both forget: after a second nothing is left of a frame.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from rtskin.errors import GraphStateError, ModelError
from rtskin.frame import Mask
from rtskin.infer import tiles
from rtskin.infer.base import BaseSegmenter
from rtskin.infer.chunked import Chunked, load_refiner
from rtskin.infer.tiles import Bool, Grid
from rtskin.infer.weights import checked_weights, digest
from rtskin.node import Context, Node, NodeOptions
from rtskin.smooth.flow import Flow
from rtskin.smooth.stream import Continuity

#: Of what was open before, in the average after a frame.
KEPT = 0.8
#: Open blocks, on the average, from which on a tile is looked at.
LEAST = 0.5


class ChunkedOptions(NodeOptions):
    #: Name of the refiner, or path of its card; without, the usual one.
    model: str | None = None
    runtime: str = "auto"
    device: str = "auto"
    threads: int | None = Field(default=None, ge=1)
    runtime_options: dict[str, Any] = Field(default_factory=dict)
    #: What the masks are of, by the refiner's names; as of the infer node.
    classes: str | list[str] | None = None
    #: At most so many of a frame; without, all that are worth it.
    tiles: int | None = Field(default=None, ge=1)
    #: Of the average along the motion, 0 (none) … 1.
    strength: float = Field(default=0.5, ge=0, le=1)
    #: Start afresh where a shot ends.
    cuts: bool = True
    #: sha256 that the refiner's weights must have; without, any.
    weights: str | None = None


class RefineTiles(Node):
    """Mask → Mask. Counters: ``refiner``, and ``tiles``, the mean number of a frame."""

    takes: ClassVar[tuple[type, ...]] = (Mask,)
    gives: ClassVar[type | None] = Mask
    Options: ClassVar[type[NodeOptions]] = ChunkedOptions

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._chunked: Chunked | None = None
        self._continuity = Continuity(self.options.cuts)
        self._flow = Flow(self.options.strength)
        self._lately: npt.NDArray[np.float64] | None = None
        self._frames = self._tiles = 0

    @property
    def refiner(self) -> BaseSegmenter:
        """The model; GraphStateError before it is loaded."""
        if self._chunked is None:
            raise GraphStateError("the node that refines is not open")
        return self._chunked.refiner

    def open(self, context: Context) -> None:
        o = self.options
        refiner = load_refiner(
            o.model,
            runtime=o.runtime,
            device=o.device,
            threads=o.threads,
            classes=o.classes,
            runtime_options=o.runtime_options,
        )
        try:
            if o.weights is not None and weights_of(refiner) != o.weights:
                raise ModelError(
                    f"the weights of {refiner.card.name} are not those that this was planned with; plan it afresh"
                )
            refiner.warm_up()
            self._chunked = Chunked(refiner, budget=o.tiles)
        except BaseException:
            refiner.close()
            raise

    def process(self, *packets: Any) -> Mask:
        mask: Mask = packets[0]
        if self._chunked is None:
            raise GraphStateError("process() before open()")
        frame, base = mask.frame, mask.data
        step = self._continuity(frame, mask.model, base.shape)
        if step.fresh:
            self._lately = None
            self._flow.reset()
        chosen = self._chosen(self._chunked, base)
        done = self._chunked(frame.bgr, base, chosen)
        self._frames, self._tiles = self._frames + 1, self._tiles + done.tiles
        steady = self._flow.apply(done.data, step.dt, frame)
        if not done.tiles:
            return mask
        data = np.where(covered(self._chunked.grid(*base.shape), chosen, base.shape), steady, base)
        return Mask(frame, data, mask.model, mask.regions)

    def counters(self) -> dict[str, int | float | str]:
        if self._chunked is None:
            return {}
        mean = round(self._tiles / self._frames, 2) if self._frames else 0.0
        return {"refiner": self._chunked.refiner.card.name, "tiles": mean}

    def close(self) -> None:
        chunked, self._chunked = self._chunked, None
        if chunked is not None:
            chunked.refiner.close()

    def _chosen(self, chunked: Chunked, base: npt.NDArray[Any]) -> Bool:
        """By what was open in each tile, on the average."""
        counts = chunked.counts(base).astype(np.float64)
        lately = counts if self._lately is None else KEPT * self._lately + (1 - KEPT) * counts
        self._lately = lately
        return tiles.choose(np.where(lately >= LEAST, lately, 0), chunked.budget)


def covered(grid: Grid, chosen: Bool, shape: tuple[int, ...]) -> Bool:
    """Where a chosen tile is: bool H×W."""
    out = np.zeros(shape, np.bool_)
    for row, column in zip(*np.nonzero(chosen), strict=True):
        top, left = grid.tops[row], grid.lefts[column]
        out[top : top + grid.tile, left : left + grid.tile] = True
    return out


def weights_of(refiner: BaseSegmenter) -> str | None:
    """The sha256 of its weights; None where it has none."""
    return None if refiner.card.weights is None else digest(checked_weights(refiner.card))
