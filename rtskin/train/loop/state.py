"""What a checkpoint holds, and when a training may go on from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from rtskin.errors import InputError
from rtskin.train.loop import checkpoint
from rtskin.train.resolved import completed

if TYPE_CHECKING:
    from rtskin.train.loop.trainer import Trainer
    from rtskin.train.recipe import Recipe

#: What a resumed training may change.
_FREE = frozenset({
    "steps", "minutes", "threads", "workers", "prefetch", "cache_mb", "checkpoint_minutes", "validate_every",
    "validate_images", "device", "precision", "channels_last", "tensorboard", "stop", "origins", "settle",
})  # fmt: skip


def save(trainer: Trainer, path: Path) -> None:
    """Write the checkpoint; SinkError leaves the one before."""
    step, heads = trainer.change, trainer.change.objective.heads
    checkpoint.save(path, {
        "step": trainer.step,
        "total": trainer.total,
        "net": trainer.net.state_dict(),
        "ema": trainer.ema.net.state_dict(),
        "ema_updates": trainer.ema.updates,
        "optimiser": step.optimiser.state_dict(),
        "rng": torch.get_rng_state(),
        "recipe": trainer.recipe.model_dump_json(),
        "broken": trainer.broken,
        "heads": None if heads is None else heads.state_dict(),
        "scaler": step.scaler.state_dict(),
        "rate": trainer.rate.state(),
        "stop": trainer.stop.state(),
        "origin": trainer.origin,
        # Of an older step it is not the average's any more.
        "judged": trainer.judged if trainer.settled == trainer.step else None,
        "settled": trainer.settled == trainer.step,
        "place": None if trainer.place is None else str(trainer.place.resolve()),
    })  # fmt: skip


def restore(trainer: Trainer, path: Path) -> None:
    """Put the trainer into the state at ``path``; InputError where it belongs to another recipe.

    Checkpoints that were written before heads, schedules by score and so on were known have none of these in use.
    """
    state = checkpoint.load(path)
    _must_agree(state, trainer.recipe, path)
    trainer.net.load_state_dict(state["net"])
    trainer.ema.net.load_state_dict(state["ema"])
    trainer.ema.updates = state["ema_updates"]
    step = trainer.change
    step.optimiser.load_state_dict(state["optimiser"])
    if step.objective.heads is not None:
        step.objective.heads.load_state_dict(state["heads"])
    loaders: dict[str, Any] = {
        "scaler": step.scaler.load_state_dict,
        "rate": trainer.rate.load,
        "stop": trainer.stop.load,
    }
    for key, load in loaders.items():
        if state.get(key):
            load(state[key])
    trainer.origin, trainer.judged = state.get("origin"), state.get("judged")
    trainer.step, trainer.broken = state["step"], state["broken"]
    trainer.settled = trainer.step if state.get("settled") else -1
    # Other minutes than before are to be timed anew, and are from here on.
    same = json.loads(state["recipe"]).get("minutes") == trainer.recipe.minutes
    trainer.total = trainer.recipe.steps or (state["total"] if same else None)
    torch.set_rng_state(state["rng"])


def _must_agree(state: dict[str, Any], recipe: Recipe, path: Path) -> None:
    old, new = completed(json.loads(state["recipe"])), recipe.model_dump(mode="json")
    changed = sorted(key for key in new if key not in _FREE and old.get(key) != new[key])
    if changed:
        raise InputError(
            f"the checkpoint in {path.parent} has another recipe ({', '.join(changed)}); use another --out"
        )
