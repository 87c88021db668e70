"""May a folder of models be given to others: ``rtskin models --check FOLDER``."""

from __future__ import annotations

from pathlib import Path

from rtskin.errors import RtskinError
from rtskin.infer.cards import Card
from rtskin.infer.weights import checked_weights
from rtskin.train import recipe as recipes
from rtskin.train.recipe import DataSet, Origin
from rtskin.train.regions import recipe as region_recipes
from rtskin.train.regions.recipe import RegionSet
from rtskin.train.terms.origins import BARRED

#: Bytes of all models; the wheel must stay below what package indexes take.
LIMIT = 25e6


def faults(folder: Path) -> list[str]:
    """What forbids to ship this folder of models, a line each; none: it may.

    Every card must load and may not be barred (``ships = false``, or terms that say so); its weights must be there and be
    the ones of its sha256; it must come with its recipe, of which every set and origin may ship; and all files together
    may not be larger than :data:`LIMIT`.
    """
    cards = sorted(path for name in RECIPES for path in folder.glob(f"*/{name}"))
    found = [fault for card in cards for fault in _of_model(card)]
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if size > LIMIT:
        found.append(f"{folder}: {size / 1e6:.1f} MB in all, at most {LIMIT / 1e6:.0f} MB may ship")
    return found


def _of_masks(path: Path) -> list[DataSet | RegionSet | Origin]:
    recipe = recipes.load(path)
    return [*recipe.data, *recipe.origins]


def _of_labels(path: Path) -> list[DataSet | RegionSet | Origin]:
    recipe = region_recipes.load(path)
    return [*recipe.data, *recipe.origins]


#: What the recipe of a model was made of, by the name of its card.
RECIPES = {"model.toml": _of_masks, "label.toml": _of_labels}


def _of_model(path: Path) -> list[str]:
    name = path.parent.name
    try:
        card = Card.load(path)
        barred = not card.ships or card.data_terms.startswith(BARRED)
        found = [f"{name}: its card says that it may not be given to others"] if barred else []
        if card.weights is None:
            return found
        if not card.weights.sha256:
            found.append(f"{name}: its card has no sha256 of the weights")
        checked_weights(card)
        if not card.recipe.endswith(".toml"):
            return [
                *found,
                f"{name}: its card names no recipe file beside it; put the recipe.toml there and export again",
            ]
        parts = RECIPES[path.name](path.parent / card.recipe)
    except RtskinError as error:
        return [f"{name}: {error}"]
    return found + [f"{name}: {part.name} may not ship" for part in parts if not part.ship]
