"""Model cards: ``models/NAME/model.toml`` says what a model takes, what it gives, and where it comes from.

::

    name = "my-net"
    architecture = "mobile-unet"

    [input]
    width = 320
    height = 320
    shapes = [[320, 320], [352, 288], [416, 224], [288, 352], [224, 416]]
    still = [[512, 512], [576, 448], [448, 576]]
    fit = "stretch"
    scale = 0.00392156862745098
    mean = [0.485, 0.456, 0.406]
    std = [0.229, 0.224, 0.225]

    [output]
    channel = 0
    activation = "sigmoid"

    [weights]
    file = "my-net.onnx"
    sha256 = "…"

The frame's aspect chooses among ``shapes``, for single images among ``still``; without these lists everything goes to
width × height. A tensor's value is ``(pixel · scale − mean) / std`` with pixels in 0 … 255; scale 1, mean 0 and std 1 are
the defaults, for networks that normalise by themselves.
"""

from __future__ import annotations

import logging
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import BaseModel, Field, PrivateAttr, ValidationError, model_validator

from rtskin import paths
from rtskin.errors import ModelError, RtskinError, UnknownNameError, nearest
from rtskin.files import write_text
from rtskin.infer.card_input import CardInput, CardPart
from rtskin.infer.published import PUBLISHED, to_import

log = logging.getLogger("rtskin.infer")

#: What everything uses that is not told otherwise.
DEFAULT_MODEL = "mobile-unet"


class CardOutput(CardPart):
    """Which of a network's numbers are skin, and how they become a probability.

    name or index: the output (the first by default). channel: of 1×C×h×w. classes: what the channels stand for.
    """

    name: str | None = None
    index: int = Field(default=0, ge=0)
    channel: int = Field(default=0, ge=0)
    activation: Literal["none", "sigmoid", "softmax"] = "none"
    classes: tuple[str, ...] = ("skin",)


class CardWeights(CardPart):
    """file: beside the card. path: elsewhere, relative to the card or absolute. url: where to get them."""

    file: str | None = None
    path: str | None = None
    sha256: str | None = Field(default=None, pattern="^[0-9a-fA-F]{64}$")
    url: str | None = None

    @model_validator(mode="after")
    def _one_place(self) -> CardWeights:
        if (self.file is None) == (self.path is None):
            raise ValueError("give either file (beside the card) or path (elsewhere)")
        if self.file is not None and Path(self.file).name != self.file:
            raise ValueError(
                f"file {self.file!r} is not the name of a file beside the card; use path for one elsewhere"
            )
        return self


class Card(CardPart):
    """What is known of a model; frozen. ``accuracy`` and ``speed`` are free tables of measured figures.

    ships: may the weights be given to others, by the terms of all they were made from.
    architecture: a method of rtskin.registry.METHODS ("ellipse"), or anything else for a network.
    origin: of an imported checkpoint: whose conventions it follows, and what these are.
    parameters: how many weights the network has. macs: multiply-accumulates of one picture at the input's size.
    memory_mb: what running it takes at that size on a CPU, given for networks that take much.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    title: str = ""
    description: str = ""
    architecture: str
    origin: str = ""
    licence: str = ""
    data_terms: str = ""
    ships: bool = True
    recipe: str = ""
    parameters: int | None = Field(default=None, ge=0)
    macs: int | None = Field(default=None, ge=0)
    memory_mb: int | None = Field(default=None, ge=0)
    input: CardInput | None = None
    output: CardOutput = CardOutput()
    weights: CardWeights | None = None
    accuracy: dict[str, Any] = Field(default_factory=dict)
    speed: dict[str, Any] = Field(default_factory=dict)

    _path: Path | None = PrivateAttr(None)

    @property
    def path(self) -> Path | None:
        """The file it was read from; None for a card made in Python."""
        return self._path

    @property
    def tensor(self) -> CardInput:
        """``input``, or its defaults; methods that look at the frame itself have none."""
        return self.input or CardInput()

    @property
    def weights_path(self) -> Path | None:
        """Where the weights should be; None where the card has none (see rtskin.infer.weights for the check)."""
        if self.weights is None:
            return None
        folder = self._path.parent if self._path else Path()
        return folder / Path(self.weights.file or cast(str, self.weights.path)).expanduser()

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Card:
        """The card in a TOML file; ModelError says what is wrong with it. Weights are looked at when they are loaded."""
        path = Path(path)
        card = cls.parse(_read(path), path)
        card._path = path.absolute()
        return card

    @classmethod
    def parse(cls, table: dict[str, Any], where: str | os.PathLike[str] = "the card") -> Card:
        """A card from nested tables; ModelError names every wrong key, and the nearest right one."""
        try:
            return cls.model_validate(table)
        except ValidationError as error:
            faults = "; ".join(_explain(cls, dict(item)) for item in error.errors())
            raise ModelError(f"{os.fspath(where)}: {faults}") from None

    def measured(self, *, accuracy: Mapping[str, Any] | None = None, speed: Mapping[str, Any] | None = None) -> Card:
        """The card with these figures; what it says of sets that were not measured again stays."""
        figures = {"accuracy": {**self.accuracy, **(accuracy or {})}, "speed": {**self.speed, **(speed or {})}}
        return self.model_copy(update={key: table for key, table in figures.items() if table})

    def to_toml(self) -> str:
        """The card as TOML, what is not set left out."""
        from rtskin.infer.card_toml import dumps

        return dumps(self.model_dump(mode="json", exclude_none=True, exclude_unset=True))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it; the file has its final name only when it is complete. SinkError where it cannot be written."""
        write_text(path, self.to_toml(), overwrite=True)


def load_card(name_or_path: str | os.PathLike[str]) -> Card:
    """The card of a model, by name or by path (of the card or its folder); UnknownNameError names the nearest, ModelError
    says where the weights come from of one that has to be imported first."""
    try:
        path = paths.find("models", name_or_path)
    except UnknownNameError:
        if os.fspath(name_or_path) in PUBLISHED:
            raise ModelError(to_import(os.fspath(name_or_path))) from None
        raise
    card = Card.load(path)
    if os.fspath(name_or_path) == path.parent.name != card.name:
        raise ModelError(f"{path}: the model calls itself {card.name!r}; rename its folder, or its name in the card")
    return card


def list_models() -> list[Card]:
    """The cards of all models that can be asked for by name, sorted; a broken one is logged and left out."""
    cards = []
    for name in paths.names("models"):
        try:
            cards.append(load_card(name))
        except RtskinError as error:
            log.warning("model %r is left out: %s", name, error)
    return cards


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ModelError(f"there is no model card at {path}") from None
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ModelError(f"{path} is not text in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        place = f"{path}:{line[1]}" if line else str(path)
        raise ModelError(f"{place}: not TOML: {error}") from None


def _explain(model: type[BaseModel], item: dict[str, Any]) -> str:
    keys = [str(part) for part in item["loc"]]
    dotted = ".".join(keys)
    if item["type"] == "extra_forbidden":
        return f"unknown key {dotted!r}{nearest(keys[-1], _fields(model, keys[:-1]))}"
    if item["type"] == "missing":
        return f"{dotted!r} is missing"
    message = str(item["msg"]).removeprefix("Value error, ")
    return f"{dotted}: {message}" + ("" if isinstance(item["input"], dict) else f" (got {item['input']!r})")


def _fields(model: type[BaseModel], keys: list[str]) -> list[str]:
    part = {"input": CardInput, "output": CardOutput, "weights": CardWeights}.get(keys[0]) if keys else model
    return list(cast(type[BaseModel], part).model_fields) if part else []
