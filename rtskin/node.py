"""Node: what a stage of a graph is to the graph.

A node opens, does one thing a packet, and closes in ``finally``. Subclasses override what they need::

    class Invert(Node):
        def process(self, packet: Mask) -> Mask:
            return Mask(packet.frame, 255 - packet.data, packet.model)

Options are a pydantic model in ``Options``, so that a pipeline's TOML and Python (``Refine(radius=4)``) are checked alike.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from rtskin.errors import InputError, nearest
from rtskin.frame import Frame, Packet


class NodeOptions(BaseModel):
    """Base of every node's options: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class Context:
    """What a graph gives a node when it opens.

    stopping: set when the graph stops at once; a node that waits for anything must wait on it.
    command: tell all nodes something ("view", "next"); True if one of them took it.
    set: change an option of a node: set("render", "view", "matte").
    statistics: the running graph's figures (a graph.stats.GraphStatistics).
    watch: something that tells how the graph does from one look to the next (a graph.watch.Watch).
    drain: end the sources and deliver what is under way; from any thread.
    workers: threads that will call the node's ``process``.
    """

    stopping: threading.Event = field(default_factory=threading.Event)
    command: Callable[[str, str], bool] = lambda name, value: False
    set: Callable[[str, str, Any], None] = lambda node, key, value: None
    statistics: Callable[[], Any] = lambda: None
    watch: Callable[[], Any] = lambda: None
    drain: Callable[[], None] = lambda: None
    workers: int = 1


class Node:
    """One stage. ``open``, ``process``, ``finish``, ``close`` are called in the node's own thread, in that order; ``bind``
    and ``check`` before."""

    Options: ClassVar[type[NodeOptions]] = NodeOptions
    #: Input ports. More than one: ``sync`` says how packets of several ports meet.
    ports: ClassVar[tuple[str, ...]] = ("in",)
    #: What comes in at each port, and what goes out, where it is always of one class: graphs are checked by it.
    takes: ClassVar[tuple[type, ...]] = ()
    gives: ClassVar[type | None] = None
    #: "join": one packet of each port, of the same frame. "sample": every packet of the first port, with the newest of
    #: the others (None before there is one).
    sync: ClassVar[Literal["join", "sample"]] = "join"
    #: Where it samples: seconds since a frame was captured for which the other ports' packets of that frame are waited for.
    #: It may change while the node runs.
    patience: float = 0.0
    #: "each": one packet out for one in. "some": fewer, or later (then no join by frame may follow). "none": a sink.
    #: An instance may differ from its class, where that depends on its options.
    emits: Literal["each", "some", "none"] = "each"
    #: ``process`` may run in several threads at once, so that a graph may give the node several workers. An instance may
    #: differ here too.
    reentrant: bool = False
    #: Where frames are not dropped but wait, the node runs only while the nodes after it leave time (see graph.priority).
    gives_way: ClassVar[bool] = False
    #: The node must run on the thread that calls ``Graph.run()`` (windows).
    main_thread: ClassVar[bool] = False
    #: Seconds without a packet after which ``idle`` is called, again and again.
    idle_every: ClassVar[float | None] = None
    #: Kernels that nearly every run of the node needs: jobs of rtskin.kernels, with about the seconds that compiling takes.
    kernels: ClassVar[Mapping[str, float]] = {}
    #: Options that may change while it runs; see ``set``.
    hot: ClassVar[frozenset[str]] = frozenset()

    options: Any

    def __init__(self, **options: Any) -> None:
        self.options = parse_options(self.Options, options, type(self).__name__)
        #: Held while an option changes: what two threads set at once would be what the later one knew.
        self._setting = threading.RLock()

    def bind(self, nodes: Mapping[str, Node]) -> None:
        """Called once before any node opens, with all nodes of the graph by name."""

    def check(self) -> None:
        """Called for all nodes before any of them opens, on the thread that starts the graph: what cannot be is refused at
        once, not after a model was loaded (no display, a file that exists). Nothing is acquired here."""

    def open(self, context: Context) -> None:
        """Acquire files, devices, models."""

    def process(self, *packets: Any) -> Packet | None:
        """One packet of each port in; one out (None only where ``emits`` is not "each")."""
        raise NotImplementedError(f"{type(self).__name__} has no process()")

    def idle(self) -> None:
        """Nothing arrived for ``idle_every`` seconds."""

    def flush(self) -> Iterable[Packet]:
        """At the end of the stream: packets held back until now."""
        return ()

    def finish(self) -> None:
        """The stream ended well and everything was processed: a file is complete now."""

    def close(self) -> None:
        """Give everything back. Always called once ``open`` was tried, also after errors; must not assume it succeeded."""

    def command(self, name: str, value: str) -> bool:
        """Something was asked of all nodes, from any thread; True if this node took it."""
        return False

    def set(self, key: str, value: Any) -> None:
        """Change an option, from any thread and while it runs.

        InputError: there is no such option, it must stay, or the value cannot be.
        """
        with self._setting:
            options = parse_options(self.Options, {**given(self.options), key: value}, type(self).__name__)
            if key not in self.hot:
                can = f"; what can change: {', '.join(sorted(self.hot))}" if self.hot else ""
                raise InputError(f"{type(self).__name__}.{key} stays while it runs{can}")
            self.changed(key, options)

    def changed(self, key: str, options: Any) -> None:
        """An option of ``hot`` has become another, in ``options``; in the thread of whoever asked."""
        self.options = options

    def counters(self) -> dict[str, int | float | str]:
        """Figures of this node's own for the statistics ("damaged": 3); called from any thread while running."""
        return {}


