"""Batches for the loop, made ahead by worker processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtskin.errors import InputError
from rtskin.train.data.batches import Batch, Batches


def feed(batches: Batches, start: int, end: int, each: int = 1) -> Iterator[list[Batch]]:
    """For every step from ``start`` to before ``end``, the ``each`` batches of it. InputError where data is of no use.

    Workers are spawned: a fork would inherit OpenCV's locks, but not the threads that hold them, and wait for ever.
    """
    from torch.utils.data import DataLoader

    recipe = batches.recipe
    ahead: dict[str, Any] = {}
    if recipe.workers:
        ahead = {"prefetch_factor": recipe.prefetch, "multiprocessing_context": "spawn"}
    loader: Any = DataLoader(
        _Errors(batches),
        batch_size=None,
        sampler=range(start * each, end * each),
        num_workers=recipe.workers,
        collate_fn=_same,
        **ahead,
    )
    together: list[Batch] = []
    for batch in loader:
        if isinstance(batch, InputError):
            raise batch
        together.append(batch)
        if len(together) == each:
            yield together
            together = []


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
