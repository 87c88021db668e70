"""The masks that a sink receives: a clip through the whole graph, not through the smoother alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

from rtskin.errors import ModelError
from rtskin.evaluate.video.methods import Method
from rtskin.frame import Mask
from rtskin.graph import Graph, GraphStatistics
from rtskin.riding import NODE, with_every

#: Settings of the node that masks ride in.
RIDES = f"{NODE}."


@dataclass(frozen=True)
class Way:
    """A model with a smoother. settings: overrides of the pipeline's nodes ("infer.device": "cpu"), and of one that it has
    only then: with "propagate.every" the network runs every so many frames."""

    model: str
    shown: str
    method: Method
    settings: Mapping[str, Any]

    def graph(self, path: Path) -> Graph:
        """The pipeline ``masks``, as rtskin.stream runs it, every frame once; errors as Graph.from_toml's."""
        own = {"source.uri": str(path), "source.pace": "max", "infer.model": self.model}
        settings = {**self.settings, **own, **self.method.overrides()}
        riding = {key.removeprefix(RIDES): settings.pop(key) for key in list(settings) if key.startswith(RIDES)}
        change = partial(with_every, **riding, repeats=True) if riding else (lambda spec: spec)
        return Graph.from_toml("masks", settings, change)


def masks(path: Path, way: Way, tell: Callable[[GraphStatistics], None] | None = None) -> Iterator[Mask]:
    """The mask of each frame of a file, in order; ``tell`` gets the statistics at the end.

    ModelError where a frame got none: figures of neighbours would not be of neighbours.
    """
    graph = way.graph(path)
    with closing(cast(Any, graph.packets())) as packets:
        for number, packet in enumerate(packets):
            mask = cast(Mask, packet)
            if mask.frame.seq != number:
                raise ModelError(f"{path.name} with {way.method.label}: frame {number} got no mask")
            yield mask
    if tell is not None:
        tell(graph.statistics())
