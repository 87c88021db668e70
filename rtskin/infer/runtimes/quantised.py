"""Files that compute in 8 bits, and what of them does not."""

from __future__ import annotations

from pathlib import Path

from rtskin.errors import ModelError


def is_quantised(path: Path) -> bool:
    """Does the file compute in 8 bits: it holds the operator's name then. ModelError where it cannot be read."""
    try:
        return b"QuantizeLinear" in path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from None


def real_precision(path: Path, asked: str) -> str:
    """What the file at ``path`` runs in where ``asked`` was asked for: of one in 8 bits, all but its ends are that."""
    if not is_quantised(path):
        return asked
    return "int8" if asked == "fp32" else f"int8+{asked}"
