"""rtskin finds human skin in live video. See the README for the three uses.

Everything public is imported late: ``import rtskin`` loads neither numpy nor cv2, torch or a runtime.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rtskin.capture import open_source
    from rtskin.errors import (
        GraphSpecError,
        GraphStateError,
        InputError,
        MissingExtraError,
        ModelError,
        NodeError,
        NoFramesError,
        OutputExistsError,
        RtskinError,
        RuntimeUnavailableError,
        SinkError,
        SourceError,
        SourceNotFoundError,
        UnknownNameError,
    )
    from rtskin.frame import Frame, Mask, Region, RegionEvent, Regions
    from rtskin.graph import Graph, GraphSpec
    from rtskin.infer.cards import list_models
    from rtskin.node import Node, NodeOptions, Source
    from rtskin.render.views import view
    from rtskin.segmenter import Segmenter
    from rtskin.streaming import regions, stream

__version__ = "0.1.0"

_HOME = {
    "Frame": "frame",
    "Graph": "graph",
    "GraphSpec": "graph",
    "Mask": "frame",
    "Node": "node",
    "NodeOptions": "node",
    "Region": "frame",
    "RegionEvent": "frame",
    "Regions": "frame",
    "Segmenter": "segmenter",
    "Source": "node",
    "list_models": "infer.cards",
    "open_source": "capture",
    "regions": "streaming",
    "stream": "streaming",
    "view": "render.views",
}

__all__ = [
    "Frame",
    "Graph",
    "GraphSpec",
    "GraphSpecError",
    "GraphStateError",
    "InputError",
    "Mask",
    "MissingExtraError",
    "ModelError",
    "NoFramesError",
    "Node",
    "NodeError",
    "NodeOptions",
    "OutputExistsError",
    "Region",
    "RegionEvent",
    "Regions",
    "RtskinError",
    "RuntimeUnavailableError",
    "Segmenter",
    "SinkError",
    "Source",
    "SourceError",
    "SourceNotFoundError",
    "UnknownNameError",
    "__version__",
    "list_models",
    "open_source",
    "regions",
    "stream",
    "view",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'rtskin' has no attribute {name!r}")
    module = importlib.import_module(f"rtskin.{_HOME.get(name, 'errors')}")
    value = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
