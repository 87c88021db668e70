"""The two files in 8 bits: for CPUs with unsigned activations, for TensorRT signed and symmetric."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rtskin.errors import InputError, ModelError
from rtskin.files import check_output, make_folders, write_bytes
from rtskin.infer.cards import Card
from rtskin.infer.runtimes.quantised import is_quantised
from rtskin.infer.runtimes.trt_build import INT8_SUFFIX
from rtskin.infer.weights import checked_weights, digest
from rtskin.train.quantise.calibrate import OPERATORS

#: Of the file for CPUs.
CPU_SUFFIX = ".int8.onnx"


@dataclass(frozen=True)
class Quantised:
    """What was written: for CPUs, for TensorRT, and the card of the first."""

    cpu: Path
    tensorrt: Path
    card: Path


def export(card: Card, ranges: Any, out: Path, overwrite: bool = False, name: str | None = None) -> Quantised:
    """Write both files and a card to the folder ``out``, its figures left to be measured.

    name: of the card, ``NAME-int8`` where none is given. It names the recipe that ``card`` names, where that lies.

    Nothing gets its final name before both are there; OutputExistsError, SinkError; InputError for a network that is in 8
    bits already, ModelError for a name that no model can have.
    """
    weights = checked_weights(card)
    if is_quantised(weights):
        raise InputError(f"{card.name!r} is in 8 bits already; quantise the network that it was made from")
    cpu, tensorrt = (out / (weights.stem + suffix) for suffix in (CPU_SUFFIX, INT8_SUFFIX))
    table = _table(card, out, f"{card.name}-int8" if name is None else name, cpu.name)
    place = out / "model.toml"
    make_folders(out)
    for path in (cpu, tensorrt, place):
        check_output(path, overwrite)
    files = {cpu: quantised(card, ranges, signed=False), tensorrt: quantised(card, ranges, signed=True)}
    for path, data in files.items():
        write_bytes(path, data, overwrite=overwrite)
    made = table.model_copy(update={"weights": table.weights.model_copy(update={"sha256": digest(cpu)})})  # type: ignore[union-attr]
    made.save(place)
    return Quantised(cpu, tensorrt, place)


def _table(card: Card, out: Path, name: str, weights: str) -> Card:
    """The card, but for the digest of the weights. ModelError for a name that no model can have."""
    table = card.model_dump(mode="json", exclude_none=True, exclude_unset=True, exclude={"accuracy", "speed"})
    table |= {"name": name, "title": name, "weights": {"file": weights}}
    if card.recipe and card.path is not None:
        table["recipe"] = os.path.relpath(card.path.parent / card.recipe, out)
    table["description"] = f"{card.name} in 8 bits. {card.description}".strip()
    return Card.parse(table, "the new card")


def quantised(card: Card, ranges: Any, signed: bool) -> bytes:
    """The network with QuantizeLinear and DequantizeLinear around its operators, by ONNX Runtime's quantiser.

    signed False: activations 0 … 255, weights −127 … 127 for each channel, biases in 32 bits: what CPUs are fast with. True:
    both −127 … 127 around zero and biases in floating point, all that TensorRT takes. The normalisation before the first
    convolution and the last convolution stay as they are: the one spoils pixels, the other edges.
    """
    import onnx
    from onnxruntime.quantization import QDQQuantizer, QuantType

    path = checked_weights(card)
    try:
        model = onnx.load(str(path))
    except Exception as error:  # protobuf's errors and the system's
        raise ModelError(f"{path} is no ONNX file: {str(error).splitlines()[0]}") from error
    kept = _kept(model)
    options: dict[str, Any] = {"WeightSymmetric": True}
    if signed:
        options |= {"ActivationSymmetric": True, "QuantizeBias": False}
    quantiser = QDQQuantizer(
        model,
        True,  # each channel of a filter has its own scale
        False,
        QuantType.QInt8,
        QuantType.QInt8 if signed else QuantType.QUInt8,
        ranges,
        [],
        kept,
        list(OPERATORS),
        options,
    )
    quantiser.quantize_model()
    quantiser.model.topological_sort()  # what was added stands at the end
    made = quantiser.model.model
    onnx.checker.check_model(made)
    data: bytes = made.SerializeToString()
    return data


def _kept(model: Any) -> list[str]:
    """Nodes that stay in floating point; the quantiser knows nodes by name."""
    for number, node in enumerate(model.graph.node):
        node.name = node.name or f"node_{number}"
    nodes = list(model.graph.node)
    places = [number for number, node in enumerate(nodes) if node.op_type == "Conv"]
    if not places:
        raise ModelError("the network has no convolution: there is nothing to quantise")
    last = places[-1]
    if nodes[last - 1].op_type == "Conv":  # the last convolution in two steps: see rtskin.nets.faster
        last -= 1
    ends = {*range(places[0]), *range(last, len(nodes))}
    return [node.name for number, node in enumerate(nodes) if number in ends]
