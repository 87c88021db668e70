"""TensorBoard: what a training looks like while it runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rtskin.errors import MissingExtraError

if TYPE_CHECKING:
    from torch import nn

    from rtskin.train.loop.validate import Validation

#: Folder beside the checkpoint.
FOLDER = "tensorboard"
#: Masks shown of each set.
_MASKS = 3


@contextlib.contextmanager
def opened(wanted: bool, out: Path, step: int) -> Iterator[Board | None]:
    """A board in ``out``/tensorboard for the time of a ``with``; None where none is wanted.

    ``step``: what is there of later steps, left by a training that was killed, is hidden. MissingExtraError.
    """
    if not wanted:
        yield None
        return
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise MissingExtraError("tensorboard", "train", "a training's pages in TensorBoard") from error
    writer: Any = SummaryWriter(str(out / FOLDER), purge_step=step + 1 if step else None)
    try:
        yield Board(writer)
    finally:
        writer.close()


class Board:
    """Scalars and masks by step."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def losses(self, entry: dict[str, Any]) -> None:
        """A line of the log: step, loss, rate, and the losses that it is made of."""
        step = entry["step"]
        self._writer.add_scalar("loss", entry["loss"], step)
        self._writer.add_scalar("rate", entry["rate"], step)
        for name, value in entry.get("losses", {}).items():
            self._writer.add_scalar(f"losses/{name}", value, step)

    def kept_out(self, step: int, figures: dict[str, dict[str, float]], validation: Validation, net: nn.Module) -> None:
        """The figures of a validation, and for a few pictures of each set: picture, truth, what is found."""
        for name, values in figures.items():
            for figure, value in values.items():
                self._writer.add_scalar(f"kept_out/{figure}/{name}", value, step)
        for name, shown in validation.shown(net, _MASKS):
            self._writer.add_image(f"masks/{name}", _beside(shown), step, dataformats="HWC")


def _beside(shown: tuple[Any, Any, Any]) -> Any:
    """uint8 H×3W×3 RGB of (BGR picture, truth, found)."""
    image, *planes = shown
    return np.concatenate([image[..., ::-1], *(np.repeat(plane[..., None], 3, 2) for plane in planes)], 1)
