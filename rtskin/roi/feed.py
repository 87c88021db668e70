"""The node "feed": Regions → one JSON object a frame, to wherever other programs want it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from rtskin.errors import InputError
from rtskin.frame import Regions
from rtskin.node import Context, Node, NodeOptions, Source
from rtskin.roi.out.courier import CLOSE_SECONDS, Courier
from rtskin.roi.out.table import transports
from rtskin.roi.record import Recorder, Sent, sent
from rtskin.roi.thinned import Thinned


class FeedOptions(NodeOptions):
    """out: where to, one or several (rtskin.roi.out.address.FORMS). overwrite: a file may exist already.

    every: a message each so many frames; their events are those of all frames since. only: labels; other regions are left
    out, and their events: a region is found when it gets one of these labels, and lost when it loses it. crops: with a JPEG
    of each region's crop_box, at most crop_side pixels wide and high.
    mirrored: what the messages say of the picture: that it is a mirror image.
    """

    out: list[str] | str = "-"
    overwrite: bool = False
    every: int = Field(default=1, ge=1)
    only: list[Literal["face", "hand", "other"]] = Field(default_factory=list)
    crops: bool = False
    crop_side: int = Field(default=256, ge=16, le=4096)
    crop_quality: int = Field(default=85, ge=1, le=100)
    mirrored: bool = False


class Feed(Node):
    """Sends a message a frame; rtskin.roi.message says what is in it.

    Each output has a thread and a bounded mailbox of its own: one that is slow or dead never slows the graph or another.
    Only a file or pipe that takes too little holds the graph, and only where the source can wait.

    A reader that goes away (``rtskin roi | head``) is no error: when no other output is left, the sources end and the
    stream runs dry.
    """

    takes: ClassVar[tuple[type, ...]] = (Regions,)
    Options = FeedOptions
    emits = "none"
    idle_every: ClassVar[float | None] = 0.5

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        outs = self.options.out
        self._outs = [outs] if isinstance(outs, str) else list(outs)
        try:
            transports(self._outs)  # what cannot be is told when the graph is built
        except InputError as error:
            raise error.about("out") from None
        self._couriers: list[Courier] = []
        self._live = self._drained = False
        self._messages = 0

    def bind(self, nodes: Mapping[str, Node]) -> None:
        self._live = any(isinstance(node, Source) and node.live for node in nodes.values())

    def open(self, context: Context) -> None:
        self._context = context
        self._record = Recorder(self.options.mirrored)
        self._thinned = Thinned(self.options.every, self.options.only)
        self._messages = 0
        for transport in transports(self._outs, self.options.overwrite):
            courier = Courier(transport, live=self._live, stopping=context.stopping)
            self._couriers.append(courier)
            courier.start()

    def process(self, regions: Regions) -> None:
        kept = self._thinned(regions)
        if kept is not None and not self._abandoned:
            message = self._message(kept)
            for courier in self._couriers:
                courier.put(message)
            self._messages += 1
        self._look()

    def idle(self) -> None:
        self._look()

    def finish(self) -> None:
        for courier in self._couriers:
            courier.end()
        for courier in self._couriers:
            courier.finish()

    def close(self) -> None:
        until = time.monotonic() + CLOSE_SECONDS
        for courier in self._couriers:
            courier.stop()
        for courier in self._couriers:
            courier.close(until - time.monotonic())

    def counters(self) -> dict[str, int | float | str]:
        counted: dict[str, int | float | str] = {"messages": self._messages}
        for courier in self._couriers:
            name = courier.transport.name
            counted |= {f"{name} {key}": value for key, value in courier.counters().items()}
        return counted

    def _message(self, regions: Regions) -> Sent:
        if not self.options.crops:
            return sent(self._record(regions))
        crops = self._crops(regions)
        return sent(self._record(regions), crops)  # after the crops: they count for the age

    def _crops(self, regions: Regions) -> list[bytes | None]:
        from rtskin.roi.crops import jpeg, square

        image = regions.frame.bgr
        side, quality = self.options.crop_side, self.options.crop_quality
        cut = [square(image, region.crop_box, side) if region.crop_box else None for region in regions.regions]
        return [None if one is None else jpeg(one, quality) for one in cut]

    def _look(self) -> None:
        """What the couriers met: errors, and readers who left."""
        for courier in self._couriers:
            courier.check()
        if self._abandoned and not self._drained:
            self._drained = True
            self._context.drain()

    @property
    def _abandoned(self) -> bool:
        """Whoever read has left."""
        return all(courier.gone for courier in self._couriers)
