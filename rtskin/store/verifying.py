"""Is a model whole: its weights are the ones of its card, and give what the card says."""

from __future__ import annotations

import logging

from rtskin import paths
from rtskin.errors import RtskinError
from rtskin.infer.base import load_segmenter
from rtskin.infer.cards import Card, load_card
from rtskin.infer.weights import digest


def try_out(card: Card) -> None:
    """Load it and run it on a blank picture at every shape; ModelError and its like say what is wrong."""
    for size in ("live", "still"):
        segmenter = load_segmenter(card, size=size, device="cpu")
        try:
            segmenter.warm_up()
        finally:
            segmenter.close()


def verify(name: str) -> str:
    """What is wrong with a model, by name or path, "" where nothing is. The bytes are read anew."""
    try:
        card = load_card(name)
        expected = card.weights.sha256 if card.weights is not None else None
        path = card.weights_path
        if expected and path is not None and path.is_file() and digest(path) != expected.lower():
            return f"{path} is not the file that its card was written for (sha256)"
        if card.weights is None:
            load_segmenter(card).close()
        else:
            try_out(card)
    except RtskinError as error:
        return str(error)
    return ""


def verify_all(names: list[str]) -> dict[str, str]:
    """By name, what :func:`verify` says; of all models where none are named."""
    logging.getLogger("rtskin.infer").setLevel(logging.WARNING)  # which device each took is of no interest here
    return {name: verify(name) for name in names or paths.names("models")}
