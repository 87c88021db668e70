"""A network in fp16, as TensorRT wants to be told: precisions are those that the file says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rtskin.errors import MissingExtraError, ModelError


def to_half(path: Path) -> bytes:
    """The ONNX file computing in fp16, by ONNX Runtime's converter; inputs and outputs stay fp32.

    What stands before the first convolution stays fp32 too: fp16 knows pixels from 128 only to an eighth. ModelError for
    a file that is no ONNX file, and for one with deformable convolutions.
    """
    try:
        import onnx
        from onnxruntime.transformers.float16 import convert_float_to_float16
        from onnxruntime.transformers.onnx_model import OnnxModel
    except ImportError as error:
        raise MissingExtraError("onnx and onnxruntime", "cpu,tensorrt", "a network in fp16") from error
    try:
        model = onnx.load(str(path))
    except Exception as error:  # protobuf's errors and the system's
        raise ModelError(f"{path} is no ONNX file: {str(error).splitlines()[0]}") from error
    if any(node.op_type == "DeformConv" for node in model.graph.node):
        # fp16 has too few digits for where they look, and the converter cannot leave that alone.
        raise ModelError(f"{path} has deformable convolutions, which cannot be had in fp16; use precision fp32")
    model = convert_float_to_float16(model, keep_io_types=True, node_block_list=_before_convolutions(model))
    OnnxModel(model).topological_sort()  # the converter puts its casts at the end
    half: bytes = model.SerializeToString()
    return half


def _before_convolutions(model: Any) -> list[str]:
    """The nodes up to the first convolution, which normalise pixels."""
    names: list[str] = []
    for number, node in enumerate(model.graph.node):
        if node.op_type == "Conv":
            break
        node.name = node.name or f"before_{number}"
        names.append(node.name)
    return names
