"""Worker: runs one node from open to close, in its own thread or on the main thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol, cast

from rtskin.errors import GraphStateError
from rtskin.frame import Packet
from rtskin.graph.edges import Signal
from rtskin.graph.gate import Gate
from rtskin.graph.inbox import Inbox, Packets
from rtskin.graph.priority import give_way
from rtskin.graph.stats import NodeMeter
from rtskin.node import Context, Node, Source

log = logging.getLogger("rtskin.graph")


class Outlet(Protocol):
    """An edge or a gate, seen from its producer."""

    def put(self, packet: Packet) -> bool: ...
    def end(self) -> None: ...


class Turns:
    """Lets several workers hand on their results in the order in which they took the packets."""

    def __init__(self) -> None:
        self._next = 0
        self._closed = False
        self._changed = threading.Condition()

    def wait(self, ticket: int) -> bool:
        """Blocks until it is this ticket's turn; False when the graph stops."""
        with self._changed:
            while self._next != ticket and not self._closed:
                self._changed.wait()
            return not self._closed

    def advance(self) -> None:
        """The next ticket's turn."""
        with self._changed:
            self._next += 1
            self._changed.notify_all()

    def close(self) -> None:
        """Nobody waits any longer."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class Worker:
    """Opens a node, feeds it until the stream ends, closes it. What goes wrong is told to ``failed``."""

    def __init__(
        self,
        name: str,
        node: Node,
        *,
        inbox: Inbox | None,
        outlets: Sequence[Outlet],
        last: bool,
        gate: Gate | None,
        inside: int,
        count: int,
        context: Context,
        failed: Callable[[str, BaseException], None],
        ready: Callable[[], bool],
    ) -> None:
        self.name, self.node, self.count = name, node, count
        self.meter = NodeMeter()
        self.draining = threading.Event()
        self.turns = Turns()
        self._inbox, self._outlets, self._last = inbox, list(outlets), last
        # What the gate wants to know: how many packets of a frame this node takes, and gives to nodes of the same group.
        self._gate, self._taken, self._inside = gate, len(node.ports) if node.sync == "join" else 1, inside
        self._context, self._failed, self._ready = context, failed, ready
        self._taking = threading.Lock()
        self._tickets = 0
        self._counted: dict[str, int | float | str] | None = None

    def run(self) -> None:
        """The node's whole life; raises nothing but a Ctrl-C on the main thread."""
        try:
            if self.node.gives_way and not self._in_live_mode():
                give_way()  # before it opens: threads that it starts inherit this
            self.node.open(replace(self._context, workers=self.count))
            if self._ready():
                self._live()
        except BaseException as error:
            self._failed(self.name, error)
            if not isinstance(error, Exception) and threading.current_thread() is threading.main_thread():
                raise  # Ctrl-C belongs to the caller
        finally:
            self._close()
            for outlet in self._outlets:
                outlet.end()

    def _in_live_mode(self) -> bool:
        return self.node.live if isinstance(self.node, Source) else self._gate is not None

    def _live(self) -> None:
        if isinstance(self.node, Source):
            self._read(self.node)
        else:
            self._consume_in_parallel()
        if self._context.stopping.is_set():
            return
        for packet in self.node.flush():
            if self._gate:
                self._gate.enter(packet.frame.seq, self._inside)
            self._emit(packet)
        self.node.finish()

    def counters(self) -> dict[str, int | float | str]:
        """The node's own figures; once it is closed, those of its end."""
        return self._counted if self._counted is not None else dict(self.node.counters())

    def _close(self) -> None:
        try:
            self._counted = dict(self.node.counters())
        except Exception as error:  # figures are no reason not to close
            log.warning("node %r has no figures: %s", self.name, error)
        try:
            self.node.close()
        except BaseException as error:
            self._failed(self.name, error)

    def _read(self, source: Source) -> None:
        stopping = self._context.stopping
        after = time.thread_time_ns()
        while not (stopping.is_set() or self.draining.is_set()):
            begun, before = time.monotonic_ns(), time.thread_time_ns()
            frame = source.read()
            if frame is None:
                return
            overhead, after = before - after, time.thread_time_ns()
            self.meter.worked(time.monotonic_ns() - begun, after - before, overhead)
            self._emit(frame)

    def _consume_in_parallel(self) -> None:
        """This thread and count - 1 more take packets until there are no more."""
        names = [f"rtskin-{self.name}-{number}" for number in range(2, self.count + 1)]
        more = [threading.Thread(target=self._consume_guarded, name=name, daemon=True) for name in names]
        for thread in more:
            thread.start()
        try:
            self._consume_guarded()
        finally:
            for thread in more:  # the node is not closed under their hands
                thread.join()

    def _consume_guarded(self) -> None:
        try:
            self._consume()
        except BaseException as error:
            self._failed(self.name, error)  # at once: it is what wakes the other workers
            if not isinstance(error, Exception):
                raise

    def _consume(self) -> None:
        after = time.thread_time_ns()
        while True:
            packets, ticket = self._take()
            if packets is Signal.EMPTY:
                after = self._idle(after)
            elif isinstance(packets, Signal):
                return
            else:
                after = self._handle(packets, ticket, after)

    def _idle(self, previous: int) -> int:
        before = time.thread_time_ns()
        self.node.idle()
        after = time.thread_time_ns()
        self.meter.idled(after - before, before - previous)
        return after

    def _take(self) -> tuple[Packets | Signal, int]:
        """The next packets and, with several workers, their place in the order."""
        assert self._inbox is not None
        if self.count == 1:
            return self._inbox.get(self.node.idle_every), 0
        with self._taking:
            packets = self._inbox.get(self.node.idle_every)
            ticket = self._tickets
            self._tickets += not isinstance(packets, Signal)
        return packets, ticket

    def _handle(self, packets: Packets, ticket: int, previous: int) -> int:
        """One packet of each port through the node. ``previous``: the thread's CPU clock after the last; answers the new."""
        frame = cast(Packet, packets[0]).frame
        if self._gate:
            self._gate.started(self.name, frame.seq)
        begun, before = time.monotonic_ns(), time.thread_time_ns()
        result = self.node.process(*packets)
        wall, after = time.monotonic_ns() - begun, time.thread_time_ns()
        if self._gate:
            self._tell(self._gate, frame.seq, wall, result)
        if self.count > 1 and not self.turns.wait(ticket):
            return after
        self.meter.worked(wall, after - before, before - previous)
        if result is not None:
            self._emit(result)
        elif self.node.emits == "each":
            raise GraphStateError(f'node {self.name!r} returned nothing for frame {frame.seq}; declare emits = "some"')
        if self._last and self.node.emits == "none":
            self.meter.delivered(frame.captured_ns)
        if self.count > 1:
            self.turns.advance()
        return after

    def _tell(self, gate: Gate, seq: int, wall_ns: int, result: Packet | None) -> None:
        """The gate counts packets by frame; a node may answer with one of an earlier frame (it looks ahead)."""
        given = self._inside if result is not None else 0
        if result is not None and result.frame.seq != seq:
            gate.enter(result.frame.seq, given)
            given = 0
        gate.finished(self.name, seq, wall_ns / 1e9, self._taken, given)

    def _emit(self, packet: Packet) -> None:
        for outlet in self._outlets:
            outlet.put(packet)
        if self._last:
            self.meter.delivered(packet.frame.captured_ns)
