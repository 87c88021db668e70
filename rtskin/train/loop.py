"""The training loop: AdamW, a schedule, an average of the weights, checkpoints that resume bit-equal.

A step is a function of the state and of its number alone (batches are drawn from (seed, step)), so a training that was
killed and resumed has, at one thread count, the weights of one that was not.
"""

from __future__ import annotations

import json
import logging
import math
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from rtskin import nets
from rtskin.errors import InputError, RtskinError, SinkError
from rtskin.train import checkpoint, schedule
from rtskin.train.batches import Batch, Batches
from rtskin.train.data import Sides
from rtskin.train.ema import Ema
from rtskin.train.losses import bce_dice
from rtskin.train.normalise import normalise
from rtskin.train.recipe import Recipe, parse
from rtskin.train.validate import Validation
from rtskin.train.warm import start_from

log = logging.getLogger("rtskin.train")

#: The steps whose time turns minutes into steps; the first ones are slow (caches, threads).
_TIMED = range(10, 30)
#: Batches that batch normalisation is put back with where weights come from an exported file.
_LOOKED_AT = 12
#: What a resumed training may change.
_FREE = frozenset(
    {"steps", "minutes", "threads", "workers", "cache_mb", "checkpoint_minutes", "validate_every", "validate_images"}
)


class TrainingError(RtskinError, ArithmeticError):
    """A training that cannot go on."""


@dataclass(frozen=True)
class Progress:
    """One step that is done."""

    step: int
    total: int | None
    loss: float
    rate: float
    broken: int


