"""Exports without the ten seconds that torch's exporter takes, for tests that are about something else."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def traced(net: Any, path: Path, shapes: Sequence[tuple[int, int]]) -> None:
    """In place of ``onnx_file.write``: a file that answers as the network does, made by torch's older exporter.

    Weights in it have no names that could be read back, and convolutions that bend cannot be written.
    """
    import torch

    from rtskin.nets import onnx_file
    from rtskin.nets.shipped import INPUTS

    (width, height), inputs = shapes[0], getattr(net, "inputs", INPUTS[:1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is the older one
        torch.onnx.export(
            net,
            tuple(torch.zeros(1, channels, height, width) for _, channels, _ in inputs),
            str(path),
            opset_version=onnx_file.OPSET,
            input_names=[name for name, _, _ in inputs],
            output_names=[getattr(net, "output", "skin")],
            dynamo=False,
        )
    onnx_file.tidy(path, several=len(shapes) > 1)
