"""The node "roi": Scores (or Mask) → Regions."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from rtskin.frame import Mask, Regions, Scores
from rtskin.node import Context, Node, NodeOptions
from rtskin.roi.components import MIN_AREA, find_regions
from rtskin.roi.runs import RunLabeller


class FindRegionsOptions(NodeOptions):
    """min_area: regions below this share of the frame are left out."""

    min_area: float = Field(default=MIN_AREA, ge=0, le=1)


class FindRegions(Node):
    """Regions of each mask by themselves; see :func:`rtskin.roi.components.find_regions`."""

    takes: ClassVar[tuple[type, ...]] = (Scores,)
    gives: ClassVar[type | None] = Regions
    Options = FindRegionsOptions

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self._labeller = RunLabeller()

    def open(self, context: Context) -> None:
        # Load or compile the kernels now: the first frame must not wait for it.
        for data in (np.full((2, 2), 255, np.uint8), np.ones((2, 2), np.float32)):
            find_regions(data, (2, 2), 0)

    def process(self, packet: Scores | Mask) -> Regions:
        frame = packet.frame
        size = (frame.width, frame.height)
        return Regions(frame, find_regions(packet.data, size, self.options.min_area, self._labeller))
