"""A network as an ONNX file: pixels in, probability out; compared with torch before anybody uses it."""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from rtskin.errors import MissingExtraError, ModelError
from rtskin.nets.bf16 import round_weights
from rtskin.nets.birefnet import deform
from rtskin.nets.faster import quicken
from rtskin.nets.shipped import INPUTS

#: Largest difference between torch and ONNX Runtime, in probability, on random and on flat pictures.
TOLERANCE = 1e-4
#: The same where the file's weights were rounded to what bf16 holds.
ROUNDED = 0.02
OPSET = 18
#: Pixels of an input.
_LARGE = 1024 * 1024
#: (width, height).
Shape = tuple[int, int]


def write(net: nn.Module, path: Path, shapes: Sequence[Shape]) -> None:
    """The graph, traced at the first shape (width, height); its height and width are left open where there are others.

    Deformable convolutions are one operator each, DeformConv.
    """
    width, height = shapes[0]
    inputs, output = getattr(net, "inputs", INPUTS[:1]), getattr(net, "output", "skin")
    # Stamped on every node by the exporter, and of no use outside this machine.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    bent = deform.is_in(net)
    operators: Any = deform.as_operator() if bent else contextlib.nullcontext()
    with warnings.catch_warnings(), operators as table:
        warnings.simplefilter("ignore", FutureWarning)  # torch's, of its own parts
        program = torch.onnx.export(
            net,
            tuple(torch.zeros(1, channels, height, width) for _, channels, _ in inputs),
            opset_version=deform.OPSET if bent else OPSET,
            input_names=[name for name, _, _ in inputs],
            output_names=[output],
            dynamo=True,
            verbose=False,
            custom_translation_table=table,
            optimize=not bent,
        )
    assert program is not None, "dynamo's exporter gives one"
    if bent:
        _lightened(program.model)
    program.save(str(path), external_data=False)
    tidy(path, several=len(shapes) > 1)


def _lightened(model: Any) -> None:
    """What the exporter's optimiser does, but for its looking at all shapes again after each change: of the two thousand
    nodes of a transformer that takes longer than all else. Runtimes do the rest."""
    from onnx_ir.passes import common
    from onnxscript import optimizer

    weights = set(model.graph.initializers)

    def spare(node: Any) -> bool | None:
        """Weights keep their names and values: who reads the network back looks for them."""
        return False if any(one is not None and one.name in weights for one in node.inputs) else None

    optimizer.fold_constants(model, onnx_shape_inference=False, should_fold=spare)
    for work in (
        common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0),
        common.IdentityEliminationPass(),
        common.RemoveUnusedNodesPass(),
        common.NameFixPass(),  # without that, a value may be called as a weight is
    ):
        work(model)


def tidy(path: Path, several: bool) -> None:
    """Take out what the exporter notes about source files (it would show this machine's paths), leave sizes open, and put
    quicker nodes in place of slow ones (rtskin.nets.faster).

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
    quicken(model)
    _save(model, path)


def for_bf16(path: Path) -> None:
    """Round the weights in the file at ``path`` to what bf16 holds (rtskin.nets.bf16)."""
    import onnx

    model = onnx.load(str(path))
    round_weights(model)
    _save(model, path)


def _save(model: Any, path: Path) -> None:
    import onnx

    onnx.checker.check_model(model)
    with open(path, "wb") as file:
        file.write(model.SerializeToString())
        file.flush()
        os.fsync(file.fileno())


def compare(net: Any, path: Path, shapes: Sequence[Shape], tolerance: float = TOLERANCE) -> float:
    """The largest difference between torch and the ONNX file at these shapes (width, height).

    ModelError above ``tolerance``, and where the file cannot run at one of them.
    """
    try:
        import onnxruntime as ort
    except ImportError as error:
        raise MissingExtraError("onnxruntime", "cpu", "checking an export") from error
    options = ort.SessionOptions()
    # What the arena keeps would stand beside what torch needs.
    options.enable_cpu_mem_arena = False
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    worst = 0.0
    for width, height in shapes:
        # A second one of a large network takes a minute.
        for low, high in ((0, 1), (0.5, 0.5))[: 1 if width * height > _LARGE else 2]:
            feed = {
                name: rng.uniform(low * most, high * most, (1, channels, height, width)).astype(np.float32)
                for name, channels, most in INPUTS[: len(session.get_inputs())]
            }
            with torch.no_grad():
                expected = net(*map(torch.from_numpy, feed.values())).numpy()
            worst = max(worst, _difference(_run(session, feed, path), expected))
        if not worst <= tolerance:
            raise ModelError(
                f"{path.name} differs from torch by {worst:.2g} at {width}×{height} (at most {tolerance:g}); "
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
