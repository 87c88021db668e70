"""How a node gets its packets: from one port, joined by frame over several, or sampled."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from rtskin.errors import GraphStateError
from rtskin.frame import Packet
from rtskin.graph.edges import Signal

Packets = tuple[Packet | None, ...]


class Inlet(Protocol):
    """An edge or a gate, seen from its consumer."""

    def get(self, timeout: float | None = None) -> Packet | Signal: ...


class Inbox:
    """Takes one packet of each port for a node (see ``Node.sync``); one thread at a time.

    patience: of a node that samples, see ``Node.patience``.
    """

    def __init__(
        self, inlets: Sequence[Inlet], sync: Literal["join", "sample"], patience: Callable[[], float] = lambda: 0.0
    ) -> None:
        self._inlets, self._patience = list(inlets), patience
        self._heads: list[Packet | None] = [None] * len(inlets)
        self._way = self._single if len(inlets) == 1 else self._sampled if sync == "sample" else self._joined

    def get(self, timeout: float | None = None) -> Packets | Signal:
        """One packet of each port, or why there is none."""
        return self._way(timeout)

    def _single(self, timeout: float | None) -> Packets | Signal:
        answer = self._inlets[0].get(timeout)
        return answer if isinstance(answer, Signal) else (answer,)

    def _joined(self, timeout: float | None) -> Packets | Signal:
        for index, inlet in enumerate(self._inlets):
            if self._heads[index] is None:
                answer = inlet.get(timeout)
                if isinstance(answer, Signal):
                    return answer
                self._heads[index] = answer
        packets, self._heads = tuple(self._heads), [None] * len(self._inlets)
        seqs = {packet.frame.seq for packet in packets if packet is not None}
        if len(seqs) > 1:
            raise GraphStateError(f"frames {sorted(seqs)} meet in a join: every node must keep the frame of its packet")
        return packets

    def _sampled(self, timeout: float | None) -> Packets | Signal:
        first = self._inlets[0].get(timeout)
        if isinstance(first, Signal):
            return first
        for index, inlet in enumerate(self._inlets[1:], start=1):
            while not isinstance(newer := inlet.get(0), Signal):
                self._heads[index] = newer
            self._await(first, index)
        return (first, *self._heads[1:])

    def _await(self, first: Packet | None, index: int) -> None:
        """Where the node has patience: until the packet of the same frame is there, or of a later one."""
        patience = self._patience()
        if patience <= 0 or first is None:
            return
        seq, until = first.frame.seq, first.frame.captured_ns / 1e9 + patience
        while (head := self._heads[index]) is None or head.frame.seq < seq:
            # A frame's clock may be another one than ours: it never makes anybody wait for longer than the patience.
            left = min(until - time.monotonic(), patience)
            if left <= 0 or isinstance(newer := self._inlets[index].get(left), Signal):
                return
            self._heads[index] = newer
