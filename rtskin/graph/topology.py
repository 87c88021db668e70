"""The shape of a graph, checked before anything runs: names, ports, cycles, joins that would starve, admission groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rtskin.errors import GraphSpecError, nearest
from rtskin.graph.spec import EdgeSpec
from rtskin.node import Node, Source


@dataclass(frozen=True)
class Link:
    """An edge with everything decided. way: "every_frame", "admit", "drop" or "newest" (a sampled port keeps only one)."""

    source: str
    target: str
    port: str
    way: str
    size: int

    @property
    def name(self) -> str:
        """ "a->b", with the port where the node has several."""
        return f"{self.source}->{self.target}" + (f".{self.port}" if self.port != "in" else "")


@dataclass
class Group:
    """Nodes behind one admission slot: links into it, and its nodes in the order a frame meets them."""

    entrances: list[Link]
    nodes: list[str] = field(default_factory=list)


class Topology:
    """Checks a graph and answers questions about its shape; GraphSpecError says what is wrong with it."""

    def __init__(self, nodes: Mapping[str, Node], workers: Mapping[str, int], edges: Sequence[EdgeSpec]) -> None:
        self.nodes = dict(nodes)
        self._check_nodes(workers)
        try:
            self.links = [self._resolve(edge) for edge in edges]
            self._check_ports()
            self._check_classes()
            self.order = self._sorted()
            self._check_joins()
        except GraphSpecError as error:
            raise error.about("edges") from None

    def incoming(self, name: str) -> list[Link]:
        """Links into a node, in the order of its ports."""
        ports = self.nodes[name].ports
        return sorted((link for link in self.links if link.target == name), key=lambda link: ports.index(link.port))

    def outgoing(self, name: str) -> list[Link]:
        """Links out of a node."""
        return [link for link in self.links if link.source == name]

    @property
    def leaves(self) -> list[str]:
        """Nodes without a successor; those that no dropping edge leads to come first: the main sink is the first."""
        ends = [name for name in self.order if not self.outgoing(name)]
        return sorted(ends, key=lambda name: any(link.way == "drop" for link in self._path_links(name)))

    def ancestors(self, name: str, within: Sequence[str]) -> list[str]:
        """The nodes of ``within`` from which a packet can get to ``name``."""
        found: list[str] = []
        stack = self._bringing(name)
        while stack:
            node = stack.pop()
            if node in within and node not in found:
                found.append(node)
                stack += self._bringing(node)
        return found

    def _bringing(self, name: str) -> list[str]:
        """Where a node's frames come from; a sampled port brings none."""
        return [link.source for link in self.incoming(name) if link.way != "newest"]

    def groups(self) -> list[Group]:
        """The admission groups: entrances whose frames can meet again share one slot."""
        groups: list[Group] = []
        for link in (link for link in self.links if link.way == "admit"):
            nodes = set(self._reach(link.target))
            meeting = [g for g in groups if g.entrances[0].source == link.source and nodes & set(g.nodes)]
            # The first entrance's thread feeds the others, so it must be one that waits for none of them.
            entrances = sorted([*(e for g in meeting for e in g.entrances), link], key=self._place)
            merged = Group(entrances)
            members = nodes.union(*(g.nodes for g in meeting))
            merged.nodes = [name for name in self.order if name in members]
            groups = [g for g in groups if g not in meeting] + [merged]
        return groups

    def _place(self, link: Link) -> tuple[int, int]:
        return self.order.index(link.target), self.nodes[link.target].ports.index(link.port)

    def _reach(self, start: str) -> Iterator[str]:
        """Nodes that see every frame that ``start`` sees, itself first."""
        stack, seen = [start], set[str]()
        while stack:
            name = stack.pop()
            if name not in seen:
                seen.add(name)
                yield name
                stack += [link.target for link in self.outgoing(name) if link.way == "every_frame"]

    def _resolve(self, edge: EdgeSpec) -> Link:
        target, _, port = edge.target.partition(".")
        for name in (edge.source, target):
            if name not in self.nodes:
                raise GraphSpecError(f"an edge names the node {name!r}, which is not there{nearest(name, self.nodes)}")
        node = self.nodes[target]
        if not node.ports:
            raise GraphSpecError(f"an edge leads into {target!r}, which is a source and takes nothing")
        port = port or node.ports[0]
        if port not in node.ports:
            raise GraphSpecError(f"node {target!r} has no port {port!r}{nearest(port, node.ports)}")
        if self.nodes[edge.source].emits == "none":
            raise GraphSpecError(f"an edge leads out of {edge.source!r}, which is a sink and gives nothing")
        sampled = node.sync == "sample" and port != node.ports[0]
        way: str = edge.policy
        if sampled:
            way = "newest"
        elif edge.policy == "auto":
            source = self.nodes[edge.source]
            way = "admit" if isinstance(source, Source) and source.live else "every_frame"
        return Link(edge.source, target, port, way, 1 if sampled else edge.size)

    def _check_ports(self) -> None:
        for name, node in self.nodes.items():
            for port in node.ports:
                links = [link for link in self.links if (link.target, link.port) == (name, port)]
                where = f"{name}.{port}" if len(node.ports) > 1 else name
                if not links:
                    raise GraphSpecError(f"nothing leads into {where!r}; connect a node to it or remove it")
                if len(links) > 1:
                    froms = " and ".join(repr(link.source) for link in links)
                    raise GraphSpecError(f"{froms} both lead into {where!r}; a port takes one edge")

    def _check_classes(self) -> None:
        """What a node gives must be what the next one takes."""
        for link in self.links:
            given, node = self.nodes[link.source].gives, self.nodes[link.target]
            taken = node.takes[node.ports.index(link.port)] if node.takes else object
            if given is not None and not issubclass(given, taken):
                raise GraphSpecError(
                    f"{link.source!r} gives {given.__name__}, but {link.target!r} takes {taken.__name__}; "
                    "connect them in the order of a frame's life"
                )

    def _check_nodes(self, workers: Mapping[str, int]) -> None:
        if not any(isinstance(node, Source) for node in self.nodes.values()):
            raise GraphSpecError("the graph has no source: add a node of kind 'source'")
        for name, count in workers.items():
            if count > 1 and not self.nodes[name].reentrant:
                raise GraphSpecError(
                    f"node {name!r} keeps state from frame to frame and can have only one of 'workers'"
                )
        windows = [name for name, node in self.nodes.items() if node.main_thread]
        if len(windows) > 1:
            raise GraphSpecError(f"only one node can run on the main thread, not {' and '.join(map(repr, windows))}")

    def _sorted(self) -> list[str]:
        """Node names so that every edge leads forward; refuses cycles."""
        order: list[str] = []
        waiting = dict.fromkeys(self.nodes)
        while waiting:
            ready = [name for name in waiting if all(link.source in order for link in self.incoming(name))]
            if not ready:
                raise GraphSpecError(f"the edges run in a cycle: {self._cycle(list(waiting))}")
            order += ready
            for name in ready:
                del waiting[name]
        return order

    def _cycle(self, names: list[str]) -> str:
        path = [names[0]]
        while path[-1] not in path[:-1]:
            path.append(next(link.source for link in self.incoming(path[-1]) if link.source in names))
        start = path.index(path[-1])
        return " -> ".join(repr(name) for name in reversed(path[start:]))

    def _check_joins(self) -> None:
        """A join by frame must get the same frames on all ports, or it would wait for one that never comes."""
        lost: dict[str, frozenset[str]] = {}
        entrance = {link: group for group in self.groups() for link in group.entrances}
        for name in self.order:
            ports = {link: lost[link.source] | self._loses(link, entrance) for link in self.incoming(name)}
            node = self.nodes[name]
            if node.sync == "join" and len(set(ports.values())) > 1:
                raise GraphSpecError(_starving(name, ports))
            trigger = next(iter(ports.values()), frozenset({f"source {name!r}"}))
            lost[name] = trigger | ({f"node {name!r}"} if node.emits == "some" else frozenset())

    def _loses(self, link: Link, entrance: Mapping[Link, Group]) -> frozenset[str]:
        if link.way == "admit":
            return frozenset({f"the slot before {entrance[link].entrances[0].target!r}"})
        return frozenset({f"edge {link.name!r}"}) if link.way in ("drop", "newest") else frozenset()

    def _path_links(self, name: str) -> list[Link]:
        links, stack = [], [name]
        while stack:
            incoming = self.incoming(stack.pop())
            links += incoming
            stack += [link.source for link in incoming]
        return links


def _starving(name: str, ports: Mapping[Link, frozenset[str]]) -> str:
    common = frozenset.intersection(*ports.values())
    causes = sorted(set().union(*ports.values()) - common)
    return (
        f"node {name!r} joins packets by frame, but would starve: frames are lost on one way to it and not on the other "
        f"({', '.join(causes)}); join before they part, or use a node that samples"
    )
