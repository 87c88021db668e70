"""``udp://HOST:PORT``: a datagram of JSON a message."""

from __future__ import annotations

from collections.abc import Iterator

from rtskin.roi.out.address import parse, without_login, without_path
from rtskin.roi.out.datagrams import LARGEST, Datagrams
from rtskin.roi.record import Record, Sent, as_json, with_crops


class UdpTransport(Datagrams):
    """A message that is too large for a datagram goes without outlines, then without crops and landmarks, and is counted."""

    def __init__(self, out: str) -> None:
        super().__init__(without_path(without_login(parse(out))))
        self._largest = LARGEST

    def send(self, message: Sent) -> None:
        for datagram, lacks in smaller_and_smaller(message):
            if len(datagram) <= self._largest:
                if self.deliver(datagram):
                    if lacks:
                        self.counts[f"without {lacks}"] += 1
                    return
                self._largest = len(datagram) - 1  # some systems allow less
        self.counts["too large"] += 1
        self.counts["dropped"] += 1
        self.say("messages are too large for datagrams; use another transport for so many regions")


def smaller_and_smaller(message: Sent) -> Iterator[tuple[bytes, str]]:
    """The message as JSON, with less and less in it, and what it lacks."""
    yield message.full, ""
    record: Record = {**message.record, "rois": [{**roi, "polygon": []} for roi in message.record["rois"]]}
    lacks = "polygons"
    if any(message.crops):
        yield as_json(with_crops(record, message.crops)), lacks
        lacks += ", crops"
    yield as_json(record), lacks
    for roi in record["rois"]:
        roi.pop("landmarks", None)
    yield as_json(record), f"{lacks}, landmarks"
