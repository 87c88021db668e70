"""What a runtime says of a file that it cannot load, in one line that names what it lacks."""

from __future__ import annotations

import re
from pathlib import Path

from rtskin.errors import ModelError
from rtskin.infer.memory import free_megabytes, is_short

_LONGEST = 300
#: How ONNX Runtime, OpenVINO, LiteRT and TensorRT name operators they do not know.
_UNKNOWN = (
    r"No Op registered for (?P<op>[\w.]+)",
    r"implementation for (?P<op>[\w.]+)\(\d+\) node",
    r"Op with name \([^)]*\) (?:and|type) .*?(?P<op>[\w.]+)\W+is not a registered",
    r"(?P<op>[\w.:]+)\(-?\d*\) is not a registered function/op",
    r"does not support the following ONNX operations: (?P<op>[\w.:, -]+)",
    r"No conversion rule found for operations: (?P<op>[\w.:, -]+)",
    r"Encountered unresolved custom op: (?P<op>[\w.]+)",
    r"No importer registered for op: (?P<op>[\w.]+)",
    r"Unsupported operator:? (?P<op>[\w.]+)",
    r"operator: (?P<op>[\w.]+) \(checkFallbackPlugin",
)


def one_line(error: BaseException | str) -> str:
    """The message without its line breaks, not endless."""
    return " ".join(str(error).split())[:_LONGEST]


def unknown_operators(text: str) -> list[str]:
    """The operators that a message calls unknown."""
    found: list[str] = []
    for pattern in _UNKNOWN:
        for match in re.finditer(pattern, text):
            found += re.split(r"[,\s]+", match["op"].strip())
    # OpenVINO adds the opset: Sharpen-17.
    return sorted({re.sub(r"-\d+$", "", name.strip(".,:")) for name in found if name.strip(".,:-")})


def load_error(path: Path, who: str, error: BaseException | str) -> ModelError:
    """The error to raise for a file that ``who`` ("OpenVINO 2026.1") did not load."""
    if is_short(error):
        free = free_megabytes()
        left = "" if free is None else f" ({free} MB are free)"
        return ModelError(
            f"{path} cannot be loaded by {who}: memory is too small for it{left}; close other programs, or use "
            "a smaller model"
        )
    operators = unknown_operators(" ".join(str(error).split()))
    if operators:
        names = " and ".join(operators)
        return ModelError(
            f"{path} cannot be loaded by {who}: it does not know the operator {names}; use another runtime"
        )
    return ModelError(f"{path} cannot be loaded by {who}: {one_line(error)}")
