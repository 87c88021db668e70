"""The node "regions": Scores (or Mask) → the same with their regions, for views that show them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from pydantic import Field

from rtskin.errors import InputError
from rtskin.frame import U8, Mask, Regions, Scores
from rtskin.node import Context, Node, NodeOptions
from rtskin.registry import NODES
from rtskin.roi.beside import OpenedBeside
from rtskin.roi.trails import Trails

#: Rows (or columns, of upright pictures) of a mask that regions are looked for in: about those of a network's scores. A mask
#: was made of no more, so the rest of its pixels would say nothing new.
ROWS = 240


class AttachOptions(NodeOptions):
    """roi: options of the node roi. hands: of the node hands; None: without. trail: seconds that trails go back."""

    roi: dict[str, Any] = Field(default_factory=dict)
    hands: dict[str, Any] | None = None
    trail: float = Field(default=1.0, ge=0, le=60)


class AttachRegions(Node):
    """Finds and follows regions as the nodes roi and hands do, and hands them on with what they were found in.

    Before the node refine it sees what those nodes see in ``rtskin roi``, and finds the same. Where there are only masks
    (those of a file, say) it takes them as well.

    It works only while a node of the graph wants regions (its ``wants_regions`` is true, as that of a render node whose
    view draws them) or where no node can say. What it loads, it loads when that is first so: before the first frame, or in
    a running graph beside it, in a thread; until that is done, and where it fails, which is said once, masks pass without
    regions. After a pause it goes on as after a gap in the stream.
    """

    Options = AttachOptions
    #: Nodes that need regions look for a node that says this.
    attaches_regions = True

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self._nodes: Mapping[str, Node] = {}
        self._askers: list[Any] = []
        self._context = Context()
        self._chain: list[Node] = []
        self._beside = OpenedBeside(lambda: self._make(), self._opened)
        self._trails = Trails(self.options.trail)
        self._make()  # wrong options are told of now

    def bind(self, nodes: Mapping[str, Node]) -> None:
        self._nodes = nodes
        self._askers = [
            node for node in nodes.values() if inspect.getattr_static(node, "wants_regions", None) is not None
        ]

    def open(self, context: Context) -> None:
        self._context = context
        self._trails.forget()  # of what was before it was closed
        self._beside = OpenedBeside(lambda: self._make(), self._opened)
        if self._wanted():
            for node in self._make():
                self._chain.append(node)  # first, so that it is closed also where it cannot be opened
                self._opened(node)

    def process(self, packet: Scores | Mask) -> Scores | Mask:
        if not self._wanted():
            self._beside.forget()
            return packet
        if not isinstance(packet, Scores | Mask):
            raise InputError(
                f"the node 'regions' takes scores or masks, not {type(packet).__name__}; put it before render"
            )
        if not self._ready():
            return packet
        found: Any = packet if isinstance(packet, Scores) else Scores(packet.frame, thinned(packet.data), packet.model)
        for node in self._chain:
            found = node.process(found)
        assert isinstance(found, Regions)
        return replace(packet, regions=self._trails(found))

    def close(self) -> None:
        self._beside.close()
        chain, self._chain = self._chain, []
        for node in chain:
            node.close()

    def counters(self) -> dict[str, int | float | str]:
        return {key: value for node in list(self._chain) for key, value in node.counters().items()}

    def _wanted(self) -> bool:
        return not self._askers or any(node.wants_regions for node in self._askers)

    def _make(self) -> list[Node]:
        kinds = {"roi": self.options.roi, "hands": self.options.hands}
        return [_made(kind, options) for kind, options in kinds.items() if options is not None]

    def _ready(self) -> bool:
        if not self._chain:
            self._beside.begin()
            self._chain = self._beside.take() or []
        return bool(self._chain)

    def _opened(self, node: Node) -> None:
        node.bind(self._nodes)
        node.open(self._context)


def _made(kind: str, options: Mapping[str, Any]) -> Node:
    try:
        node: Node = NODES.get(kind)(**options)
    except InputError as error:
        raise error.about(f"{kind}.{error.key}" if error.key else kind) from None
    return node


def thinned(mask: U8) -> U8:
    """Every n-th pixel of every n-th row, so that the shorter side has about ROWS: uint8, contiguous.

    Averages would take ten times as long, and a mask has no detail that could alias: it grew from scores of that size.
    """
    step = max(1, min(mask.shape) // ROWS)
    return np.ascontiguousarray(mask[step // 2 :: step, step // 2 :: step])
