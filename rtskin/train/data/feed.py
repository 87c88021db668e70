"""Batches for the loop, made ahead by worker processes."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rtskin.errors import InputError
from rtskin.train.data.batches import Batch, Batches


@dataclass(frozen=True)
class Aside:
    """Batches that are wanted beside those of the steps: all of ``numbers`` by the last of the first ``within`` steps,
    spread evenly, so that workers make them while the steps are computed. Each is handed to ``take`` with its number."""

    numbers: Sequence[int]
    within: int
    take: Callable[[int, Batch], None]


def feed(batches: Batches, start: int, end: int, each: int = 1, aside: Aside | None = None) -> Iterator[list[Batch]]:
    """For every step from ``start`` to before ``end``, the ``each`` batches of it. InputError where data is of no use.

    Workers are spawned: a fork would inherit OpenCV's locks, but not the threads that hold them, and wait for ever.
    """
    from torch.utils.data import DataLoader

    recipe = batches.recipe
    ahead: dict[str, Any] = {}
    if recipe.workers:
        ahead = {"prefetch_factor": recipe.prefetch, "multiprocessing_context": "spawn", "worker_init_fn": _deaf}
    loader: Any = DataLoader(
        _Errors(batches),
        batch_size=None,
        sampler=(number for number, _ in _order(start, end, each, aside)),
        num_workers=recipe.workers,
        collate_fn=_same,
        **ahead,
    )
    together: list[Batch] = []
    for (number, take), batch in zip(_order(start, end, each, aside), loader, strict=True):
        if isinstance(batch, InputError):
            raise batch
        if take is not None:
            take(number, batch)
            continue
        together.append(batch)
        if len(together) == each:
            yield together
            together = []


def _order(
    start: int, end: int, each: int, aside: Aside | None
) -> Iterator[tuple[int, Callable[[int, Batch], None] | None]]:
    """The numbers of all batches as they come, each with what takes it where it is of no step."""
    done = 0
    for step in range(start, end):
        if aside is not None and done < len(aside.numbers):
            due = -(-len(aside.numbers) * (step - start + 1) // aside.within)
            yield from ((number, aside.take) for number in aside.numbers[done:due])
            done = due
        yield from ((number, None) for number in range(step * each, (step + 1) * each))


def _deaf(worker: int) -> None:
    """Ctrl-C reaches every process of a terminal: the one that trains decides, and ends its workers when it is done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class _Errors:
    """Hands errors over as what they are: raised in a worker they would reach the caller wrapped in a traceback."""

    def __init__(self, batches: Batches) -> None:
        self.batches = batches

    def __getitem__(self, number: int) -> Batch | InputError:
        try:
            return self.batches[number]
        except InputError as error:
            return error


def _same(batch: Batch | InputError) -> Batch | InputError:
    return batch
