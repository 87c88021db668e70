"""The training loop: a schedule, an average of the weights, validation, checkpoints that resume bit-equal.

A step is a function of the state and of its number alone (batches are drawn from (seed, step)), so a training that was
killed and resumed has, on a CPU at one thread count, the weights of one that was not.
"""

from __future__ import annotations

import copy
import logging
import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from rtskin import nets
from rtskin.errors import InputError, RtskinError, SinkError
from rtskin.train.data.batches import Batch, Batches
from rtskin.train.data.classes import skin_index
from rtskin.train.data.feed import feed
from rtskin.train.data.sets import Sides
from rtskin.train.loop import board, checkpoint, device, probe, state
from rtskin.train.loop.ema import Ema
from rtskin.train.loop.journal import Journal
from rtskin.train.loop.keep import blended
from rtskin.train.loop.schedule import Patience, Rate
from rtskin.train.loop.settle import UNSEEN, Settling, settle
from rtskin.train.loop.step import Losses, Step
from rtskin.train.loop.validate import Validation, as_words, score
from rtskin.train.loop.warm import start_from
from rtskin.train.losses import distil
from rtskin.train.losses.objective import Objective, tensors
from rtskin.train.normalise import network_input
from rtskin.train.quantise.aware import train_in_eight_bits

if TYPE_CHECKING:
    from rtskin.train.recipe import Recipe

log = logging.getLogger("rtskin.train")

#: The steps whose time turns minutes into steps; the first ones are slow (caches, threads).
_TIMED = range(10, 30)
#: Batches that batch normalisation is put back with where weights come from an exported file.
_LOOKED_AT = 12
#: Steps between lines of the log.
_LOGGED = 50
#: Where neither steps nor an end by minutes is known yet.
_ENDLESS = UNSEEN


class InterruptedTrainingError(RtskinError):
    """It was told to end before its last step; the checkpoint is written."""


class TrainingError(RtskinError, ArithmeticError):
    """A training that cannot go on."""


@dataclass(frozen=True)
class Progress:
    """One step that is done. ``losses``: the parts of the loss by name, unweighted."""

    step: int
    total: int | None
    loss: float
    rate: float
    broken: int
    losses: dict[str, float] = field(default_factory=dict)


