"""Does a network take and give what its card says? Looked at when it is loaded, in terms of the card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rtskin.errors import ModelError, nearest
from rtskin.infer.cards import Card

_TYPES = {"float32": "tensor(float)", "uint8": "tensor(uint8)"}


def check_signature(card: Card, path: Path, session: Any) -> tuple[Any, Any]:
    """The session's input and the output the card names; ModelError says what differs."""
    where = f"{path.name} does not match the card of {card.name!r}"
    return _input(card, where, session.get_inputs()), _output(card, where, session.get_outputs())


def _input(card: Card, where: str, inputs: list[Any]) -> Any:
    spec = card.tensor
    if len(inputs) != 1:
        raise ModelError(f"{where}: it takes {len(inputs)} inputs ({_names(inputs)}), the card knows one")
    found, wanted = inputs[0], [1, 3, spec.height, spec.width]
    if found.type != _TYPES[spec.dtype]:
        raise ModelError(f"{where}: input {found.name!r} is {found.type}, the card says {spec.dtype}")
    if not _fits(found.shape, wanted):
        raise ModelError(f"{where}: input {found.name!r} is {_shape(found.shape)}, the card says {_shape(wanted)}")
    return found


def _output(card: Card, where: str, outputs: list[Any]) -> Any:
    spec = card.output
    names = [output.name for output in outputs]
    if spec.name is not None and spec.name not in names:
        raise ModelError(f"{where}: it has no output {spec.name!r}{nearest(spec.name, names)}")
    index = spec.index if spec.name is None else names.index(spec.name)
    if index >= len(outputs):
        raise ModelError(f"{where}: the card says output {index}, it has {len(outputs)} ({_names(outputs)})")
    found = outputs[index]
    if found.type != "tensor(float)":
        raise ModelError(f"{where}: output {found.name!r} is {found.type}, it should be tensor(float)")
    if len(found.shape) != 4:
        raise ModelError(f"{where}: output {found.name!r} is {_shape(found.shape)}, it should be 1×C×h×w")
    channels = found.shape[1]
    if isinstance(channels, int) and spec.channel >= channels:
        raise ModelError(f"{where}: the card says channel {spec.channel}, output {found.name!r} has {channels}")
    return found


def _fits(shape: list[Any], wanted: list[int]) -> bool:
    """A name or None in a shape is a size that the network leaves open."""
    if len(shape) != len(wanted):
        return False
    return all(not isinstance(size, int) or size == want for size, want in zip(shape, wanted, strict=True))


def _shape(shape: list[Any]) -> str:
    return "×".join(str(size) for size in shape)


def _names(values: list[Any]) -> str:
    return ", ".join(value.name for value in values)
