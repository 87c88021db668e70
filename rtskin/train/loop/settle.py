"""Batch normalisation of averaged weights.

An average of weights never saw a picture: the averages of the statistics that its parts had are not the statistics that it
has. They are measured on some batches instead, before it is judged and before it ships (Izmailov et al., Averaging weights
leads to wider optima, arXiv 1803.05407, section 3.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import nn

from rtskin.nets import statistics
from rtskin.train.data.batches import Batch, Batches
from rtskin.train.data.feed import Aside
from rtskin.train.losses.objective import sent
from rtskin.train.normalise import network_input

#: The first of the batches that no training comes to.
UNSEEN = 10**9


@torch.no_grad()
def settle(net: nn.Module, inputs: Iterable[torch.Tensor]) -> None:
    """Give every batch normalisation of ``net`` the mean and variance that it meets over ``inputs`` (N×C×H×W each)."""
    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    before = [(norm.momentum, norm.training) for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over the batches
        norm.train()
    for batch in inputs:
        net(batch)
    for norm, (momentum, training) in zip(norms, before, strict=True):
        norm.momentum = momentum
        norm.train(training)


class Settling:
    """The batches that an average is settled on: ``recipe.settle`` of them, always the same and none that a training comes
    to.

    They are made once, by the feed between the first steps (:meth:`aside`), and kept as they were made (uint8: 16 crops of
    320×320 are 5 MB). Those that are lacking when they are needed are made there and then.
    """

    def __init__(self, batches: Batches) -> None:
        self._batches = batches
        self._statistics = statistics(batches.recipe.net.architecture)
        self._numbers = range(UNSEEN, UNSEEN + batches.recipe.settle)
        self._kept: dict[int, tuple[np.ndarray, np.ndarray | None]] = {}

    def aside(self, within: int) -> Aside | None:
        """What :func:`~rtskin.train.data.feed.feed` is to make on the way of the next ``within`` steps; None: nothing."""
        missing = [number for number in self._numbers if number not in self._kept]
        return Aside(missing, within, self._keep) if missing and within > 0 else None

    def inputs(self, device: torch.device) -> Iterator[torch.Tensor]:
        """float32 N×C×H×W on ``device``, as the network takes them."""
        for number in self._numbers:
            if number not in self._kept:
                self._keep(number, self._batches[number])
            images, priors = self._kept[number]
            before = None if priors is None else sent(priors, device)
            yield network_input(sent(images, device), before, statistics=self._statistics)

    def _keep(self, number: int, batch: Batch) -> None:
        self._kept[number] = batch.images, batch.priors
