"""From a checkpoint to what ships: an ONNX file with normalisation and sigmoid inside, checked, and its card."""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rtskin.train import beside, settled
from rtskin.train.loop import checkpoint
from rtskin.train.recipe import Recipe, load, parse
from rtskin.train.terms import origins

log = logging.getLogger("rtskin.train")


@dataclass(frozen=True)
class Exported:
    """What was written: files, the largest difference from torch, and the SHA-256 of the weights."""

    weights: Path
    card: Path
    difference: float
    sha256: str


def export(source: Path, out: Path, roots: Sequence[Path] | None = None, replace: bool = False) -> Exported:
    """Write ``NAME.onnx`` and ``model.toml`` of the averaged weights in the checkpoint ``source`` to the folder ``out``, and
    ``recipe.toml``, what they were trained by, where none lies there (``replace``: in any case).

    The graph takes float32 1×3×H×W RGB in 0…255 (``image``; of a network with a prior also ``prior``, 1×1×H×W in 0…1) and
    gives float32 1×C×H×W, the probability of skin, or of each class; H and W are left open where the recipe lists several
    shapes. At each of them it is compared with torch in ONNX Runtime before anything gets its final name; ModelError where
    they differ. Where the recipe says ``round_to_bf16`` (the recipe.toml that lies there, if one does), the weights are
    rounded then, and compared once more. InputError where the recipe.toml that lies there says something else than what
    was trained (all of it is listed), and for a checkpoint from between two validations, whose batch normalisation has to
    be measured first (see rtskin.train.loop.settle), where the recipe's data is not below ``roots`` (None: the usual
    places).
    """
    from rtskin.nets import onnx_file

    state = checkpoint.load(source)
    recipe = parse(json.loads(state["recipe"]), str(source))
    place = state.get("place")
    trained = beside.Trained(recipe, state["step"], state.get("total"), Path(place) if place else None)
    written = replace or not (out / beside.NAME).exists()
    if not written:
        beside.check(trained, out / beside.NAME, source)
    rounded = recipe.round_to_bf16 if written else load(out / beside.NAME).round_to_bf16
    net = _shipped(recipe, settled.average(state, recipe, roots, source))
    out.mkdir(parents=True, exist_ok=True)
    weights = out / f"{recipe.name}.onnx"
    with tempfile.TemporaryDirectory(dir=out, prefix=".export-") as folder:
        part = Path(folder) / weights.name
        shapes = list(dict.fromkeys((*recipe.live_shapes, *recipe.still)))
        onnx_file.write(net, part, shapes)
        difference = onnx_file.compare(net, part, shapes)
        if rounded:
            onnx_file.for_bf16(part)
            difference = onnx_file.compare(net, part, shapes, onnx_file.ROUNDED)
        digest = hashlib.sha256(part.read_bytes()).hexdigest()
        text, own = Path(folder) / "model.toml", Path(folder) / beside.NAME
        parameters = sum(parameter.numel() for parameter in net.parameters())
        text.write_text(card(recipe, weights.name, digest, state["step"], parameters), "utf-8")
        own.write_text(beside.text(trained, out), "utf-8")
        part.replace(weights)
        if written:
            own.replace(out / beside.NAME)
        # The card goes last: until it is there, weights of an older card are caught by their sha256.
        text.replace(out / "model.toml")
    return Exported(weights, out / "model.toml", difference, digest)


def _shipped(recipe: Recipe, state: dict[str, Any]) -> Any:
    """The network between pixels and probability."""
    from rtskin import nets
    from rtskin.nets.shipped import Shipped

    net = nets.build(recipe.net.architecture, **recipe.net_options)
    net.load_state_dict(state)
    return Shipped(net, nets.statistics(recipe.net.architecture), recipe.prior.use, _output(recipe)).eval()


def card(recipe: Recipe, weights: str, sha256: str, step: int, parameters: int) -> str:
    """The card as TOML, for a folder with the recipe. Figures are added by who measures them."""
    from rtskin.infer.card_input import spanned
    from rtskin.infer.cards import Card
    from rtskin.train.data.classes import BACKGROUND, skin_index

    live, still = (tuple(dict.fromkeys(shapes)) for shapes in (recipe.live_shapes, recipe.still))
    entry: dict[str, Any] = {"width": live[0][0], "height": live[0][1]}
    if len(live) > 1:
        entry["shapes"] = live
    if still:
        entry["still"] = still
    if recipe.prior.use:
        entry["prior"] = True
    before = " and the mask before" if recipe.prior.use else ""
    classes = recipe.classes.names
    known = ", ".join(name for name in classes if name != BACKGROUND).capitalize()
    table = {
        "name": recipe.name,
        "title": recipe.name,
        "description": f"{known} network {recipe.net.architecture} for {spanned(live)} pictures{before}, "
        f"{step} steps of {recipe.batch} crops, averaged weights",
        "architecture": recipe.net.architecture,
        "licence": "Apache-2.0",
        "data_terms": origins.terms(recipe),
        "ships": recipe.ships,
        "recipe": beside.NAME,
        "parameters": parameters,
        # Normalisation and sigmoid (or softmax) are in the graph: pixels in, probability out.
        "input": {**entry, "fit": "stretch", "colour": "rgb"},
        "output": {"name": _output(recipe), "channel": skin_index(classes), "activation": "none", "classes": classes},
        "weights": {"file": weights, "sha256": sha256},
    }
    return Card.parse(table, "the new card").to_toml()


def _output(recipe: Recipe) -> str:
    """What the graph calls what it gives."""
    return "skin" if len(recipe.classes.names) == 1 else "classes"
