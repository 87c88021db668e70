"""From a checkpoint to what ships: an ONNX file with normalisation and sigmoid inside, checked, and its card."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rtskin.errors import MissingExtraError, ModelError
from rtskin.train import beside, settled
from rtskin.train.loop import checkpoint
from rtskin.train.recipe import Recipe, Shape, parse
from rtskin.train.terms import origins

log = logging.getLogger("rtskin.train")

#: Largest difference between torch and ONNX Runtime, in probability, on random and on flat pictures.
TOLERANCE = 1e-4
OPSET = 18
#: Name, channels and largest value of what a graph takes; the prior only where the network has one.
_INPUTS = (("image", 3, 255), ("prior", 1, 1))


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
    they differ. InputError where the recipe.toml that lies there says something else than what was trained (all of it is
    listed), and for a checkpoint from between two validations, whose batch normalisation has to be measured first (see
    rtskin.train.loop.settle), where the recipe's data is not below ``roots`` (None: the usual places).
    """
    state = checkpoint.load(source)
    recipe = parse(json.loads(state["recipe"]), str(source))
    place = state.get("place")
    trained = beside.Trained(recipe, state["step"], state.get("total"), Path(place) if place else None)
    written = replace or not (out / beside.NAME).exists()
    if not written:
        beside.check(trained, out / beside.NAME, source)
    net = _shipped(recipe, settled.average(state, recipe, roots, source))
    out.mkdir(parents=True, exist_ok=True)
    weights = out / f"{recipe.name}.onnx"
    with tempfile.TemporaryDirectory(dir=out, prefix=".export-") as folder:
        part = Path(folder) / weights.name
        shapes = list(dict.fromkeys((*recipe.live_shapes, *recipe.still)))
        _write_onnx(net, part, shapes)
        difference = compare(net, part, shapes)
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


def compare(net: Any, path: Path, shapes: Sequence[Shape]) -> float:
    """The largest difference between torch and the ONNX file at these shapes (width, height).

    ModelError above :data:`TOLERANCE`, and where the file cannot run at one of them.
    """
    import torch

    try:
        import onnxruntime as ort
    except ImportError as error:
        raise MissingExtraError("onnxruntime", "cpu", "checking an export") from error
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    worst = 0.0
    for width, height in shapes:
        for low, high in ((0, 1), (0.5, 0.5)):
            feed = {
                name: rng.uniform(low * most, high * most, (1, channels, height, width)).astype(np.float32)
                for name, channels, most in _INPUTS[: len(session.get_inputs())]
            }
            with torch.no_grad():
                expected = net(*map(torch.from_numpy, feed.values())).numpy()
            worst = max(worst, _difference(_run(session, feed, path), expected))
        if not worst <= TOLERANCE:
            raise ModelError(
                f"{path.name} differs from torch by {worst:.2g} at {width}×{height} (at most {TOLERANCE:g}); "
                "it was not kept"
            )
    return worst


def _run(session: Any, feed: dict[str, Any], path: Path) -> Any:
    try:
        return session.run(None, feed)[0]
    except Exception as error:  # its errors share no base class but Exception
        _, _, height, width = feed["image"].shape
        size = f"{width}×{height}"
        raise ModelError(
            f"{path.name} cannot run at {size}, it was not kept: {' '.join(str(error).split())}"
        ) from error


def _difference(found: Any, expected: Any) -> float:
    return float(np.abs(found - expected).max()) if found.shape == expected.shape else float("inf")


def _shipped(recipe: Recipe, state: dict[str, Any]) -> Any:
    """The network between pixels and probability."""
    from rtskin import nets
    from rtskin.nets.shipped import Shipped
    from rtskin.train.normalise import MEAN, STD

    net = nets.build(recipe.net.architecture, **recipe.net_options)
    net.load_state_dict(state)
    shipped: Any = Shipped(net, MEAN, STD).eval()
    shipped.inputs, shipped.output = _INPUTS[: 1 + recipe.prior.use], _output(recipe)
    return shipped


def _write_onnx(net: Any, path: Path, shapes: Sequence[Shape]) -> None:
    """The graph, traced at the first shape (width, height); its height and width are left open where there are others."""
    import torch

    width, height = shapes[0]
    inputs, output = getattr(net, "inputs", _INPUTS[:1]), getattr(net, "output", "skin")
    # Stamped on every node by the exporter, and of no use outside this machine.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # torch's, of its own parts
        torch.onnx.export(
            net,
            tuple(torch.zeros(1, channels, height, width) for _, channels, _ in inputs),
            str(path),
            opset_version=OPSET,
            input_names=[name for name, _, _ in inputs],
            output_names=[output],
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    tidy(path, several=len(shapes) > 1)


def tidy(path: Path, several: bool) -> None:
    """Take out what the exporter notes about source files (it would show this machine's paths), and leave sizes open.

    Our networks are convolutions, scale factors and means: nothing in the graph but the declared sizes says at which size it
    was traced, so renaming these is all that ``several`` shapes need. compare() proves it for each file.
    """
    import onnx

    model = onnx.load(str(path))
    model.doc_string = ""
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    del model.graph.value_info[:]
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for value in (*model.graph.input, *model.graph.output):
        del value.metadata_props[:]
        if several:
            _, _, height, width = value.type.tensor_type.shape.dim
            height.dim_param, width.dim_param = "height", "width"
    for tensor in model.graph.initializer:
        del tensor.metadata_props[:]
    onnx.checker.check_model(model)
    with open(path, "wb") as file:
        file.write(model.SerializeToString())
        file.flush()
        os.fsync(file.fileno())


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
