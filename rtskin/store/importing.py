"""Published checkpoints as models: converted, compared with torch, installed with a card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rtskin.errors import MissingExtraError
from rtskin.infer.cards import Card
from rtskin.infer.weights import digest
from rtskin.store.checkpoint import check_fits, read_state
from rtskin.store.folder import check_free, install
from rtskin.store.origins import Origin, origin_of

#: Megabytes.
_MUCH = 1000
#: Told what happens next, in a few words.
Said = Callable[[str], None]


@dataclass(frozen=True)
class Imported:
    """difference: the largest one from torch, in probability, that the check found."""

    card: Card
    difference: float


def import_checkpoint(
    architecture: str,
    checkpoint: Path,
    *,
    name: str | None = None,
    origin: str | None = None,
    size: int | None = None,
    licence: str = "",
    terms: str = "",
    folder: Path | None = None,
    overwrite: bool = False,
    said: Said = lambda words: None,
) -> Imported:
    """Make the model ``name`` (the architecture's by default) of a checkpoint of ``architecture``.

    origin: whose conventions it follows (rtskin.store.origins). size: side of the square input; the origin's by default.
    InputError, ModelError where it is not such a checkpoint (with the first names that differ), or where the result is not
    what torch computes; OutputExistsError, SinkError.
    """
    found = origin_of(architecture, origin)
    name = name or architecture
    check_free(name, folder, overwrite)
    try:
        from rtskin import nets
        from rtskin.nets import onnx_file
        from rtskin.nets.shipped import Shipped
    except ImportError as error:
        raise MissingExtraError("torch", "train", "importing a checkpoint") from error
    said(f"reading {checkpoint}")
    state = found.adapted(read_state(checkpoint))
    net = nets.build(found.net or architecture, **found.options)
    check_fits(state, net, checkpoint, architecture)
    net.load_state_dict(state)
    del state  # it stands there twice by now
    pixels = Shipped(net, found.statistics, prior=found.options.get("channels") == 4).eval()
    shape = (size or found.side,) * 2
    differences: list[float] = []

    def fill(part: Path) -> Card:
        weights = part / f"{name}.onnx"
        said(f"writing the graph at {shape[0]}×{shape[1]}")
        onnx_file.write(pixels, weights, [shape])
        said("comparing it with torch")
        differences.append(onnx_file.compare(pixels, weights, [shape]))
        parameters = sum(parameter.numel() for parameter in net.parameters())
        return Card.parse(_card(name, architecture, checkpoint, found, weights, shape, parameters, licence, terms))

    return Imported(install(name, fill, folder, overwrite), differences[0])


def _memory(weights: Path) -> dict[str, int]:
    """Said of networks that not every machine has the memory for."""
    from rtskin.nets.footprint import footprint

    megabytes = footprint(weights) // 1_000_000
    return {"memory_mb": megabytes} if megabytes >= _MUCH else {}


def _card(
    name: str,
    architecture: str,
    checkpoint: Path,
    origin: Origin,
    weights: Path,
    shape: tuple[int, int],
    parameters: int,
    licence: str,
    terms: str,
) -> dict[str, object]:
    from rtskin.evaluate.macs import count_macs

    prior = {"prior": True} if origin.options.get("channels") == 4 else {}
    return {
        "name": name,
        "title": name,
        "description": f"Imported from {checkpoint.name} (sha256 {digest(checkpoint)[:12]}…)",
        "architecture": origin.net or architecture,
        "origin": f"{origin.name}: {origin.words}",
        "licence": licence or "unknown",
        "data_terms": terms or "unknown: ask who trained it",
        "ships": False,
        "parameters": parameters,
        "macs": count_macs(weights, shape),
        **_memory(weights),
        # Normalisation and sigmoid are in the graph: pixels in, probability out.
        "input": {"width": shape[0], "height": shape[1], "fit": origin.fit, "colour": "rgb", **prior},
        "output": {"name": "skin", "channel": 0, "activation": "none", "classes": ["skin"]},
        "weights": {"file": weights.name, "sha256": digest(weights)},
    }
