"""NetworkSegmenter: a network as its card describes it, over any runtime."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rtskin.errors import InputError, ModelError
from rtskin.frame import F32, Frame, Prepared, Scores
from rtskin.infer.activation import ACTIVATIONS
from rtskin.infer.base import BaseSegmenter
from rtskin.infer.card_input import CardInput
from rtskin.infer.cards import Card
from rtskin.infer.classes import Classes, channels_for
from rtskin.infer.runtimes.base import Runtime
from rtskin.media import cv2
from rtskin.pool import BufferPool
from rtskin.preprocess.fit import Rect, Shape, scaled
from rtskin.preprocess.tensor import TensorSpec, ToTensor


class NetworkSegmenter(BaseSegmenter):
    """prepare: the frame as the tensor that the card asks for, in the runtime's shape that is nearest to its aspect. infer:
    the card's channel, or the sum of the classes asked for, as a probability, float32 0 … 1, padding cut away, so that it
    covers exactly the frame.

    warm: the shapes that warm_up runs; all of the runtime's by default. classes: see rtskin.infer.classes.
    """

    def __init__(
        self, card: Card, runtime: Runtime, warm: Sequence[Shape] | None = None, classes: Classes | None = None
    ) -> None:
        self.card, self.info, self._runtime = card, runtime.info, runtime
        self._to_tensor = ToTensor(tensor_spec(card.tensor, runtime.shapes))
        self._warm = runtime.shapes if warm is None else tuple(warm)
        self._channels = channels_for(card, classes)
        self._activate = ACTIVATIONS[card.output.activation]
        self._pool = BufferPool()

    def prepare(self, frame: Frame) -> Prepared:
        tensor, content = self._to_tensor.of(frame)
        return Prepared(frame, self, tensor, content)

    @property
    def takes_prior(self) -> bool:
        """Does the network look at the mask of a moment ago too."""
        return self.card.tensor.prior

    def infer(self, prepared: Prepared, prior: F32 | None = None) -> Scores:
        """prior: for a network that takes one, the scores of a moment ago, moved to where things are now: float32 h×w in
        0 … 1 over the whole frame, of any size (the last ``Scores.data`` fits as it is). None: nothing is known, as at a
        first frame. InputError where the network takes none; RuntimeUnavailableError where memory is too small."""
        assert prepared.tensor is not None
        height, width = prepared.tensor.shape[2:]
        given = () if prior is None else (self._before(prior, (width, height), prepared.content),)
        try:
            output = self._runtime.run(prepared.tensor, *given)
        except Exception as error:  # what runtimes raise has no base class but Exception
            self._runtime.check_short(error, (width, height))
            raise
        return Scores(prepared.frame, self._probability(output, (width, height), prepared.content), self.card.name)

    def warm_up(self) -> None:
        for shape in self._warm:
            output = self._runtime.warm_up(shape)
            self._check(output)
            self._probability(output, shape, None)
        # Compiled on first use, as what follows the network is.
        self._to_tensor.warm()

    def close(self) -> None:
        self._runtime.close()

    def _probability(self, output: F32, shape: Shape, content: Rect | None) -> F32:
        """A copy in pooled memory: the runtime writes its next answer over this one. shape: of the input."""
        size = (output.shape[3], output.shape[2])
        left, top, width, height = scaled(content or (0, 0, *shape), shape, size)
        out = self._pool.take((height, width), np.float32)
        first, *others = self._channels
        self._activate(output[0], first, left, top, out)
        if others:
            one = self._pool.take((height, width), np.float32)
            for channel in others:
                self._activate(output[0], channel, left, top, one)
                np.add(out, one, out=out)
            np.minimum(out, 1, out=out)
        return out

    def _before(self, prior: F32, shape: Shape, content: Rect | None) -> F32:
        """The prior as the network takes it: 1×1×height×width, nothing where there is no picture."""
        if not self.takes_prior:
            raise InputError(f"{self.card.name!r} takes no prior; use a model whose card says input.prior = true")
        if prior.ndim != 2 or 0 in prior.shape or prior.dtype != np.float32:
            raise InputError(f"a prior is float32 h×w, not {prior.dtype} {'×'.join(map(str, prior.shape))}")
        left, top, width, height = content or (0, 0, *shape)
        plane = self._pool.take((1, 1, shape[1], shape[0]), np.float32)
        if (width, height) != shape:
            plane[:] = 0
        plane[0, 0, top : top + height, left : left + width] = cv2.resize(prior, (width, height))
        return plane

    def _check(self, output: F32) -> None:
        """What can only be seen by running: sizes left open in the file, and the kind of numbers."""
        name, channel = self.card.name, max(self._channels)
        if output.ndim != 4 or output.shape[0] != 1 or output.shape[1] <= channel or 0 in output.shape:
            shape = "×".join(map(str, output.shape))
            raise ModelError(f"{name!r} answers {shape}; its card needs 1×C×h×w with channel {channel}")
        values = output[0, list(self._channels)]
        low, high = float(values.min()), float(values.max())
        if not np.isfinite([low, high]).all():
            raise ModelError(f"{name!r} answers NaN or infinity to a blank picture; its weights are broken")
        if self.card.output.activation == "none" and (low < -0.01 or high > 1.01):
            raise ModelError(
                f"{name!r} answers {low:.2f} … {high:.2f}, which is no probability; "
                'set output.activation = "sigmoid" or "softmax" in its card'
            )


def tensor_spec(card: CardInput, shapes: tuple[Shape, ...]) -> TensorSpec:
    """What a card says of the tensor, for these shapes."""
    others = {"layout", "prior", "width", "height", "multiple", "shapes", "still"}
    return TensorSpec(shapes, **card.model_dump(exclude=others))
