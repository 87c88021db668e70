"""Going to the place in a container where decoding has to begin for a frame to come out exactly."""

from __future__ import annotations

from typing import Any

from rtskin.capture.container import Packets, is_shown
from rtskin.capture.entry import entry_test
from rtskin.media import av


def to_entry_before(container: Any, stream: Any, pts: int) -> tuple[Packets, Any] | None:
    """Goes to an entry at or before ``pts`` by the container's own index: the packets behind it, and its own packet.

    None where there is no index or it led elsewhere; the container then stands anywhere.
    """
    packets = _seek(container, stream, pts)
    first = None if packets is None else next(filter(is_shown, packets), None)
    if packets is None or first is None or first.pts is None or first.pts > pts:
        return None
    return (packets, first) if entry_test(stream)(first) else None


def to_packet(container: Any, stream: Any, pts: int, *, seek: bool) -> tuple[Packets, Any] | None:
    """Goes to the key frame of exactly this ``pts``; the same answer. Without ``seek``, by reading on from where it is."""
    packets = _seek(container, stream, pts) if seek else Packets(container, stream)
    if packets is None:
        return None
    for packet in filter(is_shown, packets):
        if packet.pts == pts and packet.is_keyframe:
            return packets, packet
        if packet.is_keyframe and packet.pts is not None and packet.pts > pts:
            return None
    return None


def _seek(container: Any, stream: Any, pts: int) -> Packets | None:
    try:
        container.seek(pts, stream=stream)
    except av.error.FFmpegError:
        return None
    return Packets(container, stream)
