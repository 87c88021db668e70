"""The terms of a labelling network: of its pictures, of those who labelled, and of the network whose regions they are."""

from __future__ import annotations

from rtskin.train.recipe import Origin
from rtskin.train.regions.recipe import RegionRecipe, RegionSet
from rtskin.train.terms.origins import BARRED


def terms(recipe: RegionRecipe, segmenter: Origin) -> str:
    """As cards have them. The segmenter found the regions, so what it was made from counts too."""
    parts: list[RegionSet | Origin] = [*recipe.data, *recipe.origins, segmenter]
    text = "; ".join(f"{part.name}: {part.terms}" for part in parts)
    barred = [part.name for part in parts if not part.ship]
    return f"{BARRED}, trained on {', '.join(barred)}; {text}" if barred else text
