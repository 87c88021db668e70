"""What `rtskin bench` measures: models by ways by sizes, all ways of one size in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rtskin.errors import InputError
from rtskin.infer.cards import Card
from rtskin.infer.measure.race import Limits, race
from rtskin.infer.measure.ways import Measured, Way, parse_way
from rtskin.infer.runtimes.base import Runtime
from rtskin.infer.runtimes.devices import kind_of
from rtskin.infer.sizes import parse_size, shapes_for
from rtskin.preprocess.fit import Shape
from rtskin.registry import RUNTIMES

#: The rows of the published table of skin networks' times, and its sizes; those that the installed runtimes can fill.
PUBLISHED_WAYS = (
    "torch:mode=eager", "torch:mode=inference_mode", "torch:mode=compile", "torch:mode=compile+inference_mode",
    "onnxruntime",
)  # fmt: skip
PUBLISHED_SIZES = ("256x256", "320x320", "512x512", "1024x1024", "1280x1280", "1728x1728", "2048x2048")


def default_ways(card: Card, device: str, threads: int | None) -> list[Way]:
    """Each runtime that is installed and loads the card, as it is by default."""
    found = []
    for name in RUNTIMES.names():
        kind: type[Runtime] = RUNTIMES.get(name)
        there = kind.needs_weights and kind.is_installed() and kind.loads(card)
        if there and kind_of(device) in kind.devices:
            found.append(Way(name, device, threads))
    return found


def named_ways(texts: Sequence[str], device: str, threads: int | None) -> list[Way]:
    """Ways as they are written, "openvino:precision=bf16"; the same twice counts once."""
    return [parse_way(text, device, threads) for text in dict.fromkeys(texts)]


def shape_of(card: Card, size: str) -> Shape:
    """(width, height) that a size stands for: the card's first of "live", "still" or "small", or itself."""
    return shapes_for(card.tensor, parse_size(size))[0]


def bench(
    cards: Sequence[Card],
    ways: Callable[[Card], Sequence[Way]],
    sizes: Sequence[str],
    limits: Limits,
    progress: Callable[[str], None] = lambda text: None,
) -> list[Measured]:
    """One entry for each model, size and way, in that order. InputError where there is nothing to measure."""
    for card in cards:
        if card.weights is None:
            raise InputError(f"{card.name!r} is a method, not a network: name networks to measure")
    plan = [(card, shape_of(card, size)) for card in cards for size in sizes]
    found: list[Measured] = []
    for card, shape in plan:
        chosen = ways(card)
        if not chosen:
            raise InputError(f"no runtime that is installed runs {card.name!r} there; see rtskin doctor")
        measured = race(str(card.path) if card.path else card.name, shape, chosen, limits, progress)
        for one in measured:
            one.model = card.name
        found += measured
    return found
