"""Run: one run of a graph, from its threads' start to their bounded end."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from rtskin.errors import GraphSpecError, NodeError, RtskinError
from rtskin.frame import Packet
from rtskin.graph.admission import Admission
from rtskin.graph.edges import Edge, Signal
from rtskin.graph.gate import Gate
from rtskin.graph.inbox import Inbox
from rtskin.graph.report import report
from rtskin.graph.stats import GraphStatistics
from rtskin.graph.topology import Link, Topology
from rtskin.graph.watch import Watch
from rtskin.graph.worker import Worker
from rtskin.node import Context, Source, set_option, tell

log = logging.getLogger("rtskin.graph")

#: Seconds that the threads together get to end once the graph stops; a thread that hangs in a driver is left behind.
JOIN_SECONDS = 3.0
#: Name under which a caller who iterates over the graph takes part in admission.
CALLER = "(caller)"


class Run:
    """Wires edges, gates and workers for a topology, runs them, keeps the first error."""

    def __init__(
        self, topology: Topology, workers: Mapping[str, int], *, consumed: bool = False, duration: float | None = None
    ) -> None:
        self.topology = topology
        self.error: RtskinError | None = None
        self.started_at, self.ended_at = time.monotonic(), 0.0
        self._timer = threading.Timer(duration, self.drain) if duration is not None else None
        self.edges: dict[Link, Edge | Gate] = {}
        self._gates: list[Gate] = []
        self._gate_of: dict[str, Gate] = {}
        self._counts = dict(workers)
        self._lock = threading.Lock()
        self._stopping, self._all_open, self._done = threading.Event(), threading.Event(), threading.Event()
        self._to_open = self._to_end = len(topology.nodes)
        self._threads: list[threading.Thread] = []
        self._tail = self._make_tail() if consumed else None
        self._wire()
        self._context = Context(self._stopping, self._command, self._set, self.statistics, self.watch, self.drain)
        self.workers = {name: self._make_worker(name) for name in topology.order}
        self._drained = threading.Event()
        self._given_up = False

    @property
    def main_node(self) -> str | None:
        """The node that needs the main thread."""
        return next((name for name, node in self.topology.nodes.items() if node.main_thread), None)

    @property
    def state(self) -> str:
        """running, draining, stopping; in the end done (the stream ended), stopped (before its end) or failed."""
        stopping, ended = self._stopping.is_set(), self._done.is_set()
        if ended or (stopping and self._given_up):
            return "failed" if self.error else "stopped" if stopping else "done"
        if stopping:
            return "stopping"
        return "draining" if self._drained.is_set() else "running"

    def start(self) -> None:
        """Start a thread for each node that does not need the main one."""
        for name, worker in self.workers.items():
            if name != self.main_node:
                thread = threading.Thread(target=self._run_worker, args=(worker,), name=f"rtskin-{name}", daemon=True)
                self._threads.append(thread)
                thread.start()

    def work_on_this_thread(self) -> None:
        """The life of the node that needs the main thread, if there is one."""
        if self.main_node:
            self._run_worker(self.workers[self.main_node])

    def drain(self) -> None:
        """End the sources; the rest ends by itself."""
        self._drained.set()
        for worker in self.workers.values():
            if isinstance(worker.node, Source):
                worker.draining.set()
        self._interrupt_sources()

    def stop(self) -> None:
        """Wake everybody and let them close."""
        self._stopping.set()
        self._all_open.set()
        for edge in [*self.edges.values(), *self._gates]:
            edge.close()
        if self._tail:
            self._tail.close()
        for worker in self.workers.values():
            worker.turns.close()
        self._interrupt_sources()

    def wait(self, timeout: float | None = None) -> bool:
        """Until every node has closed, or the graph stops (then :meth:`join` waits, bounded).

        In short waits, so that Ctrl-C is heard on every system.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._done.wait(0.1):
            if self._stopping.is_set():
                return True
            if deadline is not None and time.monotonic() >= deadline:
                return False
        return True

    def join(self) -> None:
        """Wait (bounded) for the threads; one that hangs is named in a log message and left behind."""
        if self._timer:
            self._timer.cancel()
        deadline = time.monotonic() + JOIN_SECONDS
        for thread in self._threads:
            if thread.ident is not None and thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))
        left = [
            thread.name for thread in self._threads if thread.is_alive() and thread is not threading.current_thread()
        ]
        if left:
            self._given_up = True
            log.error("still running after %.0f s and left behind: %s", JOIN_SECONDS, ", ".join(left))

    def raise_error(self) -> None:
        """The first error, if there was one."""
        if self.error:
            raise self.error

    def consume(self) -> Iterator[Packet]:
        """Packets of the last node, for a caller who iterates."""
        assert self._tail is not None
        gate = self._gate_of.get(self.topology.leaves[0])
        while not isinstance(packet := self._tail.get(), Signal):
            seq, begun = packet.frame.seq, time.monotonic()
            if gate:
                gate.started(CALLER, seq)
            yield packet
            if gate:
                gate.finished(CALLER, seq, time.monotonic() - begun, taken=1, given=0)

    def statistics(self) -> GraphStatistics:
        """The figures of this moment."""
        return report(self)

    def watch(self) -> Watch:
        """Tells how it does from one look to the next; each who watches takes one of its own."""
        workers = {name: worker.meter for name, worker in self.workers.items()}
        sources = [name for name, node in self.topology.nodes.items() if isinstance(node, Source)]
        sink = self.topology.leaves[0]
        way = [*self.topology.ancestors(sink, self.topology.order), sink]
        return Watch(workers, sources, sink, [name for name in way if name not in sources])

    def _wire(self) -> None:
        for group in self.topology.groups():
            gate = self._make_gate(group.entrances, group.nodes)
            self._gates.append(gate)
            self.edges[group.entrances[0]] = gate
            for link, edge in zip(group.entrances[1:], gate.siblings, strict=True):
                self.edges[link] = edge
        for link in self.topology.links:
            if link not in self.edges:
                self.edges[link] = Edge(link.name, link.size, drops=link.way in ("drop", "newest"))

    def _make_gate(self, entrances: list[Link], nodes: list[str]) -> Gate:
        upstream: dict[str, list[str]] = {name: self.topology.ancestors(name, nodes) for name in nodes}
        leaf = self.topology.leaves[0]
        if self._tail and leaf in nodes:
            upstream[CALLER] = [*self.topology.ancestors(leaf, nodes), leaf]
        gate = Gate(entrances[0].name, Admission(upstream, self._counts))
        gate.siblings = [Edge(link.name, link.size) for link in entrances[1:]]
        for name in nodes:
            self._gate_of[name] = gate
        return gate

    def _make_tail(self) -> Edge:
        leaf = self.topology.leaves[0]
        if self.topology.nodes[leaf].emits == "none" or len(self.topology.leaves) > 1:
            ends = ", ".join(map(repr, self.topology.leaves))
            raise GraphSpecError(
                f"to iterate over a graph it must end in one node that gives packets; it ends in {ends}"
            )
        return Edge(CALLER, 1)

    def _make_worker(self, name: str) -> Worker:
        incoming, outgoing = self.topology.incoming(name), self.topology.outgoing(name)
        node = self.topology.nodes[name]
        # A gate feeds the other entrances of its group itself.
        fed = {id(edge) for gate in self._gates for edge in gate.siblings}
        outlets = [self.edges[link] for link in outgoing if id(self.edges[link]) not in fed]
        inside = sum(link.way == "every_frame" for link in outgoing)
        if self._tail and name == self.topology.leaves[0]:
            outlets.append(self._tail)
            inside += 1
        return Worker(
            name,
            node,
            inbox=Inbox([self.edges[link] for link in incoming], node.sync, lambda: node.patience)
            if incoming
            else None,
            outlets=outlets,
            last=not outgoing,
            gate=self._gate_of.get(name),
            inside=inside,
            count=self._counts.get(name, 1),
            context=self._context,
            failed=self._fail,
            ready=self._opened,
        )

    def _run_worker(self, worker: Worker) -> None:
        try:
            worker.run()
        finally:
            with self._lock:
                self._to_end -= 1
                if self._to_end == 0:
                    self.ended_at = time.monotonic()
                    self._done.set()

    def _opened(self) -> bool:
        """A node is open: sources begin only when all are, so that no frame grows old while a model loads."""
        with self._lock:
            self._to_open -= 1
            if self._to_open == 0:
                self._all_open.set()
                if self._timer:
                    self._timer.daemon = True
                    self._timer.start()
        self._all_open.wait()
        return not self._stopping.is_set()

    def _fail(self, name: str, error: BaseException) -> None:
        with self._lock:
            if not isinstance(error, Exception):
                log.debug("node %r was interrupted: %r", name, error)
            elif self.error is None:
                self.error = _named(name, error)
            elif not isinstance(error, RtskinError):
                log.warning("node %r also failed: %s: %s", name, type(error).__name__, error)
        self.stop()

    def _interrupt_sources(self) -> None:
        for name, node in self.topology.nodes.items():
            if isinstance(node, Source):
                try:
                    node.interrupt()
                except Exception as error:  # a source that cannot be interrupted must not keep the others from ending
                    log.warning("source %r could not be interrupted: %s", name, error)

    def _command(self, name: str, value: str) -> bool:
        return tell(self.topology.nodes.values(), name, value)

    def _set(self, node: str, key: str, value: Any) -> None:
        set_option(self.topology.nodes, node, key, value)


def _named(name: str, error: BaseException) -> RtskinError:
    """The error as it leaves the graph: our own kind as it is, anything else as a NodeError with its cause."""
    if not isinstance(error, RtskinError):
        wrapped = NodeError(f"node {name!r} failed: {type(error).__name__}: {error}")
        wrapped.__cause__ = error
        error = wrapped
    error.node = name
    return error
