"""BaseSegmenter: a model as the graph sees it, and how one is loaded."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from rtskin.errors import RuntimeUnavailableError
from rtskin.frame import Frame, Prepared, Scores
from rtskin.infer.cards import Card, load_card
from rtskin.infer.classes import Classes, channels_for
from rtskin.infer.runtimes.base import RuntimeInfo
from rtskin.infer.runtimes.threads import check_threads
from rtskin.infer.sizes import Size, parse_size, shapes_for
from rtskin.registry import METHODS, RUNTIMES

__all__ = ["BaseSegmenter", "RuntimeInfo", "load_segmenter"]


class BaseSegmenter(ABC):
    """A loaded model. ``prepare`` and ``infer`` are safe from several threads, so that they can run side by side.

    card: what it is. info: what it really runs on. runtime_options: what its runtime was told, also where nobody told it
    but a tune.
    """

    card: Card
    info: RuntimeInfo
    runtime_options: Mapping[str, Any] = MappingProxyType({})

    @abstractmethod
    def prepare(self, frame: Frame) -> Prepared:
        """Decode, resize, normalise: everything before the model, in the preprocess node's thread."""

    @abstractmethod
    def infer(self, prepared: Prepared) -> Scores:
        """Scores over the whole frame, in memory that stays the caller's, in the infer node's thread."""

    def warm_up(self) -> None:  # noqa: B027 - not all methods need it
        """Compile and run once, so that the first frame is not slow; ModelError where the model answers nonsense."""

    def close(self) -> None:  # noqa: B027
        """Give memory and devices back; may be called twice."""


def load_segmenter(
    model: str | os.PathLike[str] | Card,
    *,
    runtime: str = "auto",
    device: str = "auto",
    threads: int | None = None,
    size: Size | str = "live",
    classes: Classes | None = None,
    runtime_options: Mapping[str, Any] | None = None,
) -> BaseSegmenter:
    """Load a model by name, by the path of its card, or by its card.

    runtime: a name in rtskin.registry.RUNTIMES; "auto": see rtskin.infer.auto. device: "auto", "cpu", "cuda", "cuda:N".
    threads: of the runtime, at least 1; None lets it choose. size: of the network's input: "live", "still", "small",
    "WIDTHxHEIGHT" or (width, height), see rtskin.infer.sizes; methods that look at the frame itself have none. classes: what
    the scores are of, by the card's names ("hair", "skin,hair", "!background"), see rtskin.infer.classes; None: the card's
    own class, which is skin.

    Errors: UnknownNameError, ModelError, RuntimeUnavailableError, MissingExtraError, InputError.
    """
    check_threads(threads)
    size = parse_size(size)
    kind = None if runtime == "auto" else RUNTIMES.get(runtime)
    card = model if isinstance(model, Card) else load_card(model)
    options = dict(runtime_options or {})
    channels_for(card, classes)  # now, not after the loading
    if card.architecture in METHODS.names() and (kind is None or kind.needs_weights):
        if kind is not None:
            raise RuntimeUnavailableError(
                f"{card.name!r} is a method, not a network: {runtime} cannot run it; leave the runtime at auto"
            )
        method: BaseSegmenter = METHODS.get(card.architecture)(card, device=device, threads=threads, options=options)
        return method
    from rtskin.infer.auto import choose_way
    from rtskin.infer.measure.ways import Way
    from rtskin.infer.network import NetworkSegmenter

    shapes = shapes_for(card.tensor, size)
    way = Way(runtime, device, threads, options)
    if kind is None:
        way = choose_way(card, device, threads, options)
        kind = RUNTIMES.get(way.runtime)
    loaded = kind(card, device=way.device, threads=way.threads, options=dict(way.options), shapes=shapes)
    # A live frame must not wait for a first run at its shape; a single image waits anyway, for one run instead of many.
    segmenter = NetworkSegmenter(card, loaded, warm=shapes[:1] if size == "still" else shapes, classes=classes)
    segmenter.runtime_options = dict(way.options)
    return segmenter