class Trainer:
    """A training in the folder ``out``: last.pt (the checkpoint) and log.jsonl (losses, validations, broken pictures)."""

    def __init__(self, recipe: Recipe, sets: list[Sides], out: Path, init: Path | None = None) -> None:
        torch.set_num_threads(recipe.threads)
        torch.manual_seed(recipe.seed)
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SinkError(f"the folder {out} cannot be made ({error.strerror}); give another --out") from error
        self.recipe, self.sets, self.out = recipe, sets, out
        self.net = nets.build(recipe.net.architecture, **recipe.net.options).to(memory_format=torch.channels_last)
        self.batches, self.validation = Batches(recipe, sets), Validation(recipe, sets)
        if init is not None:
            start_from(self.net, init, self._some_batches())
        self.ema = Ema(self.net, recipe.ema)
        self.optimiser = torch.optim.AdamW(
            _groups(self.net, recipe.optimiser.weight_decay), lr=recipe.optimiser.rate, fused=True
        )
        self.step, self.total = 0, recipe.steps
        self.broken: dict[str, int] = {}

    def resume(self) -> None:
        """Go on from the checkpoint in ``out``; InputError where it belongs to another recipe."""
        state = checkpoint.load(self.out / checkpoint.LAST)
        old, new = parse(json.loads(state["recipe"])).model_dump(), self.recipe.model_dump()
        changed = sorted(key for key in new if key not in _FREE and old[key] != new[key])
        if changed:
            raise InputError(
                f"the checkpoint in {self.out} has another recipe ({', '.join(changed)}); use another --out"
            )
        self.net.load_state_dict(state["net"])
        self.ema.net.load_state_dict(state["ema"])
        self.ema.updates = state["ema_updates"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.broken = state["step"], state["broken"]
        self.total = self.recipe.steps or state["total"]
        torch.set_rng_state(state["rng"])

    def save(self) -> None:
        """Write the checkpoint; SinkError leaves the one before."""
        checkpoint.save(self.out / checkpoint.LAST, {
            "step": self.step,
            "total": self.total,
            "net": self.net.state_dict(),
            "ema": self.ema.net.state_dict(),
            "ema_updates": self.ema.updates,
            "optimiser": self.optimiser.state_dict(),
            "rng": torch.get_rng_state(),
            "recipe": self.recipe.model_dump_json(),
            "broken": self.broken,
        })  # fmt: skip

    def run(self, report: Callable[[Progress], None] = lambda progress: None) -> None:
        """Train to the last step. TrainingError where the loss is no number: the checkpoint before stays."""
        saved, times, losses = time.monotonic(), [], []
        for batch in self._load():
            began = time.monotonic()
            losses.append(self._train(batch))
            self._note_broken(batch)
            times.append(time.monotonic() - began)
            self._settle_total(times)
            report(Progress(self.step, self.total, losses[-1], self._rate(), len(self.broken)))
            if self.step % self.recipe.validate_every == 0 or self.step == self.total:
                self._validate(losses)
                losses = []
            if time.monotonic() - saved > self.recipe.checkpoint_minutes * 60 or self.step == self.total:
                self.save()
                saved = time.monotonic()
            if self.step == self.total:
                return

    def _some_batches(self) -> Iterator[torch.Tensor]:
        for step in range(_LOOKED_AT):
            yield normalise(torch.from_numpy(self.batches[step].images))

    def _train(self, batch: Batch) -> float:
        rate = self._rate()
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.net.train()
        logits = self.net(normalise(torch.from_numpy(batch.images)))
        target, weight = (torch.from_numpy(plane)[:, None].float() / 255 for plane in (batch.targets, batch.weights))
        loss = bce_dice(logits, target, weight, self.recipe.loss.bce, self.recipe.loss.dice)
        value: float = loss.item()
        if not math.isfinite(value):
            raise TrainingError(
                f"the loss is {value} at step {self.step}; the last good checkpoint stays in {self.out}: "
                "lower optimiser.rate and go on with --resume"
            )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), self.recipe.optimiser.clip)
        self.optimiser.step()
        self.ema.update(self.net)
        self.step += 1
        return value

    def _rate(self) -> float:
        return self.recipe.optimiser.rate * schedule.factor(self.step, self.total, self.recipe.schedule)

    def _load(self) -> Iterator[Batch]:
        """The batches from here on, made ahead by worker processes.

        These are spawned: a fork would inherit OpenCV's locks, but not the threads that hold them, and wait for ever.
        """
        from torch.utils.data import DataLoader

        steps = range(self.step, self.total or 10**9)
        workers = self.recipe.workers
        ahead: dict[str, Any] = {"prefetch_factor": 6, "multiprocessing_context": "spawn"} if workers else {}
        loader: Any = DataLoader(
            _Errors(self.batches), batch_size=None, sampler=steps, num_workers=workers, collate_fn=_same, **ahead
        )
        for batch in loader:
            if isinstance(batch, InputError):
                raise batch
            yield batch

    def _settle_total(self, times: list[float]) -> None:
        """Minutes into steps, once some steps were timed. The warm-up before does not depend on the total."""
        if self.total is None and self.recipe.minutes and len(times) == _TIMED.stop:
            each = statistics.median(times[_TIMED.start :])
            self.total = self.step + max(1, round(self.recipe.minutes * 60 / each))
            log.info("%.2f s a step: %d steps in %.0f minutes", each, self.total, self.recipe.minutes)

    def _note_broken(self, batch: Batch) -> None:
        for name in batch.broken:
            if name not in self.broken:
                log.warning("skipped %s", name)
                self._write({"step": self.step, "broken": name})
            self.broken[name] = self.broken.get(name, 0) + 1

    def _validate(self, losses: list[float]) -> None:
        figures = self.validation.run(self.ema.net)
        self._write({"step": self.step, "loss": statistics.fmean(losses), "rate": self._rate(), "kept_out": figures})

    def _write(self, entry: dict[str, Any]) -> None:
        try:
            with open(self.out / "log.jsonl", "a", encoding="utf-8") as file:
                file.write(json.dumps({"time": round(time.time(), 1), **entry}) + "\n")
        except OSError as error:
            raise SinkError(f"{self.out / 'log.jsonl'} cannot be written ({error.strerror}); make room") from error


class _Errors:
    """Hands errors over as what they are: raised in a worker they would reach the caller wrapped in a traceback."""

    def __init__(self, batches: Batches) -> None:
        self.batches = batches

    def __getitem__(self, step: int) -> Batch | InputError:
        try:
            return self.batches[step]
        except InputError as error:
            return error


def _same(batch: Batch | InputError) -> Batch | InputError:
    return batch


def _groups(net: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Weight decay for matrices and filters only, not for biases and batch normalisation."""
    heavy = [parameter for parameter in net.parameters() if parameter.ndim > 1]
    light = [parameter for parameter in net.parameters() if parameter.ndim <= 1]
    return [{"params": heavy, "weight_decay": decay}, {"params": light, "weight_decay": 0.0}]
