"""The node "hands": Regions → Regions, with landmarks, side and gesture where a region is a hand."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from rtskin.frame import Region, Regions
from rtskin.node import Context, Node, NodeOptions, Source
from rtskin.roi.hands.crop import Crop, crop_square, padded_square
from rtskin.roi.hands.landmarker import Bundle, Confidences, Landmarker, Seen, find_bundle
from rtskin.roi.hands.memory import Memory
from rtskin.roi.hands.slots import Slots

_OTHER_SIDE = {"left": "right", "right": "left"}


class FindHandsOptions(NodeOptions):
    """asset: a .task file; by default the gesture recognizer or the hand landmarker that was pulled.

    most: regions that are looked at in a frame. labels: those that a region must have for it. late: a live frame that is
    older, in ms, passes without a look. mirrored: the picture is a mirror image. side: of the crop at most, in pixels.
    detection, presence, tracking: confidences, 0 … 1.
    """

    asset: Path | None = None
    most: int = Field(default=2, ge=1, le=32)
    labels: tuple[Literal["hand", "face", "other"], ...] = ("hand",)
    late: float = Field(default=100.0, gt=0)
    mirrored: bool = False
    side: int = Field(default=256, ge=64, le=1024)
    detection: float = Field(default=0.5, ge=0, le=1)
    presence: float = Field(default=0.5, ge=0, le=1)
    tracking: float = Field(default=0.5, ge=0, le=1)


class FindHands(Node):
    """Looks for the hand in the padded square around a region instead of in the frame.

    Where more regions are hands than may be looked at in a frame, up to twice as many take turns; in between, and where no
    hand is found, a region has no landmarks. Its side is what most looks at its track said. Frames of a live source that are
    late already pass as they are.
    """

    takes: ClassVar[tuple[type, ...]] = (Regions,)
    gives: ClassVar[type | None] = Regions
    Options = FindHandsOptions

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self._memory = Memory()
        self._slots: Slots | None = None
        self._live = False
        self._looks = self._found = self._late = 0

    def bind(self, nodes: Mapping[str, Node]) -> None:
        self._live = any(isinstance(node, Source) and node.live for node in nodes.values())

    def open(self, context: Context) -> None:
        asked = self.options
        bundle = Bundle.read(asked.asset or find_bundle())
        self._slots = Slots(bundle, Confidences(asked.detection, asked.presence, asked.tracking), 2 * asked.most)
        self._slots.warm(asked.most)

    def process(self, regions: Regions) -> Regions:
        assert self._slots is not None, "the node is open"
        hands = {one.id: one for one in regions.regions if one.label in self.options.labels and one.state == "tracked"}
        self._memory.begin(hands)
        seen: dict[int, tuple[Crop, Seen]] = {}
        if hands and self._is_late(regions):
            self._late += 1
        else:
            for track_id in self._memory.turn(self._slots.admit(list(hands)), self.options.most):
                self._look(self._slots.of(track_id, hands), regions, hands[track_id], seen)
        return Regions(regions.frame, [self._told(one, seen) for one in regions.regions], regions.events)

    def close(self) -> None:
        slots, self._slots = self._slots, None
        if slots is not None:
            slots.close()

    def counters(self) -> dict[str, int | float | str]:
        return {"looks": self._looks, "hands": self._found, "late": self._late}

    def _is_late(self, regions: Regions) -> bool:
        captured = regions.frame.captured_ns
        return self._live and captured > 0 and time.monotonic_ns() - captured > self.options.late * 1e6

    def _look(
        self, landmarker: Landmarker, regions: Regions, region: Region, seen: dict[int, tuple[Crop, Seen]]
    ) -> None:
        crop = crop_square(regions.frame.bgr, region.crop_box or padded_square(region.box), self.options.side)
        found = landmarker.look(crop.rgb) if crop else None
        self._looks += 1
        if crop is None or found is None or not _is_of(region, crop, found):
            self._memory.missed(region.id)
            return
        self._found += 1
        side = _OTHER_SIDE[found.side] if self.options.mirrored else found.side
        self._memory.seen(region.id, side, found.side_score)
        seen[region.id] = crop, found

    def _told(self, region: Region, seen: Mapping[int, tuple[Crop, Seen]]) -> Region:
        side = self._memory.side(region.id) or region.side
        if region.id not in seen:
            return region if side == region.side else replace(region, side=side)
        crop, found = seen[region.id]
        points = crop.to_frame(found.landmarks)
        landmarks = tuple((x, y, z) for x, y, z in points.round(2).tolist())
        return replace(region, side=side, landmarks=landmarks, gesture=found.gesture)


def _is_of(region: Region, crop: Crop, found: Seen) -> bool:
    """Whether the hand is the region's own: a padded square may show a neighbour's too."""
    x, y, _ = crop.to_frame(found.landmarks).mean(0).tolist()
    left, top, width, height = region.box
    return left <= x <= left + width and top <= y <= top + height
