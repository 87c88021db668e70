"""How large the numbers inside a network get on real frames."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rtskin.errors import InputError, MissingExtraError
from rtskin.frame import U8, BgrPicture, Frame, SourceInfo
from rtskin.infer.base import load_segmenter
from rtskin.infer.cards import Card
from rtskin.infer.network import NetworkSegmenter
from rtskin.infer.weights import checked_weights

#: What is computed in 8 bits. Activations in between stay floating point: nothing has kernels for them.
OPERATORS = ("Conv", "Add")


def ranges(card: Card, pictures: Sequence[U8]) -> Any:
    """The smallest and largest value of every tensor around an operator in :data:`OPERATORS` (ONNX Runtime's TensorsData).

    pictures: uint8 H×W×3 BGR of any size, each taken in the live shape of its aspect. A network that takes a prior sees
    every second one with its own answer as the prior, and the others without, as in a video.
    """
    if not pictures:
        raise InputError("a calibration needs pictures")
    try:
        from onnxruntime.quantization.calibrate import CalibrationDataReader, CalibrationMethod, create_calibrator
    except ImportError as error:
        raise MissingExtraError("onnxruntime and onnx", "cpu,train", "quantising") from error
    feeds = _feeds(card, pictures)

    class Feeds(CalibrationDataReader):
        def get_next(self) -> dict[str, Any] | None:
            return next(feeds, None)

    with tempfile.TemporaryDirectory(prefix="rtskin-") as folder:
        calibrator = create_calibrator(
            str(checked_weights(card)),
            OPERATORS,
            augmented_model_path=str(Path(folder) / "augmented.onnx"),
            calibrate_method=CalibrationMethod.MinMax,
            providers=["CPUExecutionProvider"],
        )
        calibrator.collect_data(Feeds())
        return calibrator.compute_data()


def _feeds(card: Card, pictures: Sequence[U8]) -> Iterator[dict[str, Any]]:
    segmenter = load_segmenter(card, runtime="onnxruntime", threads=1)
    assert isinstance(segmenter, NetworkSegmenter)
    names = _inputs(card)
    for number, picture in enumerate(pictures):
        height, width = picture.shape[:2]
        prepared = segmenter.prepare(Frame(number, BgrPicture(picture), SourceInfo("picture", width, height)))
        assert prepared.tensor is not None
        feed = {names[0]: np.array(prepared.tensor)}
        if len(names) > 1:
            sides = prepared.tensor.shape[2:]
            prior = np.zeros((1, 1, *sides), np.float32)
            answer = segmenter.infer(prepared).data
            if number % 2 and answer.shape == sides:
                prior[0, 0] = answer
            feed[names[1]] = prior
        yield feed
    segmenter.close()


def _inputs(card: Card) -> list[str]:
    import onnx

    graph = onnx.load(str(checked_weights(card)), load_external_data=False).graph
    constants = {tensor.name for tensor in graph.initializer}
    names = [value.name for value in graph.input if value.name not in constants]
    return sorted(names, key=lambda name: name == "prior")