class Source(Node):
    """A node without input: ``read`` gives the next frame."""

    ports: ClassVar[tuple[str, ...]] = ()
    gives_way: ClassVar[bool] = True

    #: A live source is read at its own pace and its frames may be dropped at admission; else every frame is taken.
    live: bool = False

    def read(self) -> Frame | None:
        """The next frame; None at the end. May block, but must return soon after ``interrupt``."""
        raise NotImplementedError(f"{type(self).__name__} has no read()")

    def interrupt(self) -> None:
        """Make a blocked ``read`` return soon (with None); called from another thread, at most a few times."""


def given(options: NodeOptions) -> dict[str, Any]:
    """What was said of options, as values: they are checked once more with some of them changed."""
    return {name: getattr(options, name) for name in options.model_fields_set}


def tell(nodes: Iterable[Node], name: str, value: str) -> bool:
    """Give every node a command; True if at least one took it."""
    taken = [node.command(name, value) for node in nodes]
    return any(taken)


def set_option(nodes: Mapping[str, Node], node: str, key: str, value: Any) -> None:
    """Change an option of one of the nodes; InputError as of ``Node.set``, or where there is no such node."""
    if node not in nodes:
        raise InputError(f"there is no node {node!r}{nearest(node, nodes)}")
    nodes[node].set(key, value)


def parse_options(model: type[NodeOptions], options: Mapping[str, Any], where: str) -> NodeOptions:
    """Options checked by pydantic; InputError says which key is wrong and, where it is unknown, the nearest one."""
    try:
        return model(**options)
    except ValidationError as error:
        first: dict[str, Any] = dict(error.errors()[0])
        raise _refused(model, first, where) from None


def _refused(model: type[NodeOptions], item: dict[str, Any], where: str) -> InputError:
    key = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        return InputError(f"{where} has no option {key!r}{nearest(key, model.model_fields)}").about(key)
    message = cast(str, item["msg"]).removeprefix("Value error, ")
    # An address may have a password in it.
    got = "" if "://" in str(item["input"]) or not key else f" (got {item['input']!r})"
    error = InputError(f"{where}.{key}: {message}{got}" if key else f"{where}: {message}").about(key)
    error.bare = message + got
    return error
