"""Names for what can be plugged in: node kinds, runtimes, segmenters, smoothers, views.

The built-in ones are listed as ``"module:attribute"`` and imported when they are first asked for, so that listing names
costs nothing. Other packages add theirs with a decorator, or with an entry point in the registry's group, which is read
only when a name is not known yet.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from rtskin.errors import InputError, UnknownNameError

T = TypeVar("T")


class Registry(Generic[T]):
    """Maps a name to a class or function, imported late.

    ``what`` is the noun for messages ("view"); ``group`` the entry-point group ("rtskin.views").
    """

    def __init__(self, what: str, group: str, builtin: Mapping[str, str]) -> None:
        self.what, self.group = what, group
        self._places: dict[str, str] = dict(builtin)
        self._loaded: dict[str, T] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """Decorator: ``@VIEWS.register("my-view")``. A name can be taken once."""

        def add(thing: T) -> T:
            if name in self._places or (name in self._loaded and self._loaded[name] is not thing):
                raise InputError(f"a {self.what} called {name!r} is registered already; choose another name")
            self._loaded[name] = thing
            return thing

        return add

    def get(self, name: str) -> T:
        """What is registered as ``name``; UnknownNameError names the nearest."""
        if name not in self._loaded:
            place = self._places.get(name) or self._entry_points.get(name)
            if place is None:
                raise UnknownNameError(self.what, name, self.names())
            self._loaded[name] = _load(place)
        return self._loaded[name]

    def names(self) -> list[str]:
        """All names, sorted, without importing what they stand for."""
        return sorted({*self._places, *self._loaded, *self._entry_points})

    @functools.cached_property
    def _entry_points(self) -> dict[str, str]:
        """Looked for once: it reads what every installed package says of itself."""
        return {point.name: point.value for point in importlib.metadata.entry_points(group=self.group)}


def _load(place: str) -> Any:
    module, _, attribute = place.partition(":")
    return getattr(importlib.import_module(module), attribute)


#: Kinds of graph nodes, as pipelines/*.toml name them. Values are subclasses of rtskin.node.Node.
NODES: Registry[Any] = Registry(
    "node kind",
    "rtskin.nodes",
    {
        "source": "rtskin.capture.node:SourceNode",
        "preprocess": "rtskin.preprocess.node:Preprocess",
        "infer": "rtskin.infer.node:Infer",
        "propagate": "rtskin.smooth.propagate:Propagate",
        "pair": "rtskin.smooth.pair:Pair",
        "smooth": "rtskin.smooth.node:Smooth",
        "refine": "rtskin.render.refine:Refine",
        "chunked": "rtskin.render.chunked:RefineTiles",
        "render": "rtskin.render.node:Render",
        "gpu": "rtskin.gpu.node:Gpu",
        "gpu-picture": "rtskin.gpu.node:GpuPicture",
        "gpu-mask": "rtskin.gpu.node:GpuMask",
        "budget": "rtskin.budget.node:Budget",
        "roi": "rtskin.roi.node:FindRegions",
        "hands": "rtskin.roi.hands.node:FindHands",
        "feed": "rtskin.roi.feed:Feed",
        "regions": "rtskin.roi.attach:AttachRegions",
        "plot": "rtskin.roi.plot:PlotTracks",
        "window": "rtskin.render.sinks.window:WindowSink",
        "file": "rtskin.render.sinks.file:FileSink",
        "png": "rtskin.render.sinks.png:PngSink",
        "null": "rtskin.render.sinks.null:NullSink",
        "stream": "rtskin.render.sinks.stream:StreamSink",
        "virtual-camera": "rtskin.render.sinks.virtual_camera:VirtualCamera",
    },
)

#: Methods that find skin without a network, by the ``architecture`` of their card.
#: Subclasses of rtskin.infer.base.BaseSegmenter.
METHODS: Registry[Any] = Registry("method", "rtskin.methods", {"ellipse": "rtskin.infer.ellipse:EllipseSegmenter"})

#: What runs a network. Subclasses of rtskin.infer.runtimes.base.Runtime.
RUNTIMES: Registry[Any] = Registry(
    "runtime",
    "rtskin.runtimes",
    {
        "onnxruntime": "rtskin.infer.runtimes.ort:OnnxRuntime",
        "openvino": "rtskin.infer.runtimes.ov:OpenVino",
        "torch": "rtskin.infer.runtimes.torch_net:TorchRuntime",
        "litert": "rtskin.infer.runtimes.litert:LiteRt",
        "tensorrt": "rtskin.infer.runtimes.trt:TensorRt",
        "fake": "rtskin.infer.runtimes.fake:FakeRuntime",
    },
)

#: Temporal filters. Subclasses of rtskin.smooth.base.Smoother.
SMOOTHERS: Registry[Any] = Registry(
    "smoothing",
    "rtskin.smoothers",
    {
        "none": "rtskin.smooth.base:NoSmoother",
        "ema": "rtskin.smooth.ema:Ema",
        "adaptive": "rtskin.smooth.adaptive:Adaptive",
        "flow": "rtskin.smooth.flow:Flow",
        # What comes after a network that took a prior; the smooth node gives it.
        "prior": "rtskin.smooth.adaptive:Adaptive",
    },
)

#: What a mask is made visible as: see rtskin.render.views.
VIEWS: Registry[Any] = Registry(
    "view",
    "rtskin.views",
    {
        "overlay": "rtskin.render.views.overlay:overlay",
        "matte": "rtskin.render.views.matte:matte",
        "cutout": "rtskin.render.views.cutout:Cutout",
        "side-by-side": "rtskin.render.views.side_by_side:side_by_side",
        "contour": "rtskin.render.views.overlay:contour",
        "heat": "rtskin.render.views.matte:heat",
        "background-blur": "rtskin.render.views.blur:background_blur",
        "skin-blur": "rtskin.render.views.blur:skin_blur",
        "pixelate": "rtskin.render.views.blur:pixelate",
        "smooth-skin": "rtskin.render.views.smooth_skin:smooth_skin",
        "tone": "rtskin.render.views.tone:tone",
        "balance": "rtskin.render.views.tone:Balance",
        "feather": "rtskin.render.views.edges:feather",
        "step": "rtskin.render.views.edges:step",
        "guided": "rtskin.render.views.edges:guided",
        "foreground": "rtskin.render.views.offline:Foreground",
        "seamless-clone": "rtskin.render.views.offline:SeamlessClone",
        "rois": "rtskin.render.views.rois:rois",
    },
)
