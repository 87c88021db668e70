"""NetworkSegmenter: a network as its card describes it, over any runtime."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rtskin.errors import ModelError
from rtskin.frame import F32, Frame, Prepared, Scores
from rtskin.infer.activation import ACTIVATIONS
from rtskin.infer.base import BaseSegmenter
from rtskin.infer.card_input import CardInput
from rtskin.infer.cards import Card
from rtskin.infer.runtimes.base import Runtime
from rtskin.pool import BufferPool
from rtskin.preprocess.fit import Rect, Shape, scaled
from rtskin.preprocess.tensor import TensorSpec, ToTensor


class NetworkSegmenter(BaseSegmenter):
    """prepare: the frame as the tensor that the card asks for, in the runtime's shape that is nearest to its aspect. infer:
    the card's channel as a probability, float32 0 … 1, padding cut away, so that it covers exactly the frame.

    warm: the shapes that warm_up runs; all of the runtime's by default.
    """

    def __init__(self, card: Card, runtime: Runtime, warm: Sequence[Shape] | None = None) -> None:
        self.card, self.info, self._runtime = card, runtime.info, runtime
        self._to_tensor = ToTensor(_spec(card.tensor, runtime.shapes))
        self._warm = runtime.shapes if warm is None else tuple(warm)
        self._channel = card.output.channel
        self._activate = ACTIVATIONS[card.output.activation]
        self._pool = BufferPool()

    def prepare(self, frame: Frame) -> Prepared:
        tensor, content = self._to_tensor(frame.bgr)
        return Prepared(frame, self, tensor, content)

    def infer(self, prepared: Prepared) -> Scores:
        assert prepared.tensor is not None
        output = self._runtime.run(prepared.tensor)
        height, width = prepared.tensor.shape[2:]
        return Scores(prepared.frame, self._probability(output, (width, height), prepared.content), self.card.name)

    def warm_up(self) -> None:
        for shape in self._warm:
            output = self._runtime.warm_up(shape)
            self._check(output)
            self._probability(output, shape, None)
        # Compiled on first use, as what follows the network is.
        self._to_tensor(np.zeros((2, 2, 3), np.uint8))

    def close(self) -> None:
        self._runtime.close()

    def _probability(self, output: F32, shape: Shape, content: Rect | None) -> F32:
        """A copy in pooled memory: the runtime writes its next answer over this one. shape: of the input."""
        size = (output.shape[3], output.shape[2])
        left, top, width, height = scaled(content or (0, 0, *shape), shape, size)
        out = self._pool.take((height, width), np.float32)
        self._activate(output[0], self._channel, left, top, out)
        return out

    def _check(self, output: F32) -> None:
        """What can only be seen by running: sizes left open in the file, and the kind of numbers."""
        name, channel = self.card.name, self._channel
        if output.ndim != 4 or output.shape[0] != 1 or output.shape[1] <= channel or 0 in output.shape:
            shape = "×".join(map(str, output.shape))
            raise ModelError(f"{name!r} answers {shape}; its card needs 1×C×h×w with channel {channel}")
        values = output[0, channel]
        low, high = float(values.min()), float(values.max())
        if not np.isfinite([low, high]).all():
            raise ModelError(f"{name!r} answers NaN or infinity to a blank picture; its weights are broken")
        if self.card.output.activation == "none" and (low < -0.01 or high > 1.01):
            raise ModelError(
                f"{name!r} answers {low:.2f} … {high:.2f}, which is no probability; "
                'set output.activation = "sigmoid" or "softmax" in its card'
            )


def _spec(card: CardInput, shapes: tuple[Shape, ...]) -> TensorSpec:
    others = {"layout", "width", "height", "multiple", "shapes", "still"}
    return TensorSpec(shapes, **card.model_dump(exclude=others))
