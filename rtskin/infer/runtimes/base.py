"""Runtime: what loads a network's weights on a device and runs it. The plug point of rtskin.registry.RUNTIMES."""

from __future__ import annotations

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from rtskin.errors import InputError, ModelError, RtskinError, RuntimeUnavailableError, nearest
from rtskin.infer.card_input import times
from rtskin.infer.cards import Card
from rtskin.infer.memory import is_short, require_memory, too_little
from rtskin.infer.runtimes.devices import require_device
from rtskin.infer.runtimes.load_errors import one_line
from rtskin.infer.runtimes.threads import check_threads
from rtskin.preprocess.fit import Shape

Array = npt.NDArray[Any]
F32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RuntimeInfo:
    """What a model really runs on. precision: "fp32", "bf16", "fp16", "int8", "int8+bf16" …. threads: None where the
    runtime does not say."""

    runtime: str
    device: str
    precision: str
    threads: int | None


class Runtime(ABC):
    """One network on one device.

    device: "auto" (may choose, and logs what it chose), "cpu", "cuda", "cuda:1" …: a runtime that cannot have what was
    asked for raises RuntimeUnavailableError. threads: None lets the runtime choose. options: its own settings. shapes: the
    (width, height) of the tensors that will come, the card's for video by default.

    A new one gives ``name``, ``_load`` and ``run``, says in the class what it can do, and has a line in rtskin.registry.
    """

    #: What it is called in the registry.
    name: ClassVar[str] = ""

    #: Without, the runtime runs any card, also one that has no weights.
    needs_weights: ClassVar[bool] = True

    #: How the files end that it loads.
    files: ClassVar[tuple[str, ...]] = (".onnx",)

    #: The kinds of device that it knows beside "auto"; whether this machine has them shows when it is loaded.
    devices: ClassVar[tuple[str, ...]] = ("cpu",)

    #: What has to be importable for it, one of them; empty where it needs nothing.
    modules: ClassVar[tuple[str, ...]] = ()

    #: Keys of ``options`` that the runtime knows, with their defaults.
    defaults: ClassVar[Mapping[str, Any]] = {}

    #: Options that are worth trying where the fastest way is looked for, the defaults first.
    variants: ClassVar[tuple[Mapping[str, Any], ...]] = ({},)

    info: RuntimeInfo

    def __init__(
        self,
        card: Card,
        *,
        device: str,
        threads: int | None,
        options: Mapping[str, Any],
        shapes: Sequence[Shape] | None = None,
    ) -> None:
        self.card = card
        self.shapes = tuple(shapes or card.tensor.live)
        for key in options:
            if key not in self.defaults:
                raise InputError(f"{type(self).__name__} has no option {key!r}{nearest(key, self.defaults)}")
        self.options = {**self.defaults, **options}
        check_threads(threads)
        require_device(self.name, device, self.devices)
        if self.needs_weights:
            self._check_file()
        require_memory(card, device, self.shapes)
        self._blank: dict[tuple[int, ...], F32] = {}
        self._load(device, threads)

    @classmethod
    def is_installed(cls) -> bool:
        """Is there what it is made of; it may still fail to load."""
        return not cls.modules or any(importlib.util.find_spec(module) for module in cls.modules)

    @classmethod
    def loads(cls, card: Card) -> bool:
        """Can it read the weights of this card, by the file's name."""
        return not cls.needs_weights or (card.weights_path is not None and card.weights_path.suffix in cls.files)

    @abstractmethod
    def _load(self, device: str, threads: int | None) -> None:
        """Load the weights, with what was asked for and is allowed, and say in ``info`` what it became."""

    @abstractmethod
    def run(self, tensor: Array, prior: F32 | None = None) -> F32:
        """The output that the card names, float32 1×C×h×w, for a tensor 1×3×height×width of one of ``shapes``.

        prior: for a card that takes one, float32 1×1×height×width in 0 … 1; None is an empty one. The array is valid until
        the same thread runs again. Safe from several threads at once.
        """

    def warm_up(self, shape: Shape | None = None) -> F32:
        """Run once on a blank input of that shape (the first by default), so that the first frame is not slow.

        ModelError where the network cannot run at it, RuntimeUnavailableError where memory is too small for that.
        """
        width, height = shape or self.shapes[0]
        try:
            return self.run(np.zeros((1, 3, height, width), self.card.tensor.dtype))
        except RtskinError:
            raise
        except Exception as error:  # what runtimes raise has no base class but Exception
            self.check_short(error, (width, height))
            size = times((width, height))
            raise ModelError(f"the network of {self.card.name!r} cannot run at {size}: {one_line(error)}") from error

    def check_short(self, error: Exception, shape: Shape) -> None:
        """RuntimeUnavailableError, with what is needed, where an error of a run at that shape is of memory."""
        if is_short(error):
            raise too_little(self.card, self.info.device, shape, error) from error

    def close(self) -> None:  # noqa: B027 - most have nothing to do
        """Give memory and devices back; may be called twice."""

    def _prior(self, tensor: Array, prior: F32 | None) -> F32:
        """The prior, or an empty one of the tensor's size."""
        if prior is not None:
            return prior
        if tensor.shape not in self._blank:
            self._blank[tensor.shape] = np.zeros((1, 1, *tensor.shape[2:]), np.float32)
        return self._blank[tensor.shape]

    def _check_file(self) -> None:
        path = self.card.weights_path
        if path is not None and path.suffix not in self.files:
            raise RuntimeUnavailableError(
                f"{self.name} loads {' and '.join(self.files)} files, and the weights of {self.card.name!r} are "
                f"{path.name}; leave the runtime at auto"
            )
