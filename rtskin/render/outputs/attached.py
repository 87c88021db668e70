"""What is attached to a source: fonts of its subtitles, cover pictures, and streams of data."""

from __future__ import annotations

import logging
from typing import Any

from rtskin.media import av

_log = logging.getLogger("rtskin.render")

_MATROSKA = "matroska"
_ENDINGS = {"mjpeg": ("jpg", "image/jpeg"), "png": ("png", "image/png"), "webp": ("webp", "image/webp")}


def copy_attached(source: Any, container: Any) -> None:
    """Copies what is attached to an av input into an av output, which no packet was written to yet; what does not fit is
    a warning. Only Matroska holds attachments."""
    attached = [stream for stream in source.streams if stream.type == "attachment"]
    covers = [stream for stream in source.streams.video if _is_cover(stream)]
    # A track of timecode says it in its metadata, and is written anew.
    data = [stream for stream in source.streams.data if "timecode" not in stream.metadata]
    if container.format.name != _MATROSKA:
        _say(len(attached), "attachment", "use .mkv")
        _say(len(covers), "cover picture", "use .mkv")
    else:
        for stream in attached:
            name = stream.metadata.get("filename") or f"attachment-{stream.index}"
            container.add_attachment(name, stream.mimetype or "application/octet-stream", stream.data)
        for stream in covers:
            _attach_cover(source.name, stream, container)
    _say(len(data), "data stream", "they belong to the source's own pictures")


def _attach_cover(path: str, stream: Any, container: Any) -> None:
    ending, mimetype = _ENDINGS.get(stream.codec_context.name, ("bin", "application/octet-stream"))
    with av.open(path) as again:  # the packets of the other are still needed
        packet = next((packet for packet in again.demux(again.streams[stream.index]) if packet.size), None)
    if packet is None:
        _say(1, "cover picture", "it is empty")
        return
    container.add_attachment(stream.metadata.get("filename") or f"cover.{ending}", mimetype, bytes(packet))


def _say(count: int, noun: str, why: str) -> None:
    if count:
        _log.warning("%d %s%s left out: %s", count, noun, "s are" if count > 1 else " is", why)


def _is_cover(stream: Any) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)
