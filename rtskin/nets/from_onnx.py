"""An ONNX file that rtskin exported back as a network of torch: its architecture from the card, its weights out of the
file, by name, and what else it was built with from their shapes.

The exporter folds batch normalisation into the convolution right before it, and calls a bias that this makes
``NAME.weight_bias``; the network is folded in the same way here, so that every number of the file has its place, and every
place its number.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from rtskin import nets
from rtskin.errors import ModelError, RuntimeUnavailableError
from rtskin.nets.faster import as_trained
from rtskin.nets.shipped import Shipped

_PREFIX = "net."
#: What folding calls the bias of a convolution that had none.
_FOLDED = ".weight_bias"

Weights = Mapping[str, torch.Tensor]


def from_onnx(architecture: str, path: Path) -> Shipped:
    """The network in an ONNX file that rtskin exported, in evaluation mode.

    RuntimeUnavailableError where the architecture is none of rtskin's (those that can be read back are named), ModelError
    where names or shapes do not match.
    """
    if architecture not in _OPTIONS:
        raise RuntimeUnavailableError(
            f"torch runs rtskin's own networks ({', '.join(sorted(_OPTIONS))}), and {path.name} is of the architecture "
            f"{architecture!r}; use another runtime"
        )
    graph = _graph(path)
    if any(node.op_type == "QuantizeLinear" for node in graph.node):
        raise RuntimeUnavailableError(
            f"{path.name} is in 8 bits, and torch runs networks as they are trained; use another runtime, or the network "
            "that it was made from"
        )
    weights = _initializers(graph)
    try:
        options = _OPTIONS[architecture](weights, graph)
        mean, scale = weights["mean"].flatten(), weights["scale"].flatten()
    except KeyError as error:
        raise ModelError(
            f"{path} was not exported by rtskin: it holds no {error.args[0]}; use another runtime"
        ) from None
    own = {name.removeprefix(_PREFIX): tensor for name, tensor in weights.items() if name.startswith(_PREFIX)}
    net = folded(nets.build(architecture, **options), kept=own).eval()
    try:
        net.load_state_dict(_state(net, own))
    except RuntimeError as error:
        raise ModelError(
            f"{path} does not hold the weights of {architecture}: {' '.join(str(error).split())[:200]}"
        ) from None
    shipped = Shipped(net, ((0.0,) * 3, (1.0,) * 3), prior=options.get("channels", 3) > 3)
    shipped.mean.copy_(mean.view(1, 3, 1, 1))
    shipped.scale.copy_(scale.view(1, 3, 1, 1))
    shipped.classes = options.get("classes", 1)
    return shipped.eval()


def folded(net: nn.Module, kept: Weights | None = None) -> nn.Module:
    """The network with every convolution and the batch normalisation right behind it as one convolution with a bias, but
    for those normalisations whose numbers are among ``kept``.

    Only the shapes are those of the folded network: weights are to be loaded into it.
    """
    for place, module in list(net.named_modules()):
        for (_, one), (name, after) in itertools.pairwise(module.named_children()):
            whole = f"{place}.{name}.running_mean".removeprefix(".")
            if isinstance(one, nn.Conv2d) and isinstance(after, nn.BatchNorm2d) and whole not in (kept or {}):
                if one.bias is None:
                    one.bias = nn.Parameter(torch.zeros(one.out_channels))
                setattr(module, name, nn.Identity())
    return net


def _state(net: nn.Module, own: Weights) -> dict[str, torch.Tensor]:
    """The file's numbers by the network's names; files leave out whole numbers, as how many batches a normalisation has
    seen, and what only a training uses."""
    wanted = net.state_dict()
    state = {name.replace(_FOLDED, ".bias"): tensor for name, tensor in own.items()}
    for name in wanted.keys() & state.keys():
        state[name] = as_trained(state[name], wanted[name].shape) if wanted[name].ndim == 4 else state[name]
    unused = tuple(getattr(net, "training_only", ()))
    for name in wanted.keys() - state.keys():
        if not wanted[name].is_floating_point() or name.startswith(unused):
            state[name] = wanted[name]
    return state


def _mobile_unet(weights: Weights, graph: Any) -> dict[str, Any]:
    stem = weights["net.stem.0.weight"].shape
    return {"channels": stem[1], "classes": weights["net.head.weight"].shape[0] // 4, "width": stem[0] / 16}


def _detail_unet(weights: Weights, graph: Any) -> dict[str, Any]:
    inner, planes = (weights[f"net.detail.{name}.weight"].shape[0] for name in ("first.0", "enlarged"))
    return {**_mobile_unet(weights, graph), "planes": planes, "inner": inner}


def _straight_u2net(weights: Weights, graph: Any) -> dict[str, Any]:
    base, mid = (weights[f"net.{name}.weight"].shape[0] for name in ("stem.0", "blocks.0.c1.conv"))
    # What is dropped while training stands between the blocks.
    blocks = sum(f"net.blocks.{2 * number}.c1.conv.weight" in weights for number in range(len(weights)))
    return {"base": base, "mid": mid, "blocks": blocks}


def _u2net(weights: Weights, graph: Any) -> dict[str, Any]:
    """How things are enlarged is no number: the file's nodes say it."""
    modes = {
        attribute.s
        for node in graph.node
        if node.op_type == "Resize"
        for attribute in node.attribute
        if attribute.name == "coordinate_transformation_mode"
    }
    channels = weights["net.stage1.rebnconvin.conv_s1.weight"].shape[1]
    return {"channels": channels, "align_corners": modes == {b"align_corners"}}


#: By architecture: what the network was built with.
_OPTIONS: dict[str, Callable[[Weights, Any], dict[str, Any]]] = {
    "mobile-unet": _mobile_unet,
    "detail-unet": _detail_unet,
    "straight-u2net": _straight_u2net,
    "dlmv": lambda weights, graph: {},
    "u2netp": _u2net,
    "u2net": _u2net,
    "birefnet-lite": lambda weights, graph: {},
}


def _graph(path: Path) -> Any:
    import onnx

    try:
        return onnx.load(str(path)).graph
    except Exception as error:  # protobuf's errors and the system's
        raise ModelError(f"{path} is no ONNX file: {str(error).splitlines()[0]}") from error


def _initializers(graph: Any) -> dict[str, torch.Tensor]:
    """The float32 constants of the file, by name."""
    import onnx

    floats = (tensor for tensor in graph.initializer if tensor.data_type == onnx.TensorProto.FLOAT)
    return {tensor.name: torch.from_numpy(onnx.numpy_helper.to_array(tensor).copy()) for tensor in floats}
