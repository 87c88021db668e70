"""A way to run a network, and what was measured of it: plain values, to be printed, stored and sent between processes."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from rtskin.errors import InputError, UnknownNameError
from rtskin.preprocess.fit import Shape
from rtskin.registry import RUNTIMES


@dataclass(frozen=True)
class Way:
    """threads: None lets the runtime choose. options: the runtime's own."""

    runtime: str
    device: str = "cpu"
    threads: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """onnxruntime, openvino:precision=bf16 …; what :func:`parse_way` reads."""
        options = "".join(f":{key}={_said(value)}" for key, value in self.options.items())
        return f"{self.runtime}{options}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Measured:
    """What came out. load_s: from the start of a new process with Python's imports done to the network loaded. first_ms: of
    the first run. ms: of every later one. peak_mb: the most memory the process held. difference: mean, in the output's own
    numbers, from the first way that answered. error: why there is nothing of all that.
    """

    model: str
    shape: Shape
    way: Way
    info: dict[str, Any] = field(default_factory=dict)
    load_s: float = 0.0
    first_ms: float = 0.0
    ms: list[float] = field(default_factory=list)
    peak_mb: float = 0.0
    difference: float | None = None
    error: str | None = None

    @property
    def p50(self) -> float:
        return statistics.median(self.ms)

    @property
    def p95(self) -> float:
        return float(np.percentile(self.ms, 95))

    def to_json(self) -> dict[str, Any]:
        """For people's programs: without every single time."""
        table = asdict(self)
        runs = table.pop("ms")
        if self.error is not None:
            return {"model": self.model, "shape": list(self.shape), "way": self.way.to_json(), "error": self.error}
        del table["error"]
        figures = {"p50_ms": self.p50, "p95_ms": self.p95, "runs_a_second": 1000 / self.p50, "runs": len(runs)}
        return table | {key: round(value, 3) for key, value in figures.items()}


def parse_way(text: str, device: str = "auto", threads: int | None = None) -> Way:
    """ "openvino:precision=bf16" → a Way. UnknownNameError for a runtime there is none of, InputError for options that it
    does not have."""
    name, *settings = text.split(":")
    kind = RUNTIMES.get(name)
    options: dict[str, Any] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise InputError(f"{text!r}: options are written NAME:KEY=VALUE, as openvino:precision=bf16")
        if key not in kind.defaults:
            raise UnknownNameError(f"option of {name}", key, kind.defaults)
        options[key] = _value(value, kind.defaults[key], setting)
    return Way(name, device, threads, options)


def _value(text: str, default: Any, setting: str) -> Any:
    if isinstance(default, bool):
        if text not in ("true", "false"):
            raise InputError(f"{setting!r}: say true or false")
        return text == "true"
    if isinstance(default, int | float):
        try:
            return type(default)(text)
        except ValueError:
            raise InputError(f"{setting!r}: {text!r} is no number") from None
    return text


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
