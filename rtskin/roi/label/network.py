"""The bundled network that labels regions, by ONNX Runtime on one thread."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from rtskin.errors import ModelError
from rtskin.frame import U8, Frame
from rtskin.infer.runtimes.installed import require_onnxruntime
from rtskin.infer.weights import checked_weights
from rtskin.roi.found import FoundRegion
from rtskin.roi.label.base import LABELS, Method, Probabilities
from rtskin.roi.label.card import load_label_card
from rtskin.roi.label.crops import crop

#: The model that is used where none is named.
DEFAULT = "region-label"
#: Crops that are run together: more make the session's memory larger, not the answer faster.
_BATCH = 16


class NetworkMethod(Method):
    """model: a name in models/, or the path of a card (label.toml).

    ModelError for a card or weights that do not fit, MissingExtraError without ONNX Runtime.
    """

    def __init__(self, model: str | os.PathLike[str] = DEFAULT) -> None:
        self.card = load_label_card(model)
        ort = require_onnxruntime()
        path = checked_weights(self.card)
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session: Any = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its errors share no base class but Exception
            raise ModelError(
                f"{path} cannot be loaded by ONNX Runtime: {' '.join(str(error).split())[:300]}"
            ) from error
        self._side = self.card.tensor.width
        self._name = self._session.get_inputs()[0].name
        self._crops = np.empty((_BATCH, self._side, self._side, 4), np.uint8)

    def __call__(self, frame: Frame, regions: Sequence[FoundRegion]) -> list[Probabilities]:
        picture, found = frame.bgr, list[Probabilities]()
        for start in range(0, len(regions), _BATCH):
            part = regions[start : start + _BATCH]
            for into, region in zip(self._crops, part, strict=False):
                crop(picture, region, self._side, out=into)
            found += [
                (float(face), float(hand), float(other)) for face, hand, other in self.run(self._crops[: len(part)])
            ]
        return found

    def run(self, crops: U8) -> Any:
        """Probabilities, float32 N×3, of uint8 N×side×side×4 (see rtskin.roi.label.crops)."""
        return self._session.run(None, {self._name: crops})[0]

    def warm_up(self) -> None:
        try:
            answer = self.run(np.zeros_like(self._crops))
        except Exception as error:
            raise ModelError(
                f"the network of {self.card.name!r} cannot run: {' '.join(str(error).split())[:300]}"
            ) from error
        if answer.shape != (_BATCH, len(LABELS)) or not np.isfinite(answer).all():
            raise ModelError(f"the network of {self.card.name!r} gives {list(answer.shape)}, not probabilities N×3")

    def close(self) -> None:
        self._session = None
