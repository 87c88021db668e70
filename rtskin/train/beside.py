"""The recipe beside an exported model: all that its weights were trained by, to be read, checked and trained again.

One that lies there already, with its author's comments, stays; but then it must say what was really done, ``--set`` and
``--minutes`` included, because the card points to it and the terms are checked by it (rtskin.train.terms.shipping).
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rtskin.errors import InputError, RtskinError
from rtskin.infer.card_toml import dumps
from rtskin.train.data.pack_content import INIT, TEACHER
from rtskin.train.recipe import Recipe, load

#: What the recipe beside a model is called.
NAME = "recipe.toml"
#: How a training runs, not what comes out of it; and the origins, which follow from the weights and teachers it names.
_HOW = frozenset({
    "threads", "workers", "prefetch", "cache_mb", "checkpoint_minutes", "device", "channels_last", "tensorboard", "origins",
})  # fmt: skip
#: Matters only where a training goes by its kept-out pictures.
_JUDGED = frozenset({"validate_every", "validate_images"})
#: What the export does with the weights; the recipe beside the model decides.
_EXPORTED = frozenset({"round_to_bf16"})
_LENGTHS = frozenset({"steps", "minutes"})
#: Written as [[data]].
_ARRAYS = ("origins", "data")


@dataclass(frozen=True)
class Trained:
    """What a checkpoint says of its training. total: steps of the whole, as far as they were known; place: the folder that
    the recipe's paths are relative to, where that was written down."""

    recipe: Recipe
    step: int
    total: int | None
    place: Path | None


def text(trained: Trained, folder: Path) -> str:
    """The recipe as TOML, every key of it, for ``folder``: its length in steps, weights and teachers as seen from there."""
    recipe = trained.recipe
    table = recipe.model_dump(mode="json", exclude_none=True)
    if trained.total:
        table = {key: value for key, value in table.items() if key not in _LENGTHS} | {"steps": trained.total}
    if recipe.net.init:
        table["net"]["init"] = _seen_from(folder, recipe.net.init, trained.place)
    table["distil"]["teachers"] = [_seen_from(folder, name, trained.place) for name in recipe.distil.teachers]
    length = f"{trained.step} steps of {trained.total}" if trained.total else f"{trained.step} steps"
    return f"# What {recipe.name} was trained by, {length}; written by `rtskin train export`.\n{dumps(table, _ARRAYS)}"


def check(trained: Trained, path: Path, source: Path) -> None:
    """InputError that lists what the recipe at ``path`` does not say as it was in the training of ``source``."""
    found = differences(trained, path)
    if found:
        raise InputError(
            f"{path} is not what {source} was trained by: {'; '.join(found)}. "
            "Make it say so, or take it away: then export writes one"
        )


def differences(trained: Trained, path: Path) -> list[str]:
    """What the recipe at ``path`` says otherwise than the training, key by key: "batch was 16 and is 8 there"."""
    recipe, said = trained.recipe, load(path)
    skipped = _HOW | _LENGTHS | _EXPORTED | (frozenset() if _by_score(recipe) else _JUDGED)
    one, two = (_flat(_plain(each, skipped)) for each in (recipe, said))
    for key, value in one.items():
        if key == "net.init" or key.startswith("distil.teachers"):
            two[key] = value if _same_weights(value, two.get(key), trained, path.parent) else two.get(key)
    return [*_length(trained, said), *_different(one, two)]


def _by_score(recipe: Recipe) -> bool:
    return bool(recipe.stop.patience) or recipe.schedule.name == "plateau"


def _plain(recipe: Recipe, skipped: frozenset[str]) -> dict[str, Any]:
    """The recipe's tables, data sets by name; without what does not count."""
    table = {key: value for key, value in recipe.model_dump(mode="json").items() if key not in skipped}
    sets = {part["name"]: part for part in table["data"]}
    teachers = dict(enumerate(table["distil"]["teachers"]))
    return {**table, "data": sets, "distil": {**table["distil"], "teachers": teachers}}


def _flat(table: dict[Any, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        flat |= _flat(value, f"{before}{key}.") if isinstance(value, dict) else {f"{before}{key}": value}
    return flat


def _different(one: dict[str, Any], two: dict[str, Any]) -> list[str]:
    sets = [{key.split(".")[1] for key in flat if key.startswith("data.")} for flat in (one, two)]
    found = [f"data.{name} was in it" for name in sorted(sets[0] - sets[1])]
    found += [f"data.{name} was not in it" for name in sorted(sets[1] - sets[0])]
    both = [f"data.{name}." for name in sets[0] & sets[1]]
    for key in (*one, *(key for key in two if key not in one)):
        if not key.startswith("data.") or key.startswith(tuple(both)):
            was, says = one.get(key), two.get(key)
            if was != says:
                found.append(f"{key} was {_shown(was)} and is {_shown(says)} there")
    return found


def _shown(value: Any) -> str:
    return "not set" if value is None else repr(value)


def _length(trained: Trained, said: Recipe) -> list[str]:
    """Minutes are as good as the steps that they became."""
    steps, minutes = trained.total or trained.recipe.steps, trained.recipe.minutes
    if said.steps in (None, steps) and said.minutes in (None, minutes):
        return []
    was = f"minutes was {minutes:g}" if minutes else f"steps was {steps}"
    if minutes and steps:
        was += f", which was {steps} steps,"
    return [f"{was} and {f'steps is {said.steps}' if said.steps else f'minutes is {said.minutes:g}'} there"]


def _same_weights(was: Any, says: Any, trained: Trained, folder: Path) -> bool:
    """Do two values of net.init (or of distil.teachers) mean the same weights: one file, or the same bytes.

    What says "the model in this very folder" is about to be replaced by its successor: then it has to be of that name.
    """
    if not was or not says:
        return bool(was) == bool(says)
    if trained.place is None and not Path(was).is_absolute():
        # A pack has its own names for what it brings along.
        return was in (says, INIT) or was.startswith(TEACHER.split("{")[0])
    one, two = (trained.place or Path()) / was, folder / says
    if two.resolve() in (folder.resolve(), *(path.resolve() for path in folder.glob("*.*"))):
        return any(origin.name == trained.recipe.name for origin in trained.recipe.origins)
    return one.resolve() == two.resolve() or (_digest(one) is not None and _digest(one) == _digest(two))


def _digest(weights: Path) -> str | None:
    """SHA-256 of weights given as a checkpoint, an ONNX file, a card or its folder; None where there are none."""
    from rtskin.infer.cards import Card

    try:
        if weights.is_dir() or weights.suffix == ".toml":
            card = Card.load(weights / "model.toml" if weights.is_dir() else weights)
            return card.weights.sha256 if card.weights else None
        return hashlib.sha256(weights.read_bytes()).hexdigest()
    except (OSError, RtskinError):
        return None


def _seen_from(folder: Path, name: str, place: Path | None) -> str:
    return name if place is None else os.path.relpath((place / name).resolve(), folder.resolve())
