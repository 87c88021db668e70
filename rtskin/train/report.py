"""What a training looks like afterwards, or while it runs: its curves, and the worst of the masks that it is judged by."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtskin.errors import InputError, MissingExtraError
from rtskin.files import write_bytes
from rtskin.train.loop import checkpoint, journal

if TYPE_CHECKING:
    from torch import nn

    from rtskin.train.loop.validate import Validation

CURVES, WORST = "curves.png", "worst.png"
#: Of the sheet: masks with skin, and as many without.
_WORST = 18


def report(out: Path, roots: Sequence[Path]) -> list[Path]:
    """Write what there is to see of the training in ``out``, which may still run: curves.png, and once there is a checkpoint
    worst.png, of the best weights where there are such; returns the files.

    ``roots``: where the recipe's data is. InputError: no training there, or its data is missing.
    """
    if not (out / checkpoint.LAST).exists():
        return [_write_curves(out)]
    from rtskin.train.data.sets import scan
    from rtskin.train.loop.validate import Validation

    best = out / checkpoint.BEST
    recipe, net = checkpoint.averaged(best if best.exists() else out / checkpoint.LAST)
    return write(out, Validation(recipe, scan(recipe, list(roots))), net)


def write(out: Path, validation: Validation, net: nn.Module) -> list[Path]:
    """Both pictures, to ``out``: curves.png from the log, worst.png of what ``net`` says of the kept-out pictures (left out
    where there are none). MissingExtraError: no matplotlib."""
    return [_write_curves(out), *([_write_worst(out, validation, net)] if validation.pictures else [])]


def _write_worst(out: Path, validation: Validation, net: nn.Module) -> Path:
    from rtskin.evaluate.datasets import Item
    from rtskin.evaluate.metrics import count
    from rtskin.evaluate.sheet import ContactSheet

    sheet = ContactSheet(out.name, _WORST)
    for one in validation.judged(net):
        item = Item(one.name, Path(one.name), None)
        sheet(out.name, item, one.image, one.truth, one.found, count(one.found, one.truth))
    sheet.save(out / WORST)
    return out / WORST


def _write_curves(out: Path) -> Path:
    entries = journal.read(out)
    if not entries:
        raise InputError(f"{out} has nothing to show yet: no line of its log has a loss")
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", "train", "the curves of a training") from error
    figure = Figure(figsize=(12, 8), layout="constrained")
    for axes, (title, lines) in zip(figure.subplots(2, 2).flat, _curves(entries).items(), strict=True):
        for name, points in lines.items():
            # A point where it is the only one, else nothing would be seen.
            axes.plot(*zip(*points, strict=True), label=name, marker="." if len(points) < 20 else None)
        axes.set(title=title, xlabel="step")
        axes.grid(alpha=0.3)
        if lines and (len(lines) > 1 or "" not in lines):
            axes.legend(fontsize="small")
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=100)
    write_bytes(out / CURVES, data.getbuffer(), overwrite=True)
    return out / CURVES


def _curves(entries: list[dict[str, Any]]) -> dict[str, dict[str, list[tuple[int, float]]]]:
    """By title, then by line: (step, value)."""
    judged = [entry for entry in entries if "kept_out" in entry]
    # Validations mean over all the steps between them: they stand for the loss only where nothing finer was written.
    finer = [entry for entry in entries if "kept_out" not in entry] or entries
    losses = {"loss": [(entry["step"], entry["loss"]) for entry in finer]}
    for entry in finer:
        for name, value in entry.get("losses", {}).items():
            losses.setdefault(name, []).append((entry["step"], value))
    curves = {"loss": losses, "learning rate": {"": [(entry["step"], entry["rate"]) for entry in entries]}}
    for title, figure in (("IoU of kept-out pictures", "iou"), ("false skin of kept-out pictures", "false_skin")):
        lines: dict[str, list[tuple[int, float]]] = {}
        for entry in judged:
            for name, values in entry["kept_out"].items():
                if figure in values:
                    lines.setdefault(name, []).append((entry["step"], values[figure]))
        curves[title] = lines
    return curves
