"""models/README.md: a page made of nothing but the cards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rtskin.infer.card_input import listed, spanned
from rtskin.infer.cards import Card

#: Written whole by a program, so that no figure in it can be older than the card it is from.
_TOP = """\
# Models

Made of the cards by `rtskin models --markdown`; the figures get onto them by `rtskin eval … --write-cards` and
`python -m bench.models --write`, never by hand.
"""

_NOTE = """\
At one half, with 95 % bootstrap intervals over pictures. Mean IoU is over pictures with skin; false skin is the share of the
pixels of pictures without any, meaned over these. "Unseen by" names the training whose kept-out pictures these are.
"""

_Told = tuple[str, str, float, int]
_YOUNG = "mean_boundary_iou"
#: Metric, heading, factor and digits in the table of accuracy.
_ACCURACY: tuple[_Told, ...] = (
    ("mean_iou", "mean IoU", 1, 3),
    ("mean_boundary_iou", "boundary IoU", 1, 3),
    ("pooled_iou", "pooled IoU", 1, 3),
    ("pooled_f1", "F1", 1, 3),
    ("pooled_precision", "precision", 1, 3),
    ("pooled_recall", "recall", 1, 3),
    ("mae", "MAE", 1, 3),
    ("false_skin", "false skin %", 100, 2),
)


def to_markdown(cards: Sequence[Card], labels: Sequence[Card] = ()) -> str:
    """The page; ends in a newline. labels: the cards of networks that label regions (rtskin.roi.label.card)."""
    parts = [_TOP, _models(cards), _accuracy(cards), *(_about(card) for card in cards)]
    parts += [_labels(labels), *(_about(card) for card in labels)]
    return "\n".join(part for part in parts if part)


def input_of(card: Card) -> str:
    """The input in few words: "256×256", "224×416 … 416×224, stills 512×512", or "any" for what has none of its own."""
    if card.input is None:
        return "any"
    stills = f", stills {spanned(card.input.still)}" if card.input.still else ""
    return f"{spanned(card.input.live)}{stills}"


def _models(cards: Sequence[Card]) -> str:
    counted = any(card.macs is not None for card in cards)
    headings = ["model", "network", "parameters", *(["MACs, millions"] if counted else []), "input"]
    headings += ["network, ms", "720p frame, ms", "measured on", "licence"]
    return _table(headings, ([*_what(card, counted), *_speed(card.speed), card.licence or "–"] for card in cards))


def _labels(cards: Sequence[Card]) -> str:
    """The networks that make no masks, apart from those that do."""
    if not cards:
        return ""
    headings = ["labels regions", "network", "parameters", "MACs, millions", "input", "labels", "licence"]
    rows = ([*_what(card, True), ", ".join(card.output.classes), card.licence or "–"] for card in cards)
    return f"# What labels regions\n\n{_table(headings, rows)}"


def _what(card: Card, counted: bool) -> list[str]:
    parameters = "–" if card.parameters is None else f"{card.parameters:,}"
    return [
        card.name,
        card.architecture,
        parameters,
        *([_number(card.macs, 1, 1e-6)] if counted else []),
        input_of(card),
    ]


def _speed(speed: Mapping[str, Any]) -> list[str]:
    processor = f"{speed['processor']}, {speed['threads']} thread" if "processor" in speed else "–"
    processor += f", {speed['input']}" if "input" in speed else ""
    return [_number(speed.get("network_ms"), 1), _number(speed.get("frame_ms"), 1), processor]


def _accuracy(cards: Sequence[Card]) -> str:
    names = sorted({name for card in cards for name in card.accuracy})
    measured = [(name, card) for name in names for card in cards if name in card.accuracy]
    # Cards that were measured before this was a metric have none of it.
    told = [
        one for one in _ACCURACY if one[0] != _YOUNG or any(_YOUNG in card.accuracy[name] for name, card in measured)
    ]
    rows = [_accuracy_row(name, card, told) for name, card in measured]
    headings = ["set", "pictures", "model", *(heading for _, heading, _, _ in told), "unseen by"]
    return f"{_table(headings, rows)}\n{_NOTE}" if rows else ""


def _accuracy_row(name: str, card: Card, told: Iterable[_Told]) -> list[str]:
    figures = card.accuracy[name]
    cells = [_with_interval(figures, metric, factor, digits) for metric, _, factor, digits in told]
    return [name, str(figures.get("images", "–")), card.name, *cells, figures.get("unseen_by", "–")]


def _with_interval(figures: Mapping[str, Any], metric: str, factor: float, digits: int) -> str:
    shown = _number(figures.get(metric), digits, factor)
    interval = figures.get(f"{metric}_95")
    return f"{shown} ({'…'.join(_number(end, digits, factor) for end in interval)})" if interval else shown


def _number(value: float | None, digits: int, factor: float = 1) -> str:
    return "–" if value is None else f"{value * factor:.{digits}f}"


def _about(card: Card) -> str:
    recipe = f"[{card.recipe}]({card.name}/{card.recipe})" if card.recipe.endswith(".toml") else card.recipe
    lines = [
        f"## {card.name}",
        card.description,
        *_shapes(card),
        *_labelled("Origin", card.origin),
        *_labelled("Recipe", recipe),
        *_labelled("Data", card.data_terms),
    ]
    return "\n\n".join(line for line in lines if line) + "\n"


def _shapes(card: Card) -> Iterator[str]:
    """The shapes that frames choose from, where there is a choice."""
    if card.input is not None and (len(card.input.live) > 1 or card.input.still):
        stills = f"; single images: {listed(card.input.still)}" if card.input.still else ""
        yield f"Input, the nearest to the frame's aspect: {listed(card.input.live)}{stills}"


def _labelled(label: str, text: str) -> Iterator[str]:
    if text:
        yield f"{label}: {text}"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)
