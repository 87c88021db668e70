"""The pictures of a container, one after the other, with times that rise, and a count of what is missing."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from rtskin.capture.avio import Times, decode, rate_of, set_up
from rtskin.capture.container import Packets, is_shown, video_stream
from rtskin.capture.hardware import Hardware
from rtskin.capture.losses import Losses

log = logging.getLogger("rtskin.capture")

#: A decoded av.VideoFrame and its pts in ticks of the stream.
Item = tuple[Any, int]


class Decoder:
    """Decodes the video of ``container`` (an open av container), from where it stands.

    damaged: packets or frames that libav complained of. losses: of frames that never came. decoded: frames that came, since
    the last ``restart``. threads: as of rtskin.capture.avio.set_up. hardware: what decodes in place of the processor.
    Errors as of rtskin.capture.container.video_stream, and of Hardware.
    """

    def __init__(self, container: Any, name: str, threads: int | None = None, hardware: Hardware | None = None) -> None:
        self._name, self._hardware = name, hardware
        self._said = False
        self.stream = video_stream(container, name)
        self.base = Fraction(self.stream.time_base)
        set_up(self.stream, hardware, name, "AUTO", threads)
        self.times = Times(self.base, rate_of(self.stream))
        self.restart(Packets(container, self.stream), None)

    def restart(self, packets: Packets, first: Any, low: int | None = None, high: int | None = None) -> None:
        """Begins anew with the packet ``first`` (None: the next one) and ``packets``; counts only what is lost between
        the pts ``low`` and ``high``."""
        self._packets = packets
        self.losses = Losses(low, high)
        self.damaged = self.decoded = 0
        self.times.reset()
        self._frames = decode(self.stream, self._watched(first), self._count_damage, self._hardware, self._name)

    @property
    def broken(self) -> str | None:
        """Why the container could not be read any further, where it could not."""
        return self._packets.broken

    def next(self) -> Item | None:
        """The next picture; None at the end."""
        frame = next(self._frames, None)
        if frame is None:
            self.losses.ended()
            return None
        self.losses.decoded(frame.pts)
        self.decoded += 1
        return frame, self.times.of(frame)

    def _watched(self, first: Any) -> Iterator[Any]:
        if first is not None:
            yield self._watch(first)
        for packet in self._packets:
            yield self._watch(packet)

    def _watch(self, packet: Any) -> Any:
        self.losses.read(packet.pts, packet.is_keyframe, is_shown(packet))
        return packet

    def _count_damage(self) -> None:
        if not self._said:
            log.warning("%s is damaged; what cannot be decoded is passed over", self._name)
            self._said = True
        self.damaged += 1
