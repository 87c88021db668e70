"""Who made labels, and on what terms: ``TERMS.toml`` in their folder.

`rtskin train label` writes it before the first label. A training reads it: what learns from labels learns from the networks
that made them, so their terms are among its origins (rtskin.train.terms.origins), and travel with it. Each [[teachers]] has
``name``, ``weight`` (how much its word counted), ``sha256`` (of its weights, where it has some), and as its card said,
``ship`` and ``terms``; without a card these are left out, and whoever trains says them in [[origins]].
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtskin.errors import InputError
from rtskin.files import write_text
from rtskin.infer.card_toml import dumps
from rtskin.train.data.packfile import PackPath, has, read

if TYPE_CHECKING:
    from rtskin.train.recipe import DataSet

NAME = "TERMS.toml"
#: Where packs keep what folders say of their terms.
_PACKED = "terms"
_ABOUT = "# Who made the labels beside this file; written by `rtskin train label`, read by `rtskin train`.\n\n"


@dataclass(frozen=True)
class Maker:
    """A network that made labels. ship, terms: None where it had no card."""

    name: str
    weight: float = 1.0
    ship: bool | None = None
    terms: str | None = None
    sha256: str | None = None


#: Of labels that were there before anybody wrote down who made them.
NOBODY_KNOWS = Maker("unknown")


def note(folder: Path, makers: Sequence[Maker]) -> None:
    """Write down that these make the labels in ``folder``, beside those that made some of them before; SinkError.

    Labels that are there without a word of who made them are noted as of an unknown maker.
    """
    path = folder / NAME
    if path.exists():
        known = _parsed(path.read_bytes(), path)
    else:
        known = [NOBODY_KNOWS] if any((folder / "masks").glob("**/*.png")) else []
    now = [*known, *(maker for maker in dict.fromkeys(makers) if maker not in known)]
    if now != known or not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        tables = [{key: value for key, value in asdict(maker).items() if value is not None} for maker in now]
        write_text(path, _ABOUT + dumps({"teachers": tables}, ["teachers"]), overwrite=True)


def makers(spec: DataSet, roots: Sequence[Path]) -> Iterator[Maker]:
    """Who made the labels of a recipe's set, below the first of ``roots`` (folders, packs) that has it; none: nobody did, or
    nobody wrote it down. InputError for a file that is not as it is written here."""
    for root in roots:
        if root.is_file():
            name = f"{_PACKED}/{spec.path}/{NAME}"
            if (PackPath(root) / spec.path).is_dir():
                yield from _parsed(read(root, name), f"{root}:{name}") if has(root, name) else ()
                return
        elif (root / spec.path).is_dir():
            path = root / spec.path / NAME
            yield from _parsed(path.read_bytes(), path) if path.is_file() else ()
            return


def _parsed(data: bytes, where: Any) -> list[Maker]:
    try:
        found = [Maker(**entry) for entry in tomllib.loads(data.decode("utf-8"))["teachers"]]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{where} does not say who made the labels ({error}); mend it, or label again") from error
    for maker in found:
        if not isinstance(maker.name, str) or not isinstance(maker.ship, bool | None):
            raise InputError(f"{where}: a teacher has a name, and ship is true or false")
        if not isinstance(maker.terms, str | None):
            raise InputError(f"{where}: the terms of a teacher are a text")
    return found
