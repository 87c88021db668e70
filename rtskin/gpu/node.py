"""The graph nodes of the way over a GPU: ``gpu`` sends frames there, ``gpu-picture`` and ``gpu-mask`` take what comes back.

Between them lie the frames in flight: while one comes down, the device works on the next, and a third comes up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from rtskin.errors import GraphSpecError, GraphStateError, InputError, RuntimeUnavailableError, nearest
from rtskin.frame import Frame, Mask, Rendered
from rtskin.gpu.packet import MASK, PICTURE, InFlight
from rtskin.infer.cards import DEFAULT_MODEL, load_card
from rtskin.infer.classes import channels_for
from rtskin.infer.runtimes.devices import require_device
from rtskin.infer.runtimes.torch_device import require_torch, torch_device
from rtskin.infer.sizes import Size, parse_size, shapes_for
from rtskin.node import Context, Node, NodeOptions
from rtskin.render.refine import Method

if TYPE_CHECKING:
    from rtskin.gpu.path import GpuPath, Shown


class GpuOptions(NodeOptions):
    """device: "cuda", "cuda:N", "cpu" (the same work without streams, to try it), "auto". precision: fp16, fp32; auto is
    fp16 on CUDA. graphs: record a CUDA graph for each shape of the network. view: overlay, contour, matte or cutout before
    a colour, with their arguments. in_flight: frames under way at once."""

    model: str = DEFAULT_MODEL
    device: str = "cuda"
    precision: Literal["auto", "fp32", "fp16"] = "auto"
    graphs: bool = True
    #: On device "cpu" alone.
    threads: int | None = Field(default=None, ge=1)
    size: Annotated[Size, BeforeValidator(parse_size)] = "live"
    classes: str | list[str] | None = None
    view: str = "overlay"
    smooth: Literal["adaptive", "ema", "none"] = "adaptive"
    strength: float = Field(default=0.5, ge=0, le=1)
    cuts: bool = True
    refine: Method = "guided"
    radius: int = Field(1, ge=1, le=64)
    eps: float = Field(2e-2, gt=0)
    in_flight: int = Field(default=2, ge=1, le=8)


class Gpu(Node):
    """Frame → InFlight: preprocess, network, temporal average, refine and view, all on one device.

    ``command("view", TEXT)`` changes the view while running; one that is not made there is refused.
    """

    takes: ClassVar[tuple[type, ...]] = (Frame,)
    gives: ClassVar[type | None] = InFlight
    Options: ClassVar[type[NodeOptions]] = GpuOptions
    hot: ClassVar[frozenset[str]] = frozenset({"view"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._wanted: set[str] = set()
        self._path: GpuPath | None = None
        self._device = self.options.device
        self._figures: dict[str, int | float | str] = {}

    def ask(self, what: str) -> None:
        """PICTURE or MASK is to come down; before it opens."""
        self._wanted.add(what)

    def check(self) -> None:
        if not self._wanted:
            raise GraphSpecError(
                "nothing takes what comes from the GPU; connect it to a node of the kind 'gpu-picture' or 'gpu-mask'"
            )
        o = self.options
        require_device("torch", o.device, ("cpu", "cuda"))
        card = load_card(o.model)
        if card.weights is None:
            raise RuntimeUnavailableError(f"{card.name!r} is a method, not a network: it has no way over a GPU")
        shapes_for(card.tensor, o.size)
        channels_for(card, o.classes)
        self._device = torch_device(require_torch("the way over a GPU"), o.device)
        self._shown(o.view)

    def open(self, context: Context) -> None:
        from rtskin.gpu.average import Average
        from rtskin.gpu.network import DeviceNetwork
        from rtskin.gpu.path import GpuPath

        o = self.options
        network = DeviceNetwork(
            load_card(o.model),
            device=self._device,
            threads=o.threads,
            precision=o.precision,
            graphs=o.graphs,
            size=o.size,
            classes=o.classes,
        )
        try:
            self._path = GpuPath(
                network,
                self._shown(o.view),
                Average(o.smooth, o.strength, o.cuts),
                sorted(self._wanted),
                refine=o.refine,
                radius=o.radius,
                eps=o.eps,
                in_flight=o.in_flight,
            )
            self._path.warm_up()
        except BaseException:
            network.close()
            raise
        info = network.info
        self._figures = {"model": o.model, "runtime": "torch", "device": info.device, "precision": info.precision}
        self._stopping = context.stopping

    def process(self, *packets: Any) -> InFlight:
        if self._path is None:
            raise GraphStateError("the node gpu is not open")
        return self._path.submit(packets[0], self._stopping)

    def close(self) -> None:
        path, self._path = self._path, None
        if path is not None:
            path.close()

    def command(self, name: str, value: str) -> bool:
        if name != "view" or value == "next":
            return False
        self.set("view", value)
        return True

    def changed(self, key: str, options: Any) -> None:
        shown = self._shown(options.view)
        if self._path is not None:
            self._path.shown = shown
        super().changed(key, options)

    def counters(self) -> dict[str, int | float | str]:
        path = self._path
        resets = {} if path is None else {"resets": path.average.resets}
        return {**self._figures, "view": self.options.view, **resets}

    @staticmethod
    def _shown(view: str) -> Shown:
        from rtskin.gpu.path import Shown
        from rtskin.gpu.views import parse_view

        try:
            return Shown(view, parse_view(view))
        except InputError as error:
            raise error.about("view") from None


class _Takes(Node):
    """What comes back of the frames in flight. of: name of the node that sent them."""

    takes: ClassVar[tuple[type, ...]] = (InFlight,)
    what: ClassVar[str]

    class Options(NodeOptions):
        of: str = "gpu"

    def bind(self, nodes: Mapping[str, Node]) -> None:
        node = nodes.get(self.options.of)
        if node is None:
            raise GraphSpecError(f"there is no node {self.options.of!r}{nearest(self.options.of, nodes)}").about("of")
        if not isinstance(node, Gpu):
            raise GraphSpecError(
                f"node {self.options.of!r} is a {type(node).__name__}, not one that works on a GPU"
            ).about("of")
        node.ask(self.what)


class GpuPicture(_Takes):
    """InFlight → Rendered: waits until the picture is here."""

    gives: ClassVar[type | None] = Rendered
    what: ClassVar[str] = PICTURE

    def process(self, *packets: Any) -> Rendered:
        (flight,) = packets
        return Rendered(flight.frame, flight.fetch(PICTURE), flight.view)


class GpuMask(_Takes):
    """InFlight → Mask: waits until the mask is here; regions, other views and files of masks go on from it."""

    gives: ClassVar[type | None] = Mask
    what: ClassVar[str] = MASK

    def process(self, *packets: Any) -> Mask:
        (flight,) = packets
        return Mask(flight.frame, flight.fetch(MASK), flight.model)
