"""Runtime: what loads a network's weights on a device and runs it. The plug point of rtskin.registry.RUNTIMES."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from rtskin.errors import InputError, nearest
from rtskin.infer.cards import Card
from rtskin.preprocess.fit import Shape

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class RuntimeInfo:
    """What a model really runs on. threads: None where the runtime does not say."""

    runtime: str
    device: str
    precision: str
    threads: int | None


class Runtime(ABC):
    """One network on one device.

    device: "auto" (may choose, and logs what it chose), "cpu", "cuda", "cuda:1" …: a runtime that cannot have what was
    asked for raises RuntimeUnavailableError. threads: None lets the runtime choose. options: its own settings. shapes: the
    (width, height) of the tensors that will come, the card's for video by default.
    """

    #: Without, the runtime runs any card, also one that has no weights.
    needs_weights: ClassVar[bool] = True

    #: Keys of ``options`` that the runtime knows, with their defaults.
    defaults: ClassVar[Mapping[str, Any]] = {}

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

    @abstractmethod
    def run(self, tensor: Array, prior: npt.NDArray[np.float32] | None = None) -> npt.NDArray[np.float32]:
        """The output that the card names, float32 1×C×h×w, for a tensor 1×3×height×width of one of ``shapes``.

        prior: for a card that takes one, float32 1×1×height×width in 0 … 1; None is an empty one. The array is valid until
        the same thread runs again. Safe from several threads at once.
        """

    def warm_up(self, shape: Shape | None = None) -> npt.NDArray[np.float32]:
        """Run once on a blank input of that shape (the first by default), so that the first frame is not slow."""
        width, height = shape or self.shapes[0]
        return self.run(np.zeros((1, 3, height, width), self.card.tensor.dtype))

    def close(self) -> None:  # noqa: B027 - most have nothing to do
        """Give memory and devices back; may be called twice."""
