"""``osc://HOST:PORT``: Open Sound Control 1.0 bundles over UDP, for TouchDesigner, Max, Pure Data, Unity …

====================== ====================================================================================
address                arguments (s: string, i: int32, f: float32)
====================== ====================================================================================
/rtskin/frame          i seq, f time (seconds; -1: not known), i number of regions
/rtskin/roi/ID         s label, f label_score, f x, f y, f w, f h, f vx, f vy, f area, f score, f age, s state,
                       s side ("left", "right" or "")
/rtskin/landmarks/ID   f x, f y, f z of each of 21 points; only where there are landmarks
/rtskin/gesture/ID     s gesture; only where there is one
/rtskin/event          s kind, i id, s label
====================== ====================================================================================

x, y, w, h and landmarks are shares of the frame's width and height (z: of its width), from its upper left corner; vx, vy
such shares a second; area is a share of the frame. Where a frame has more than a datagram holds, further bundles follow,
without /rtskin/frame. Outlines and crops do not go this way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtskin.errors import MissingExtraError
from rtskin.roi.out.address import parse, without_login, without_path
from rtskin.roi.out.datagrams import Datagrams
from rtskin.roi.record import Record, Sent

#: Bytes of a datagram that crosses an Ethernet in one piece; many receivers take no larger ones.
MTU = 1472
#: "#bundle", its terminator and the time tag; before each message stands its length.
_HEAD, _LENGTH = 16, 4

#: An address below /rtskin/, with its arguments and their types.
OscLine = tuple[str, str, list[Any]]


class OscTransport(Datagrams):
    """Bundles to be acted on at once."""

    def __init__(self, out: str) -> None:
        super().__init__(without_path(without_login(parse(out))))

    def open(self) -> None:
        try:
            import pythonosc.osc_message_builder
        except ImportError as error:
            raise MissingExtraError("python-osc", "feed", "osc://") from error
        self._builder = pythonosc.osc_message_builder.OscMessageBuilder
        super().open()

    def send(self, message: Sent) -> None:
        for bundle in bundles([self._encode(line) for line in lines(message.record)]):
            if not self.deliver(bundle):
                self.counts["dropped"] += 1
                return

    def _encode(self, line: OscLine) -> bytes:
        name, types, values = line
        builder = self._builder(f"/rtskin/{name}")
        for kind, value in zip(types, values, strict=True):
            builder.add_arg(value, kind)
        encoded: bytes = builder.build().dgram
        return encoded


def lines(record: Record) -> Iterator[OscLine]:
    """What is said of a message, in order."""
    time = -1.0 if record["time"] is None else record["time"]
    yield "frame", "ifi", [_int32(record["seq"]), time, len(record["rois"])]
    for event in record["events"]:
        yield "event", "sis", [event["kind"], _int32(event["id"]), event["label"]]
    for roi in record["rois"]:
        yield from _roi(roi, record["width"], record["height"])


def bundles(messages: list[bytes]) -> Iterator[bytes]:
    """Encoded messages in as few datagrams as hold them, in order; time tag 1 means at once."""
    held: list[bytes] = []
    size = _HEAD
    for message in messages:
        if held and size + _LENGTH + len(message) > MTU:
            yield _bundle(held)
            held, size = [], _HEAD
        held.append(message)
        size += _LENGTH + len(message)
    if held:
        yield _bundle(held)


def _bundle(messages: list[bytes]) -> bytes:
    return b"#bundle\0" + (1).to_bytes(8, "big") + b"".join(len(one).to_bytes(4, "big") + one for one in messages)


def _roi(roi: Record, wide: int, high: int) -> Iterator[OscLine]:
    name, (vx, vy) = _int32(roi["id"]), roi["velocity"]
    motion = [vx / wide, vy / high, roi["area"] / (wide * high), roi["score"], roi["age"]]
    values = [roi["label"], roi["label_score"], *roi["box_norm"], *motion, roi["state"], roi.get("side", "")]
    yield f"roi/{name}", "s" + "f" * 10 + "ss", values
    if "landmarks" in roi:
        points = [share for x, y, z in roi["landmarks"] for share in (x / wide, y / high, z / wide)]
        yield f"landmarks/{name}", "f" * len(points), points
    if "gesture" in roi:
        yield f"gesture/{name}", "s", [roi["gesture"]]


def _int32(number: int) -> int:
    """Wraps after 828 days of 30 frames a second; OSC 1.0 knows nothing wider."""
    return number & 0x7FFFFFFF
