"""Does a network take and give what its card says? Looked at when it is loaded, in terms of the card."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rtskin.errors import ModelError, nearest
from rtskin.infer.cards import Card
from rtskin.infer.runtimes.ports import Port
from rtskin.preprocess.fit import Shape

#: What a network of ours calls its second input.
PRIOR = "prior"


def check_signature(
    card: Card, path: Path, inputs: Sequence[Port], outputs: Sequence[Port], shapes: Sequence[Shape]
) -> tuple[list[Port], Port]:
    """Of what a network takes and gives: the picture, then the prior where the card has one; and the output the card names.
    ModelError says what differs.

    shapes: (width, height) that will be asked for; the card's own are looked at too, whether asked for or not.
    """
    where = f"{path.name} does not match the card of {card.name!r}"
    wanted = _inputs(card, where, inputs)
    found = wanted[0]
    for shape in shapes:
        if not _takes(found, shape):
            sizes = _shape(found.shape)
            raise ModelError(f"{path.name} takes {sizes} only, not {_shape(_tensor(shape))}; use another size")
    return wanted, _output(card, where, outputs)


def _inputs(card: Card, where: str, inputs: Sequence[Port]) -> list[Port]:
    wanted = 2 if card.tensor.prior else 1
    if len(inputs) != wanted:
        knows = "two: the picture and the prior" if card.tensor.prior else "one"
        raise ModelError(f"{where}: it takes {len(inputs)} inputs ({_names(inputs)}), the card knows {knows}")
    # By name where there is one called so; else the prior comes last.
    pictures = [value for value in inputs if value.name != PRIOR] or [inputs[0]]
    picture = _picture(card, where, pictures[0])
    return [picture, *(_prior(card, where, value) for value in inputs if value is not picture)]


def _prior(card: Card, where: str, found: Port) -> Port:
    if found.type != "float32":
        raise ModelError(f"{where}: input {found.name!r} is {found.type}, a prior is float32")
    shapes = [[1, 1, height, width] for width, height in card.tensor.all_shapes]
    wrong = [_shape(shape) for shape in shapes if not _fits(found.shape, shape)]
    if wrong:
        raise ModelError(f"{where}: input {found.name!r} is {_shape(found.shape)}, a prior is {' and '.join(wrong)}")
    return found


def _picture(card: Card, where: str, found: Port) -> Port:
    spec = card.tensor
    if found.type != spec.dtype:
        raise ModelError(f"{where}: input {found.name!r} is {found.type}, the card says {spec.dtype}")
    wrong = [_shape(_tensor(shape)) for shape in spec.all_shapes if not _takes(found, shape)]
    if wrong:
        raise ModelError(f"{where}: input {found.name!r} is {_shape(found.shape)}, the card says {' and '.join(wrong)}")
    return found


def _tensor(shape: Shape) -> list[int]:
    return [1, 3, shape[1], shape[0]]


def _takes(found: Port, shape: Shape) -> bool:
    return _fits(found.shape, _tensor(shape))


def _output(card: Card, where: str, outputs: Sequence[Port]) -> Port:
    spec = card.output
    names = [output.name for output in outputs]
    if spec.name is not None and spec.name not in names:
        raise ModelError(f"{where}: it has no output {spec.name!r}{nearest(spec.name, names)}")
    index = spec.index if spec.name is None else names.index(spec.name)
    if index >= len(outputs):
        raise ModelError(f"{where}: the card says output {index}, it has {len(outputs)} ({_names(outputs)})")
    found = outputs[index]
    if found.type != "float32":
        raise ModelError(f"{where}: output {found.name!r} is {found.type}, it should be float32")
    if len(found.shape) != 4:
        raise ModelError(f"{where}: output {found.name!r} is {_shape(found.shape)}, it should be 1×C×h×w")
    channels = found.shape[1]
    if isinstance(channels, int) and spec.channel >= channels:
        raise ModelError(f"{where}: the card says channel {spec.channel}, output {found.name!r} has {channels}")
    return found


def _fits(shape: Sequence[Any], wanted: list[int]) -> bool:
    """A name or None in a shape is a size that the network leaves open."""
    if len(shape) != len(wanted):
        return False
    return all(not isinstance(size, int) or size == want for size, want in zip(shape, wanted, strict=True))


def _shape(shape: Sequence[Any]) -> str:
    return "×".join(str(size) for size in shape)


def _names(values: Sequence[Port]) -> str:
    return ", ".join(value.name for value in values)
