"""The weights a card speaks of: there, and the very bytes it was written for."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

from rtskin.errors import ModelError
from rtskin.infer.cards import Card

#: Files whose sha256 was right, as (path, size, mtime): hashed once a process.
_known: set[tuple[str, int, int, str]] = set()
_lock = threading.Lock()


def checked_weights(card: Card) -> Path:
    """The weights of a card; ModelError if they are missing, or not the ones the card was written for."""
    path = card.weights_path
    if card.weights is None or path is None:
        raise ModelError(f"the card of {card.name!r} names no weights; add a [weights] table with file or path")
    source = (
        f"get them from {card.weights.url}" if card.weights.url else "install rtskin again, or pull the model again"
    )
    if not path.is_file():
        raise ModelError(f"the weights of {card.name!r} are missing: there is no file {path}; {source}")
    if card.weights.sha256:
        _check(path, card.weights.sha256.lower(), card.name, source)
    return path


def _check(path: Path, expected: str, name: str, source: str) -> None:
    state = path.stat()
    key = (str(path.resolve()), state.st_size, state.st_mtime_ns, expected)
    with _lock:
        if key in _known:
            return
        found = digest(path)
        if found != expected:
            raise ModelError(
                f"the weights of {name!r} are not the ones its card was written for"
                f" (sha256 of {path} is {found[:12]}…, not {expected[:12]}…); {source}"
            )
        _known.add(key)


def digest(path: Path) -> str:
    """sha256 of the weights, as hexadecimal digits; ModelError where they cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"the weights {path} cannot be read: {error.strerror or error}") from None
