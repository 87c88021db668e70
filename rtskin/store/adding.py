"""Anybody's ONNX file as a model: copied with the card that its owner wrote, and tried before it is there."""

from __future__ import annotations

import shutil
from pathlib import Path, PureWindowsPath
from typing import Any

from rtskin.errors import InputError, MissingExtraError, ModelError
from rtskin.infer.cards import Card
from rtskin.infer.weights import digest
from rtskin.store.folder import install
from rtskin.store.verifying import try_out


def add_model(
    weights: Path, card: Path, *, name: str | None = None, folder: Path | None = None, overwrite: bool = False
) -> Card:
    """Make a model of the network in the ONNX file ``weights`` and of ``card``, a TOML file that says what it takes and
    gives (its [weights] are filled in here; a sha256 that is there must be right).

    Weights that the file keeps in others (external data) are taken into it. InputError: no such file. ModelError: it is no
    ONNX file, its external data lies outside its folder, its sha256 differs, or it does not match its card.
    OutputExistsError, SinkError.
    """
    if not weights.is_file():
        raise InputError(f"there is no file {weights}")
    known = Card.load(card)
    if known.weights is not None and known.weights.sha256 not in (None, digest(weights)):
        raise ModelError(
            f"the sha256 of {weights} is {digest(weights)[:12]}…, and {card} says {str(known.weights.sha256)[:12]}…: "
            "it is another file; take the key out where that is meant"
        )
    external = _external(weights)
    name = name or known.name

    def fill(part: Path) -> Card:
        file = part / f"{name}.onnx"
        if external:
            _pulled_together(weights, file)
        else:
            shutil.copyfile(weights, file)
        table = known.model_dump(mode="json", exclude_unset=True, exclude_none=True)
        table |= {"name": name, "weights": {"file": file.name, "sha256": digest(file)}}
        made = Card.parse(table, card)
        made.save(part / "model.toml")
        try_out(Card.load(part / "model.toml"))
        return made

    return install(name, fill, folder, overwrite)


def _external(weights: Path) -> bool:
    """Has the file weights in other files; ModelError where it is no ONNX file, or where one lies elsewhere."""
    onnx = _onnx()
    try:
        model = onnx.load(str(weights), load_external_data=False)
    except Exception as error:  # protobuf's errors and the system's
        raise ModelError(f"{weights} is no ONNX file: {(str(error).splitlines() or ['?'])[0]}") from None
    if not model.graph.node:
        raise ModelError(f"{weights} is no ONNX file: there is no graph in it")
    places = {
        entry.value for tensor in model.graph.initializer for entry in tensor.external_data if entry.key == "location"
    }
    for place in sorted(places):
        outside = Path(place).is_absolute() or PureWindowsPath(place).is_absolute() or ".." in Path(place).parts
        if outside or not (weights.parent / place).resolve().is_relative_to(weights.parent.resolve()):
            raise ModelError(f"{weights} keeps weights outside its folder, at {place}: not read; save it as one file")
        if not (weights.parent / place).is_file():
            raise ModelError(f"{weights} keeps weights in {place}, which is not beside it: copy both")
    return bool(places)


def _pulled_together(weights: Path, file: Path) -> None:
    onnx = _onnx()
    model: Any = onnx.load(str(weights))
    try:
        onnx.save(model, str(file))
    except ValueError as error:  # protobuf writes no more than 2 GB
        raise ModelError(f"{weights} with its external data is too large for one file: {error}") from None


def _onnx() -> Any:
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError("onnx", "train", "adding a model") from error
    return onnx
