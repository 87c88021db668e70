"""Cards of networks that label regions: ``models/NAME/label.toml``.

They say what cards of segmenters say (rtskin.infer.cards), under another file's name: so no list of models offers one as
something that makes masks. The tensor is uint8 N×side×side×4 (B, G, R, mask); ``output.classes`` are the labels.
"""

from __future__ import annotations

import logging
import os

from rtskin import paths
from rtskin.errors import ModelError, RtskinError
from rtskin.infer.cards import Card
from rtskin.roi.label.base import LABELS

log = logging.getLogger("rtskin.roi")


def load_label_card(name_or_path: str | os.PathLike[str]) -> Card:
    """The card of a labelling network, by name or by path; UnknownNameError names the nearest, ModelError what is wrong."""
    card = Card.load(paths.find("labels", name_or_path))
    if card.output.classes != LABELS:
        raise ModelError(f"{card.path}: output.classes are {list(card.output.classes)}, and must be {list(LABELS)}")
    if card.tensor.width != card.tensor.height:
        raise ModelError(f"{card.path}: crops are square: {card.tensor.width}×{card.tensor.height} is not")
    return card


def list_label_cards() -> list[Card]:
    """The cards of all that can be asked for by name, sorted; a broken one is logged and left out."""
    cards = []
    for name in paths.names("labels"):
        try:
            cards.append(load_label_card(name))
        except RtskinError as error:
            log.warning("label model %r is left out: %s", name, error)
    return cards