class Trainer:
    """A training in the folder ``out``: last.pt (the checkpoint), best.pt (with early stopping, the best weights so far) and
    log.jsonl (losses, validations, broken pictures).

    ``init``: weights to start from. ``teachers``: checkpoints or cards for [distil]. ``place``: the folder that the recipe's
    paths are relative to, where there is one; it is noted in checkpoints.
    """

    def __init__(
        self,
        recipe: Recipe,
        sets: list[Sides],
        out: Path,
        init: Path | None = None,
        teachers: Sequence[Path] = (),
        place: Path | None = None,
    ) -> None:
        torch.set_num_threads(recipe.threads)
        torch.manual_seed(recipe.seed)
        self.device = device.choose(recipe.device)
        dtype = device.arithmetic(recipe.precision, self.device)
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SinkError(f"the folder {out} cannot be made ({error.strerror}); give another --out") from error
        self.recipe, self.sets, self.out, self.place = recipe, sets, out, place
        self.net = nets.build(recipe.net.architecture, **recipe.net_options)
        self._statistics = nets.statistics(recipe.net.architecture)
        if recipe.channels_last:
            self.net.to(memory_format=torch.channels_last)
        self.batches, self.validation = Batches(recipe, sets), Validation(recipe, sets)
        self._settling = Settling(self.batches)
        self._check_score()
        if init is not None:
            start_from(self.net, init, self._some_batches(), recipe.classes.names)
            self._meet_new_classes()
        self.net.to(self.device)
        teach = distil.open_teachers(teachers, recipe, self.device, dtype) if teachers else None
        objective = Objective(recipe, self.net, teach, dtype)
        self.ema = Ema(self.net, recipe.ema)
        if recipe.eight_bits:
            # Behind the average, which is judged and exported as it is.
            train_in_eight_bits(self.net)
        #: The weights that it began with, and the blend with them that was judged last, where the recipe keeps some.
        self.origin = copy.deepcopy(self.net.state_dict()) if init is not None and recipe.net.keep else None
        self.judged: dict[str, Any] | None = None
        self.change = Step(recipe, self.net, objective, self.device, dtype)
        self.rate, self.stop = Rate(recipe.schedule, timed=not recipe.steps), Patience(recipe.stop.least)
        self.step, self.total = 0, recipe.steps
        #: The step at which the average was last settled.
        self.settled = -1
        self.broken: dict[str, int] = {}
        self._journal = Journal(out)

    def resume(self) -> None:
        """Go on from the checkpoint in ``out``; InputError where it belongs to another recipe."""
        state.restore(self, self.out / checkpoint.LAST)

    def save(self) -> None:
        """Write the checkpoint; SinkError leaves the one before."""
        state.save(self, self.out / checkpoint.LAST)

    @property
    def stopped(self) -> bool:
        """The kept-out pictures have not become better for as long as [stop] waits."""
        return 0 < self.recipe.stop.patience <= self.stop.waited

    def run(
        self,
        report: Callable[[Progress], None] = lambda progress: None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        """Train to the last step, or until it is :attr:`stopped`, or until ``interrupted``, which is asked after each step.
        Then the checkpoint is written, to go on from. TrainingError where the loss is no number: the checkpoint before
        stays."""
        saved, times = time.monotonic(), []
        losses: list[Losses] = []
        with board.opened(self.recipe.tensorboard, self.out, self.step) as show:
            for batches in () if self.stopped else self._load():
                began = time.monotonic()
                losses.append(self._train(batches))
                self._note_broken(batches)
                times.append(time.monotonic() - began)
                self._settle_total(times)
                report(self._progress(losses[-1]))
                if self.step % _LOGGED == 0:
                    self._note_losses(losses[-_LOGGED:], show)
                if self.step % self.recipe.validate_every == 0 or self.step == self.total:
                    self._validate(losses, show)
                    losses = []
                done = self.step == self.total or self.stopped or interrupted()
                if done or time.monotonic() - saved > self.recipe.checkpoint_minutes * 60:
                    self.save()
                    saved = time.monotonic()
                if done:
                    return

    def _load(self) -> Iterator[list[Batch]]:
        validated = self.recipe.validate_every - self.step % self.recipe.validate_every
        within = min(validated, (self.total or _ENDLESS) - self.step)
        aside = self._settling.aside(within)
        return feed(self.batches, self.step, self.total or _ENDLESS, self.recipe.optimiser.accumulate, aside)

    def _some_batches(self) -> Iterator[torch.Tensor]:
        for step in range(_LOOKED_AT):
            rgb = torch.from_numpy(self.batches[step].images)
            yield network_input(rgb, prior=self.recipe.prior.use, statistics=self._statistics)

    def _meet_new_classes(self) -> None:
        """Fit the head alone, where the weights that the training starts from know fewer classes."""
        skin = skin_index(self.recipe.classes.names)
        if len(self.recipe.classes.names) > 1 and probe.untaught(self.net, skin):
            batches = (tensors(self.batches[step], torch.device("cpu"), self._statistics) for step in range(_LOOKED_AT))
            value = probe.fit_head(self.net, batches, skin)
            log.info("the head knows the new classes to a cross-entropy of %.2f", value)

    def _train(self, batches: list[Batch]) -> Losses:
        losses = self.change(batches, self.step, self._rate())
        if not math.isfinite(losses.total):
            raise TrainingError(
                f"the loss is {losses.total} at step {self.step}; the last good checkpoint stays in {self.out}: "
                "lower optimiser.rate and go on with --resume"
            )
        self.ema.update(self.net)
        self.step += 1
        return losses

    def _rate(self) -> float:
        return self.recipe.optimiser.rate * self.rate(self.step, self.total)

    def _progress(self, losses: Losses) -> Progress:
        return Progress(self.step, self.total, losses.total, self._rate(), len(self.broken), losses.parts)

    def _settle_total(self, times: list[float]) -> None:
        """Minutes into steps, once some steps were timed. The warm-up before does not depend on the total."""
        if self.total is None and self.recipe.minutes and len(times) == _TIMED.stop:
            each = statistics.median(times[_TIMED.start :])
            self.total = self.step + max(1, round(self.recipe.minutes * 60 / each))
            log.info("%.2f s a step: %d steps in %.0f minutes", each, self.total, self.recipe.minutes)

    def _note_broken(self, batches: list[Batch]) -> None:
        for name in (name for batch in batches for name in batch.broken):
            if name not in self.broken:
                log.warning("skipped %s", name)
                self._journal.write({"step": self.step, "broken": name})
            self.broken[name] = self.broken.get(name, 0) + 1

    def _note_losses(self, losses: list[Losses], show: board.Board | None) -> None:
        entry = {"step": self.step, **_means(losses), "rate": self._rate()}
        self._journal.write(entry)
        if show is not None:
            show.losses(entry)

    def _validate(self, losses: list[Losses], show: board.Board | None) -> None:
        net = self.ema.net if self.origin is None else blended(self.ema.net, self.origin, self.recipe.net.keep)
        if self.recipe.settle:
            settle(net, self._settling.inputs(self.device))
            self.settled = self.step
        self.judged = None if self.origin is None else net.state_dict()
        figures = self.validation.run(net)
        self._journal.write({"step": self.step, **_means(losses), "rate": self._rate(), "kept_out": figures})
        if figures:
            log.info("step %d, kept-out pictures: %s", self.step, as_words(figures))
        if show is not None:
            show.kept_out(self.step, figures, self.validation, net)
        if figures:
            self.rate.see(score(figures))
            if self.recipe.stop.patience and self.stop.see(score(figures)):
                state.save(self, self.out / checkpoint.BEST)

    def _check_score(self) -> None:
        """What goes by the score of the kept-out pictures needs some."""
        by_score = self.recipe.stop.patience or self.recipe.schedule.name == "plateau"
        if by_score and not self.validation.pictures:
            raise InputError(
                "the schedule plateau and [stop] go by kept-out pictures, and the split keeps none out; "
                "set split.held_out, or take the schedule cosine without [stop]"
            )


def _means(losses: list[Losses]) -> dict[str, Any]:
    """``loss``, and where it has several parts, ``losses``: these, by name and unweighted."""
    parts = {name: statistics.fmean(one.parts[name] for one in losses) for name in losses[0].parts}
    mean = {"loss": statistics.fmean(one.total for one in losses)}
    return {**mean, "losses": parts} if len(parts) > 1 else mean
