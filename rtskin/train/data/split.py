"""Which side of the split a picture is on: a fixed hash of what must stay together."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath


def fold_of(key: str, folds: int) -> int:
    """The fold, 0 … ``folds`` - 1, that everything called ``key`` is in: the same on every machine, for ever."""
    digest = hashlib.sha256(key.encode("utf-8")).digest()
    return int.from_bytes(digest[:8], "big") % folds


def split_key(relative: str, group: str | None = None) -> str:
    """What of a picture is hashed, by its path below the set's folder ("images/" left out).

    ``group``, where the recipe names one for the whole set; else the first folder (a repository of a plain tree, a clip
    of labelled frames), so that a source is never on both sides; else the stem (a pair).
    """
    if group:
        return group
    path = PurePosixPath(relative)
    return path.parts[0] if len(path.parts) > 1 else path.stem
