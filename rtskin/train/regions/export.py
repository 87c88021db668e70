"""From a trained network to what ships: an ONNX file that takes crops as they are, checked, with its card and recipe."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from rtskin.errors import MissingExtraError, ModelError
from rtskin.infer.cards import Card, load_card
from rtskin.roi.label.base import LABELS
from rtskin.train.export import Exported
from rtskin.train.regions.recipe import RegionRecipe
from rtskin.train.regions.terms import terms
from rtskin.train.terms.origins import of_card

#: Files of a labelling network, beside NAME.onnx.
CARD, RECIPE = "label.toml", "recipe.toml"
#: What a card says where the kept-out regions had a say in the weights.
BALANCED = "; what it leans to was put right on the regions that were kept out, so that they are no test of it"
#: Crops that the check sends through, at once and one by one.
_CHECKED = 5


def export(recipe: RegionRecipe, net: Any, path: Path, out: Path) -> Exported:
    """Write NAME.onnx, label.toml and recipe.toml (``path``) to ``out``. The graph takes uint8 N×side×side×4 (``crops``) and
    gives float32 N×3 probabilities (``labels``); ModelError where ONNX Runtime's differ from torch's."""
    out.mkdir(parents=True, exist_ok=True)
    weights = out / f"{recipe.name}.onnx"
    shipped = _shipped(net)
    with tempfile.TemporaryDirectory(dir=out, prefix=".export-") as folder:
        part = Path(folder) / weights.name
        _write(shipped, part, recipe.net.side)
        difference = compare(shipped, part, recipe.net.side)
        digest = hashlib.sha256(part.read_bytes()).hexdigest()
        card = Path(folder) / CARD
        parameters = sum(parameter.numel() for parameter in net.parameters())
        card.write_text(_card(recipe, weights.name, digest, parameters, _macs(net, recipe.net.side)).to_toml(), "utf-8")
        part.replace(weights)
        if not (out / RECIPE).exists() or not (out / RECIPE).samefile(path):
            shutil.copyfile(path, out / RECIPE)
        # The card goes last: until it is there, weights of an older card are caught by their sha256.
        card.replace(out / CARD)
    return Exported(weights, out / CARD, difference, digest)


def compare(net: Any, path: Path, side: int) -> float:
    """The largest difference between torch and the file; ModelError above TOLERANCE."""
    import torch

    from rtskin.nets.onnx_file import TOLERANCE

    try:
        import onnxruntime as ort
    except ImportError as error:
        raise MissingExtraError("onnxruntime", "cpu", "checking an export") from error
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    crops = np.random.default_rng(0).integers(0, 256, (_CHECKED, side, side, 4), np.uint8)
    crops[0] = 0  # without any mask
    with torch.no_grad():
        expected = net(torch.from_numpy(crops)).numpy()
    together = session.run(None, {"crops": crops})[0]
    single = np.concatenate([session.run(None, {"crops": crops[i : i + 1]})[0] for i in range(_CHECKED)])
    worst = max(float(np.abs(found - expected).max()) for found in (together, single))
    if not worst <= TOLERANCE:
        raise ModelError(f"{path.name} differs from torch by {worst:.2g} (at most {TOLERANCE:g}); it was not kept")
    return worst


def _shipped(net: Any) -> Any:
    """The network between pixels and probabilities."""
    import torch
    from torch import nn

    class Shipped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, crops: torch.Tensor) -> torch.Tensor:
            x = crops.permute(0, 3, 1, 2).float() / 255
            return self.net(torch.cat([x[:, :3] * 2 - 1, x[:, 3:]], 1)).softmax(1)

    return Shipped().eval()


def _write(net: Any, path: Path, side: int) -> None:
    import torch

    from rtskin.nets.onnx_file import OPSET, tidy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's, of its own parts
        torch.onnx.export(
            net,
            (torch.zeros(2, side, side, 4, dtype=torch.uint8),),
            str(path),
            opset_version=OPSET,
            input_names=["crops"],
            output_names=["labels"],
            dynamic_shapes=({0: torch.export.Dim("regions", min=1, max=1024)},),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    tidy(path, several=False)


def _macs(net: Any, side: int) -> int:
    """Multiply-accumulates of one crop: of convolutions and the last layer."""
    import torch
    from torch import nn

    counted = 0

    def count(module: Any, given: Any, answer: Any) -> None:
        nonlocal counted
        counted += module.weight.numel() * (answer.shape[2] * answer.shape[3] if answer.ndim == 4 else 1)

    hooks = [one.register_forward_hook(count) for one in net.modules() if isinstance(one, nn.Conv2d | nn.Linear)]
    with torch.no_grad():
        net.eval()(torch.zeros(1, 4, side, side))
    for hook in hooks:
        hook.remove()
    return counted


def _card(recipe: RegionRecipe, weights: str, sha256: str, parameters: int, macs: int) -> Card:
    path = load_card(recipe.segmenter).path
    assert path is not None, "a card that was found by name was read from a file"
    found = of_card(path)
    side = recipe.net.side
    table = {
        "name": recipe.name,
        "title": recipe.name,
        "description": f"Says of a region of skin whether it is a face, a hand or something else, from a {side}×{side} crop "
        f"and its mask; {recipe.steps} steps of {recipe.batch} crops, averaged weights"
        f"{BALANCED if recipe.balance and recipe.held_out >= 0 else ''}",
        "architecture": "region-net",
        "licence": "Apache-2.0",
        "data_terms": terms(recipe, found),
        "ships": recipe.ships and found.ship,
        "recipe": RECIPE,
        "parameters": parameters,
        "macs": macs,
        "input": {"width": side, "height": side, "fit": "letterbox", "colour": "bgr", "dtype": "uint8"},
        "output": {"name": "labels", "activation": "none", "classes": LABELS},
        "weights": {"file": weights, "sha256": sha256},
    }
    return Card.parse(table, "the new card")
