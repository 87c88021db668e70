"""What a network costs: parameters, multiply-accumulates, milliseconds by runtime."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rtskin.errors import MissingExtraError, RuntimeUnavailableError
from rtskin.evaluate.macs import count_macs, count_parameters
from rtskin.frame import BgrPicture, Frame, SourceInfo
from rtskin.infer.card_input import times
from rtskin.infer.cards import Card
from rtskin.infer.network import NetworkSegmenter
from rtskin.infer.sizes import Size, shapes_for
from rtskin.infer.weights import checked_weights
from rtskin.registry import METHODS, RUNTIMES

#: Runs of one network in a row (its weights are in the caches then, as they are in a stream), and rounds over all.
TOGETHER, ROUNDS = 5, 10


@dataclass(frozen=True)
class Cost:
    """Of one network; a method without a network has none of it.

    shape: (width, height), the first of ``size`` ("still", "live", or that shape itself). macs: of one picture of it. ms:
    median of the network alone at it, one thread, by runtime.
    """

    parameters: int | None = None
    macs: int | None = None
    shape: tuple[int, int] | None = None
    size: str | None = None
    ms: Mapping[str, float] = field(default_factory=dict)


def measure(cards: Mapping[str, Card], size: Size = "still", rounds: int = ROUNDS) -> dict[str, Cost]:
    """Costs of all models, their times interleaved in one run, on every runtime that is installed.

    At the first shape of ``size``. ModelError where a network cannot be read, MissingExtraError without onnx.
    """
    networks = {name: card for name, card in cards.items() if card.architecture not in METHODS.names()}
    with ExitStack() as stack:
        runs: dict[tuple[str, str], Callable[[], object]] = {}
        for name, card in networks.items():
            for runtime in RUNTIMES.names():
                run = _opened(card, runtime, size, stack)
                if run is not None:
                    runs[name, runtime] = run
        taken = _interleaved(runs, rounds)
    costs = {name: Cost() for name in cards}
    for name, card in networks.items():
        shape = shapes_for(card.tensor, size)[0]
        path = checked_weights(card)
        parameters = card.parameters if card.parameters is not None else count_parameters(path)
        ms = {runtime: round(median, 3) for (model, runtime), median in taken.items() if model == name}
        costs[name] = Cost(parameters, count_macs(path, shape), shape, _said(size), ms)
    return costs


def _said(size: Size) -> str:
    return size if isinstance(size, str) else times(size)


def _opened(card: Card, name: str, size: Size, stack: ExitStack) -> Callable[[], object] | None:
    """A run of the card's network on a runtime; None where that is not installed, or computes nothing."""
    kind = RUNTIMES.get(name)
    if not kind.needs_weights:
        return None
    shape = shapes_for(card.tensor, size)[:1]
    try:
        runtime: Any = kind(card, shapes=shape, device="cpu", threads=1, options={})
    except (MissingExtraError, RuntimeUnavailableError):
        return None
    segmenter = NetworkSegmenter(card, runtime)
    stack.callback(segmenter.close)
    segmenter.warm_up()
    width, height = shape[0]
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    prepared = segmenter.prepare(Frame(0, BgrPicture(noise), SourceInfo("noise", width, height)))
    return lambda: runtime.run(prepared.tensor)


def _interleaved(runs: Mapping[Any, Callable[[], object]], rounds: int) -> dict[Any, float]:
    """Median milliseconds of each; the first round warms up."""
    times: dict[Any, list[float]] = {key: [] for key in runs}
    for number in range(rounds + 1):
        for key, run in runs.items():
            for _ in range(TOGETHER):
                begun = time.perf_counter()
                run()
                if number:
                    times[key].append((time.perf_counter() - begun) * 1e3)
    return {key: statistics.median(taken) for key, taken in times.items()}
