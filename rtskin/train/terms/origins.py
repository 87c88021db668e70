"""Where weights come from beside the data of their own recipe: what they started from, who taught them, and who labelled.

The terms of these are part of the terms of what comes out, so they are written into the recipe when a training starts and
travel in its checkpoints.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from rtskin.paths import find
from rtskin.train.loop import checkpoint
from rtskin.train.recipe import DataSet, Origin, Recipe, parse
from rtskin.train.terms import labels

#: What data terms begin with that forbid to give weights to others.
BARRED = "NOT TO BE GIVEN TO OTHERS"


def with_origins(recipe: Recipe, folder: Path, roots: Sequence[Path] = ()) -> Recipe:
    """The recipe, which lies in ``folder``, with the terms of ``net.init``, of the teachers of [distil], of the models whose
    masks it learns to refine, and of those who made the labels of its sets, where they are noted there
    (rtskin.train.terms.labels; ``roots``: where the sets are).

    An ONNX file without a card beside it may not ship, unless [[origins]] of the recipe has an entry by its stem.
    InputError or ModelError where one cannot be read.
    """
    paths = [folder / name for name in (recipe.net.init, *recipe.distil.teachers) if name]
    paths += [find("models", name) for name in recipe.prior.of]
    said = {one.name: one for one in recipe.origins}
    found = [one for path in paths for one in _origins(path, said)]
    found += [_of_maker(maker, said) for spec in recipe.data for maker in labels.makers(spec, roots)]
    return recipe.model_copy(update={"origins": list({**said, **_together(found)}.values())})


def of_card(path: Path) -> Origin:
    """What a card says of its terms; ModelError where it cannot be read."""
    from rtskin.infer.cards import Card

    card = Card.load(path)
    ships = card.ships and not card.data_terms.startswith(BARRED)
    return Origin(name=card.name, ship=ships, terms=card.data_terms or "its card does not say")


def card_of(path: Path) -> Path | None:
    """The card of weights: given itself, its folder, or beside the file that it names."""
    if path.is_dir():
        return path / "model.toml"
    if path.suffix == ".toml":
        return path
    from rtskin.infer.cards import Card

    beside = path.parent / "model.toml"
    if path.suffix != ".onnx" or not beside.is_file():
        return None
    weights = Card.load(beside).weights_path
    return beside if weights is not None and weights.resolve() == path.resolve() else None


def terms(recipe: Recipe) -> str:
    """The terms of all data and origins of a recipe, as cards have them."""
    parts: list[DataSet | Origin] = [*recipe.data, *recipe.origins]
    own = [f"{part.name}: {part.terms}" for part in recipe.data]
    text = "; ".join([*own, *(f"{part.name}: {_new(part, own)}" for part in recipe.origins)])
    barred = [part.name for part in parts if not part.ship]
    return f"{BARRED}, trained on {', '.join(barred)}; {text}" if barred else text


def _new(origin: Origin, said: list[str]) -> str:
    """What an origin's terms add to what is ``said``: weights that begin with weights that begin with … would otherwise
    repeat all of it in each generation."""
    text = origin.terms
    for one in said:
        text = re.sub(rf"(^|(?<=; )){re.escape(one)}(; |$)", "", text)
    return text.removesuffix("; ").removeprefix(f"{origin.name}: ") or "as above"


def _origins(path: Path, said: dict[str, Origin]) -> Iterator[Origin]:
    card = card_of(path)
    if card is not None:
        yield of_card(card)
    elif path.suffix == ".onnx":
        yield said.get(path.stem) or _without_card(path.stem)
    else:
        recipe = parse(json.loads(checkpoint.load(path)["recipe"]), str(path))
        yield Origin(name=f"{recipe.name} ({path.resolve().parent.name})", ship=recipe.ships, terms=terms(recipe))


def _of_maker(maker: labels.Maker, said: dict[str, Origin]) -> Origin:
    if maker.ship is None:
        return said.get(maker.name) or _without_card(maker.name)
    return Origin(name=maker.name, ship=maker.ship, terms=maker.terms or "its card does not say")


def _without_card(name: str) -> Origin:
    return Origin(name=name, ship=False, terms="unknown, it has no card")


def _together(found: Sequence[Origin]) -> dict[str, Origin]:
    """By name; of several with one name (generations of a network) all that is said of any."""
    merged: dict[str, Origin] = {}
    for one in found:
        other = merged.get(one.name, one)
        parts = [other.terms] if one.terms in other.terms else [other.terms, one.terms]
        merged[one.name] = Origin(name=one.name, ship=one.ship and other.ship, terms="; ".join(parts))
    return merged
