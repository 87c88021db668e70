"""Figures of a report go onto the models' cards, by program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rtskin.errors import ModelError
from rtskin.evaluate.macs import count_macs
from rtskin.evaluate.run import Report
from rtskin.files import check_output
from rtskin.infer.cards import Card
from rtskin.infer.weights import checked_weights


def check_cards(cards: Iterable[Card]) -> None:
    """ModelError or SinkError where a card cannot be written: to be asked before the work."""
    for card in cards:
        if card.path is None:
            raise ModelError(f"the card of {card.name!r} is no file; figures cannot be written to it")
        check_output(card.path, overwrite=True)


def write_accuracy(report: Report, cards: Mapping[str, Card], unseen_by: str | None) -> None:
    """Write each model's accuracy into its card, set by set; what the card says of other sets stays. Where the report has
    costs, its multiply-accumulates too: those at the first of the card's shapes for video, whatever the report's are of.

    cards: by the model's name in the report. unseen_by: the training (a recipe's name) that has not seen the pictures.
    """
    for model, card in cards.items():
        assert card.path is not None
        now = Card.load(card.path)
        if now.weights != card.weights:
            raise ModelError(f"{card.path} got other weights while {model!r} was measured; measure it again")
        said = report.accuracy(model)
        if unseen_by is not None:
            said = {name: {**figures, "unseen_by": unseen_by} for name, figures in said.items()}
        now = now.measured(accuracy=said)
        cost = report.costs.get(model)
        if cost is not None and cost.macs is not None:
            now = now.model_copy(update={"macs": count_macs(checked_weights(now), now.tensor.live[0])})
        now.save(card.path)
