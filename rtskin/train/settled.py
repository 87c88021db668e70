"""The averaged weights of a checkpoint as they may be given to others: with batch normalisation that was measured.

A training settles its average before each validation (rtskin.train.loop.settle). Between two of them it goes on, and the
average has the statistics that its parts had; a checkpoint from there is settled here, by the recipe's data.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rtskin.errors import InputError
from rtskin.train.loop.keep import chosen
from rtskin.train.recipe import Recipe

log = logging.getLogger("rtskin.train")


def average(state: dict[str, Any], recipe: Recipe, roots: Sequence[Path] | None, source: Path) -> dict[str, Any]:
    """The averaged weights of the checkpoint ``state``, which is the file ``source``; settled now where that was not done.

    InputError where it has to be done and the data is not below ``roots`` (None: the usual places).
    """
    weights = chosen(state)
    if is_settled(state, recipe):
        return weights
    import torch

    from rtskin import nets
    from rtskin.train.data.batches import Batches
    from rtskin.train.data.sets import scan
    from rtskin.train.loop.settle import Settling, settle
    from rtskin.train.session import ROOTS

    try:
        settling = Settling(Batches(recipe, scan(recipe, list(roots or ROOTS))))
    except InputError as error:
        raise InputError(
            f"{source} is from between two validations (step {state['step']}), so the batch normalisation of its averaged "
            f"weights has to be measured on the recipe's data, but {error}. Say with --data where it is, or export a "
            f"checkpoint of a step that is a multiple of {recipe.validate_every}"
        ) from error
    log.info(
        "measuring batch normalisation on %d batches: the checkpoint is from between two validations", recipe.settle
    )
    net = nets.build(recipe.net.architecture, **recipe.net_options)
    net.load_state_dict(weights)
    settle(net.eval(), settling.inputs(torch.device("cpu")))
    return dict(net.state_dict())


def is_settled(state: dict[str, Any], recipe: Recipe) -> bool:
    """Was the checkpoint's average settled, or need it not be."""
    if not recipe.settle:
        return True
    if "settled" in state:
        return bool(state["settled"])
    # Older checkpoints do not say; trainings settle where they validate.
    return state["step"] % recipe.validate_every == 0 or state["step"] == state.get("total")
