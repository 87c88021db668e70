"""Checkpoints: everything that a training needs to go on, in one file that is either whole or not there."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtskin.errors import InputError, SinkError, reason
from rtskin.files import OutputFile

if TYPE_CHECKING:
    from torch import nn

    from rtskin.train.recipe import Recipe

#: The checkpoint that a training goes on from, and with early stopping the one of the best weights.
LAST, BEST = "last.pt", "best.pt"


def save(path: Path, state: dict[str, Any]) -> None:
    """Write ``state`` beside ``path``, then put it in its place; SinkError keeps the checkpoint that was there."""
    import torch

    # Serialised in memory first: torch's own file writer hides what the system said about a full disk.
    buffer = io.BytesIO()
    torch.save(state, buffer)
    try:
        with OutputFile(path, overwrite=True) as file:
            file.write(buffer.getbuffer(), sync=True)
            file.commit()
    except SinkError as error:
        kept = f"the last good one is still {path}" if path.exists() else "there is none yet"
        raise SinkError(
            f"the checkpoint {path} cannot be written ({reason(error.__cause__ or error)}); {kept}: "
            "make room and go on with --resume"
        ) from error


def load(path: Path) -> dict[str, Any]:
    """The state at ``path``; InputError where there is none or it is not a checkpoint."""
    import torch

    if not path.is_file():
        raise InputError(
            f"there is no checkpoint at {path}; give the {LAST} or {BEST} of a training (--resume: the right --out)"
        )
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(f"{path} is not a checkpoint: {str(error).splitlines()[0]}") from error
    missing = {"step", "net", "ema", "recipe"} - set(state)
    if missing:
        raise InputError(f"{path} is not a checkpoint of rtskin: it has no {', '.join(sorted(missing))}")
    return state


def averaged(path: Path) -> tuple[Recipe, nn.Module]:
    """The recipe of the checkpoint at ``path``, and the network with its averaged weights (or what is blended of them, see
    rtskin.train.loop.keep), to be used as it is."""
    from rtskin import nets
    from rtskin.train.loop.keep import chosen
    from rtskin.train.resolved import completed, resolved

    state = load(path)
    recipe = resolved(json.dumps(completed(json.loads(state["recipe"]))))
    net = nets.build(recipe.net.architecture, **recipe.net_options)
    net.load_state_dict(chosen(state))
    return recipe, net.eval().requires_grad_(False)
