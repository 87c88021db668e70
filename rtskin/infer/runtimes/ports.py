"""What a network takes and gives, as its file says: the same words for every runtime."""

from __future__ import annotations

from dataclasses import dataclass

#: How ONNX Runtime calls what numpy calls otherwise.
_TYPES = {"tensor(float)": "float32", "tensor(float16)": "float16", "tensor(double)": "float64"}


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output. type: as numpy calls it. shape: a name or None is a size that the network leaves open."""

    name: str
    type: str
    shape: tuple[int | str | None, ...]


def numpy_type(name: str) -> str:
    """What numpy calls "tensor(float)" or "tensor(uint8)"."""
    return _TYPES.get(name, name.removeprefix("tensor(").removesuffix(")"))
