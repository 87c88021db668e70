"""The message of the feed: what other programs read, one JSON object a frame.

The models below are its description: the JSON Schema is generated from them (:func:`schema`), and a program in Python may
read with ``Message.model_validate_json``. Writing goes by :mod:`rtskin.roi.record`, which makes the same without filling
these models first: it is done for every frame.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

#: Version of the message; it grows when a reader would have to change. New fields may come without that.
VERSION = 1

Pixels = Annotated[list[float], Field(min_length=4, max_length=4)]
Pair = Annotated[list[float], Field(min_length=2, max_length=2)]
Share = Annotated[float, Field(ge=0, le=1)]


class Part(BaseModel):
    """Base of what a message is made of."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class Roi(Part):
    """A region of skin. Pixels are those of the frame as captured, from its upper left corner."""

    id: int
    """Stays with the thing from frame to frame. Where a face and a hand were taken for each other, it goes back to the thing
    as soon as looks tell them apart: both boxes jump then, and no event says so."""
    label: str
    """face, hand or other."""
    label_score: Share
    """How sure the label is."""
    side: Literal["left", "right"] | None = None
    """Of a hand, where it is known; else absent."""
    box: Pixels
    """x, y, w, h in pixels."""
    box_norm: Pixels
    """The box in shares of the frame's width and height."""
    crop_box: Pixels | None
    """x, y, w, h of the padded square around it; it may reach over the frame's border. null where nobody made one."""
    polygon: list[Pair]
    """Its outline, pixels; empty where nobody made one."""
    area: Annotated[float, Field(ge=0)]
    """Pixels of the frame."""
    score: Share
    """Mean probability of skin inside."""
    velocity: Pair
    """Of its middle, pixels a second."""
    age: Annotated[float, Field(ge=0)]
    """Seconds since it was found."""
    state: str
    """tracked: seen in this frame; held: covered or lost by the mask, so that box and outline are where it is expected."""
    landmarks: list[Annotated[list[float], Field(min_length=3, max_length=3)]] | None = None
    """21 of a hand: x, y in pixels, z in the same scale from the wrist; absent where nobody asked for them."""
    gesture: str | None = None
    """Name of the gesture; absent where none is known."""
    crop: str | None = None
    """Only with crops: JPEG of the crop_box in base64, black beyond the frame's border."""


class Event(Part):
    """What became of a region in this frame, or in one before it that was not sent (every N)."""

    kind: str
    """found, lost or back (the one it was before it left). Where only some labels are sent, a region is found when it gets
    one of them, and lost when it loses it."""
    id: int
    label: str


class Message(Part):
    """One frame of the feed; a frame without skin has an empty list of rois."""

    v: Literal[1]
    """Version: it grows when a reader would have to change. Readers pass over fields that they do not know."""
    seq: Annotated[int, Field(ge=0)]
    """Number of the frame in its source; gaps are frames that were dropped."""
    pts: int | None
    """Time stamp in the source's own ticks."""
    time: float | None
    """The same in seconds."""
    captured_at: Annotated[str, Field(json_schema_extra={"format": "date-time"})] | None
    """When the frame was captured: RFC 3339, microseconds, UTC. By the clock as it stood when the message was made."""
    age_ms: Annotated[float, Field(ge=0)] | None
    """Milliseconds from capture to the making of this message, by a clock that is never set."""
    width: int
    height: int
    """Of the frame, in pixels."""
    mirrored: bool
    """Whether the picture is a mirror image, as a selfie camera's may be, so that left is right. Nothing here is flipped."""
    rois: list[Roi]
    """Largest first."""
    events: list[Event]


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a message."""
    made = Message.model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **made,
        "title": f"rtskin feed, version {VERSION}",
    }
