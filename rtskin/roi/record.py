"""Regions → what a message says, as plain data and as JSON.

Plain dictionaries through pydantic's own serialiser: five regions with outlines of sixty points take 0.3 ms in all; with
the models of :mod:`rtskin.roi.message` in between it is half as much again (bench/feed.py).
"""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic_core import to_json

from rtskin.frame import Frame, Region, RegionEvent, Regions
from rtskin.roi.clock import WallClock
from rtskin.roi.message import VERSION

Record = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Sent:
    """A message on its way out. It holds no frame: it may wait in a queue, and pictures are large.

    record: as plain data, without crops. json: the same as JSON. full: the JSON with the crops in it (the same where there
    are none). crops: JPEG of each region, in their order; None where a region has none.
    """

    record: Record
    json: bytes
    full: bytes
    crops: tuple[bytes | None, ...] = ()


def sent(record: Record, crops: Sequence[bytes | None] = ()) -> Sent:
    """The message of a record and its crops."""
    plain = as_json(record)
    full = as_json(with_crops(record, crops)) if any(crops) else plain
    return Sent(record, plain, full, tuple(crops))


def as_json(record: Record) -> bytes:
    """UTF-8."""
    return to_json(record, inf_nan_mode="null")  # JSON has no NaN


def with_crops(record: Record, crops: Sequence[bytes | None]) -> Record:
    """The record with the field ``crop`` in base64."""
    rois = [
        {**roi, "crop": base64.b64encode(crop).decode("ascii")} if crop else roi
        for roi, crop in zip(record["rois"], crops, strict=True)
    ]
    return {**record, "rois": rois}


class Recorder:
    """Makes records; keeps the clock. mirrored: what the messages say of the picture."""

    def __init__(self, mirrored: bool = False, clock: WallClock | None = None) -> None:
        self._mirrored, self._clock = mirrored, clock or WallClock()

    def __call__(self, regions: Regions, now_ns: int | None = None) -> Record:
        """See :class:`rtskin.roi.message.Message`. now_ns: the monotonic clock now."""
        frame = regions.frame
        now = time.monotonic_ns() if now_ns is None else now_ns
        known = bool(frame.captured_ns)
        return {
            "v": VERSION,
            "seq": frame.seq,
            "pts": frame.pts,
            "time": None if frame.time is None else round(frame.time, 6),
            "captured_at": self._clock.text(frame.captured_ns) if known else None,
            "age_ms": round(max(0, now - frame.captured_ns) / 1e6, 3) if known else None,
            "width": frame.width,
            "height": frame.height,
            "mirrored": self._mirrored,
            "rois": [_roi(region, frame) for region in regions.regions],
            "events": [_event(event) for event in regions.events],
        }


def _roi(region: Region, frame: Frame) -> Record:
    x, y, w, h = region.box
    wide, high = frame.width, frame.height
    said: Record = {
        "id": region.id,
        "label": region.label,
        "label_score": round(region.label_score, 4),
        "box": _rounded(region.box, 2),
        "box_norm": _rounded((x / wide, y / high, w / wide, h / high), 6),
        "crop_box": _rounded(region.crop_box, 2) if region.crop_box else None,
        "polygon": _points(region.polygon, 1),
        "area": round(float(region.area), 1),
        "score": round(region.score, 4),
        "velocity": _rounded(region.velocity, 2),
        "age": round(region.age, 4),
        "state": region.state,
    }
    more: Mapping[str, Any] = {
        "side": region.side,
        "landmarks": _points(region.landmarks, 2) if region.landmarks else None,
        "gesture": region.gesture,
    }
    return {**said, **{name: value for name, value in more.items() if value is not None}}


def _event(event: RegionEvent) -> Record:
    return {"kind": event.kind, "id": event.id, "label": event.label}


def _rounded(values: Sequence[float], digits: int) -> list[float]:
    return [round(float(value), digits) for value in values]


def _points(points: Sequence[Sequence[float]], digits: int) -> list[list[float]]:
    """Through numpy: there are many."""
    if not points:
        return []
    rounded: list[list[float]] = np.asarray(points, np.float64).round(digits).tolist()
    return rounded
