"""Times by size, a line for each way of running a model."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rtskin.errors import InputError, MissingExtraError
from rtskin.files import write_bytes
from rtskin.infer.measure.ways import Measured

_KINDS = (".png", ".svg", ".pdf")


def require_plot(path: Path) -> Any:
    """matplotlib's Figure; InputError for a kind of file that is not drawn, MissingExtraError without matplotlib."""
    if path.suffix not in _KINDS:
        raise InputError(f"{path} cannot be drawn; use a name that ends in {', '.join(_KINDS)}")
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", "plot", "--plot") from error
    return Figure


def draw(found: Sequence[Measured], path: Path, overwrite: bool) -> None:
    """Bars where there is one size, lines over the input's pixels where there are several; both axes tell milliseconds."""
    lines: dict[str, list[Measured]] = {}
    several = len({one.model for one in found}) > 1
    for one in found:
        if one.error is None:
            lines.setdefault(f"{one.model}, {one.way}" if several else str(one.way), []).append(one)
    figure = require_plot(path)(figsize=(9, 5.5), layout="constrained")
    axes = figure.subplots()
    if max((len(entries) for entries in lines.values()), default=0) > 1:
        _lines(axes, lines)
    else:
        _bars(axes, lines)
    axes.set_title(", ".join(dict.fromkeys(one.model for one in found)) + ": the network alone, median and 95 %")
    data = io.BytesIO()
    figure.savefig(data, format=path.suffix[1:], dpi=120)
    write_bytes(path, data.getvalue(), overwrite=overwrite)


def _lines(axes: Any, lines: dict[str, list[Measured]]) -> None:
    shapes = sorted({one.shape for entries in lines.values() for one in entries}, key=lambda shape: shape[0] * shape[1])
    for name, entries in lines.items():
        entries = sorted(entries, key=lambda one: one.shape[0] * one.shape[1])
        pixels = [one.shape[0] * one.shape[1] for one in entries]
        (line,) = axes.plot(pixels, [one.p50 for one in entries], marker="o", label=name)
        axes.fill_between(
            pixels, [one.p50 for one in entries], [one.p95 for one in entries], color=line.get_color(), alpha=0.15
        )
    axes.set(xscale="log", yscale="log", xlabel="input", ylabel="ms")
    axes.set_xticks([width * height for width, height in shapes], [f"{width}×{height}" for width, height in shapes])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend()


def _bars(axes: Any, lines: dict[str, list[Measured]]) -> None:
    names = list(lines)
    values = [lines[name][0] for name in names]
    over = [max(one.p95 - one.p50, 0) for one in values]
    bars = axes.barh(names, [one.p50 for one in values], xerr=[[0] * len(values), over], color="tab:blue", alpha=0.8)
    axes.bar_label(bars, [f"{one.p50:.2f}" for one in values], label_type="center", color="white")
    axes.invert_yaxis()
    axes.set_xlabel("ms")
    axes.grid(axis="x", alpha=0.3)
