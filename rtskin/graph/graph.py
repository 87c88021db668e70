"""Graph: nodes and edges that run, live and offline in one implementation."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any

from rtskin import paths
from rtskin.errors import GraphSpecError, GraphStateError, InputError, RtskinError
from rtskin.frame import Packet
from rtskin.graph.run import Run
from rtskin.graph.spec import EdgeSpec, GraphSpec, NodeSpec, Policy, read_spec
from rtskin.graph.stats import GraphStatistics
from rtskin.graph.topology import Topology
from rtskin.graph.watch import Watch
from rtskin.node import Node, set_option, tell


class Graph:
    """A graph of nodes. It is built once, and runs once.

    From a file, or in Python::

        graph = Graph.from_toml("live_overlay", {"source.uri": "clip.mp4"})
        graph.run()

        graph = Graph()
        graph.add("source", SourceNode(uri="clip.mp4", pace="max"))
        graph.add("invert", MyNode())
        graph.connect("source", "invert")
        for packet in graph:
            ...

    Every method but ``run`` and iteration may be called from any thread.
    """

    def __init__(self, spec: GraphSpec | None = None) -> None:
        """An empty graph, or one as described; UnknownNameError and GraphSpecError for what cannot be."""
        self._nodes: dict[str, Node] = {}
        self._workers: dict[str, int] = {}
        self._edges: list[EdgeSpec] = []
        self._run: Run | None = None
        self._drained = False
        if spec is not None:
            for name, node in spec.nodes.items():
                self.add(name, node.build(name), workers=node.workers)
            self._edges = list(spec.edges)
            self.check()

    @classmethod
    def from_toml(
        cls,
        name: str | os.PathLike[str],
        settings: Mapping[str, Any] | None = None,
        change: Callable[[GraphSpec], GraphSpec] = lambda spec: spec,
    ) -> Graph:
        """A pipeline file, or a bundled pipeline by name, with ``settings`` as in :meth:`GraphSpec.override`.

        ``change`` may add nodes and edges after that. GraphSpecError names the file and the line (not for what a setting
        brought in); UnknownNameError the nearest names.
        """
        spec, lines = read_spec(paths.find("pipelines", name))
        brought = tuple(f"nodes.{key}." for key in settings or {})
        try:
            return cls(change(spec.override(settings or {})))
        except InputError as error:
            # Of a whole node that a setting changed ("end must lie behind start"): of that, or of the file, who can tell.
            node = (error.key or "").removeprefix("nodes.").partition(".")[0]
            added = (error.key or "").startswith("nodes.") and node not in spec.nodes
            if error.key is None or added or any(_meet(f"{error.key}.", key) for key in brought):
                raise
            raise lines.placed(error) from None

    def add(self, name: str, node: Node | str, /, *, workers: int = 1, **options: Any) -> Graph:
        """A node, or the kind of one with its options: ``add("infer", "infer", model="ellipse")``. Answers the graph."""
        self._only_before_start()
        if name in self._nodes:
            raise GraphSpecError(f"there are two nodes called {name!r}")
        if "." in name or not name:
            raise GraphSpecError(f"a node cannot be called {name!r}: the name is empty or holds a dot")
        if workers < 1:
            raise GraphSpecError(f"node {name!r} needs at least one worker, not {workers}")
        built = NodeSpec(kind=node, workers=workers, options=options).build(name) if isinstance(node, str) else node
        self._nodes[name], self._workers[name] = built, workers
        return self

    def connect(self, source: str, target: str, /, *, policy: Policy = "auto", size: int = 2) -> Graph:
        """An edge from a node to a node, or to its port ("pair.frame"). Answers the graph."""
        self._only_before_start()
        self._edges.append(EdgeSpec.model_validate({"from": source, "to": target, "policy": policy, "size": size}))
        return self

    def check(self) -> Topology:
        """GraphSpecError if the graph cannot run as it is; else its shape. Nodes get to know each other here."""
        # First, since what a node emits and how many workers it may have can depend on the others.
        for name, node in self._nodes.items():
            try:
                node.bind(self._nodes)
            except InputError as error:
                raise error.about(f"nodes.{name}.{error.key}" if error.key else f"nodes.{name}") from None
        return Topology(self._nodes, self._workers, self._edges)

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The nodes by name."""
        return dict(self._nodes)

    def start(self) -> None:
        """Run in threads of its own and return at once. A graph with a window needs :meth:`run`."""
        self._refuse_main_thread("start()")
        self._begin(self._prepare())

    def run(self, duration: float | None = None) -> GraphStatistics:
        """Run to the end on this thread, and answer the statistics; the first error of any node is raised here.

        duration: seconds after which it drains, counted from when all nodes are open.
        """
        run = self._prepare(duration=duration)
        try:
            self._begin(run)
            run.work_on_this_thread()
            run.wait()
        except KeyboardInterrupt:
            run.stop()
            raise
        finally:
            run.join()
        run.raise_error()
        return run.statistics()

    def drain(self) -> None:
        """End the sources; what is under way is delivered and files are completed. Before the start it counts as well."""
        self._drained = True
        if self._run:
            self._run.drain()

    def stop(self) -> None:
        """Stop at once, wait (bounded) for the threads; packets under way are lost. Does nothing a second time."""
        if self._run:
            self._run.stop()
            self._run.join()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until everything has ended; False when ``timeout`` seconds were not enough. Raises the first error."""
        run = self._running()
        if not run.wait(timeout):
            return False
        run.join()
        run.raise_error()
        return True

    def command(self, name: str, value: str = "next") -> bool:
        """Tell all nodes something: ``command("view", "matte")``; True if one took it."""
        return tell(self._nodes.values(), name, value)

    def set(self, node: str, key: str, value: Any) -> None:
        """Change an option of a node, also while it runs: ``set("smooth", "strength", 0.8)``; from any thread.

        InputError: no such node or option, an option that must stay (its message says which can change), a bad value.
        A model loads beside the running one; everything else is in use from the next frame on.
        """
        set_option(self._nodes, node, key, value)

    def statistics(self) -> GraphStatistics:
        """The figures of this moment, while running or afterwards."""
        return self._running().statistics()

    def watch(self) -> Watch:
        """Tells, cheaply, how the graph does from one look to the next, while it runs; each who watches takes one."""
        return self._running().watch()

    @property
    def started(self) -> bool:
        """Whether the graph runs or has run."""
        return self._run is not None

    @property
    def error(self) -> RtskinError | None:
        """The first error of any node."""
        return self._run.error if self._run else None

    def packets(self) -> Iterator[Packet]:
        """What the graph's last node gives, one after the other; the graph starts at the first and stops at the end.

        The caller is part of the graph: in live mode frames are dropped at admission while it works on one.
        """
        self._refuse_main_thread("iterating")
        run = self._prepare(consumed=True)
        try:
            self._begin(run)
            yield from run.consume()
        finally:
            run.stop()
            run.join()
        run.raise_error()

    __iter__ = packets

    def __enter__(self) -> Graph:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _prepare(self, *, consumed: bool = False, duration: float | None = None) -> Run:
        self._only_before_start()
        run = Run(self.check(), self._workers, consumed=consumed, duration=duration)
        for name, node in self._nodes.items():
            try:
                node.check()
            except RtskinError as error:
                error.node = name
                raise
        self._run = run
        return run

    def _begin(self, run: Run) -> None:
        run.start()
        if self._drained:
            run.drain()

    def _refuse_main_thread(self, what: str) -> None:
        for name, node in self._nodes.items():
            if node.main_thread:
                raise GraphStateError(f"node {name!r} needs the main thread: call run() there instead of {what}")

    def _only_before_start(self) -> None:
        if self._run:
            raise GraphStateError("this graph has run already; build a new one")

    def _running(self) -> Run:
        if not self._run:
            raise GraphStateError("this graph was not started: call start() or run()")
        return self._run


def _meet(one: str, other: str) -> bool:
    """Whether one of two dotted keys is the other, or lies in it."""
    return one.startswith(other) or other.startswith(one)
