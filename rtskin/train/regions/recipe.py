"""The recipe of a network that labels regions: what it learns from and how, as TOML. Unknown keys are refused."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from rtskin.errors import InputError, nearest
from rtskin.train.label_sources import is_clip
from rtskin.train.recipe import Augment, Origin, Part, Positive, Share


class RegionSet(Part):
    """Pictures and clips of one kind. paths: folders of pictures, and videos, below the data folder."""

    name: str
    paths: list[str] = Field(min_length=1)
    ship: bool = Field(description="may weights that are given to others be trained on it")
    terms: str
    terms_file: str | None = Field(default=None, description="table with the terms of each picture")
    skinless: bool = Field(default=False, description="nothing in it is skin: every region is other")
    every: int = Field(default=1, ge=1, description="only every n-th picture")
    first: int = Field(default=0, ge=0, description="pictures that are left out before")
    frames: int = Field(default=12, ge=1, description="taken from each clip")
    views: int = Field(default=0, ge=0, description="closer views of each picture beside the whole")
    group: str = Field(
        default="folder",
        description="what is never on both sides of the split: a folder or clip; one picture; or all, under this key",
    )
    weight: float = Field(default=1.0, gt=0, description="how often one of its regions is drawn")

    @property
    def moves(self) -> bool:
        """All of it are clips: what follows each other is of one scene."""
        return all(is_clip(Path(path)) for path in self.paths)


class Net(Part):
    side: int = Field(default=64, ge=32, le=128, description="of the crops, pixels")
    widths: list[int] = Field(default=[16, 32, 56, 96], min_length=4, max_length=4)


class Shake(Part):
    """What is changed of a crop and its mask, beside its light ([augment])."""

    shift: Share = Field(default=0.08, description="of the side, each way")
    zoom: float = Field(default=0.12, ge=0, lt=0.5)
    degrees: float = Field(default=20, ge=0, le=180)
    cut: Share = Field(default=0.25, description="share of crops that lose a side, as at the frame's border")
    cover: Share = Field(default=0.15, description="share of crops that something lies before")
    mask: Share = Field(default=0.5, description="share of masks that are grown, shrunk, blurred or lose a part")
    piece: Share = Field(
        default=0.25, description="share of crops of hands, and of other things, of which a piece is left"
    )
    small: Share = Field(default=0.3, description="share of crops that are shown as coarse as small regions are")


class RegionRecipe(Part):
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    segmenter: str = Field(default="mobile-unet", description="whose regions are labelled")
    most: int = Field(default=6, ge=1, description="regions of a picture, the largest")
    data: list[RegionSet] = Field(min_length=1)
    origins: list[Origin] = Field(default=[], description="whose answers the labels are made of, and on what terms")
    folds: int = Field(default=6, ge=2)
    held_out: int = Field(default=0, ge=-1, description="the fold that is kept out; -1: none")
    net: Net = Net()
    shake: Shake = Shake()
    augment: Augment = Augment()
    batch: int = Field(default=96, ge=1)
    steps: int = Field(default=4000, ge=1)
    rate: Positive = 3e-3
    decay: float = Field(default=0.02, ge=0)
    smoothing: Share = 0.05
    ema: Share = 0.998
    balance: bool = Field(
        default=True, description="put right, in the last layer, what it leans to on the kept-out regions"
    )
    seed: int = 1

    @property
    def ships(self) -> bool:
        """May weights that were trained by it be given to others."""
        return all(part.ship for part in self.data) and all(origin.ship for origin in self.origins)


def load(path: Path) -> RegionRecipe:
    """The recipe in a TOML file; InputError in one line that names the key."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"the recipe {path} cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise InputError(f"the recipe {path} is not TOML: {error}") from error
    return parse(table, str(path))


def parse(table: dict[str, Any], origin: str = "the recipe") -> RegionRecipe:
    """A recipe from a table; ``origin`` is what messages call it."""
    try:
        return RegionRecipe.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = list(RegionSet.model_fields if first["loc"][0] == "data" else RegionRecipe.model_fields)
            raise InputError(f"{origin}: there is no key {place!r}{nearest(str(first['loc'][-1]), known)}") from error
        raise InputError(f"{origin}: {place}: {first['msg']}") from error
