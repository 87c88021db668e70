"""A shipped ONNX file back as a network of torch: its architecture from the card, its weights out of the file, by name.

The exporter folds batch normalisation into the convolution before it, and calls the folded bias ``NAME.weight_bias``; the
network is folded in the same way here, so that every number of the file has its place, and every place its number.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import torch
from torch import nn

from rtskin import nets
from rtskin.errors import ModelError, RuntimeUnavailableError
from rtskin.nets.shipped import Shipped

_PREFIX = "net."


def from_onnx(architecture: str, path: Path) -> Shipped:
    """The network in an ONNX file that rtskin exported, in evaluation mode.

    RuntimeUnavailableError where the architecture is none of rtskin's, ModelError where names or shapes do not match.
    """
    if architecture not in nets.NETS.names():
        raise RuntimeUnavailableError(
            f"torch runs rtskin's own networks ({', '.join(nets.NETS.names())}), and {path.name} is of the architecture "
            f"{architecture!r}; use another runtime"
        )
    weights = _initializers(path)
    try:
        options = {
            "channels": weights["net.stem.0.weight"].shape[1],
            "classes": weights["net.head.weight"].shape[0] // 4,
            "width": weights["net.stem.0.weight"].shape[0] / 16,
        }
        mean, scale = weights["mean"].flatten(), weights["scale"].flatten()
    except KeyError as error:
        raise ModelError(
            f"{path} was not exported by rtskin: it holds no {error.args[0]}; use another runtime"
        ) from None
    net = folded(nets.build(architecture, **options)).eval()
    state = {
        name.removeprefix(_PREFIX).replace(".weight_bias", ".bias"): tensor
        for name, tensor in weights.items()
        if name.startswith(_PREFIX)
    }
    try:
        net.load_state_dict(state)
    except RuntimeError as error:
        raise ModelError(
            f"{path} does not hold the weights of {architecture}: {' '.join(str(error).split())[:200]}"
        ) from None
    shipped = Shipped(net, ((0.0,) * 3, (1.0,) * 3))
    shipped.mean.copy_(mean.view(1, 3, 1, 1))
    shipped.scale.copy_(scale.view(1, 3, 1, 1))
    return shipped.eval()


def folded(net: nn.Module) -> nn.Module:
    """The network with every convolution and the batch normalisation behind it as one convolution with a bias.

    Only the shapes are those of the folded network: weights are to be loaded into it.
    """
    for module in net.modules():
        if not isinstance(module, nn.Sequential):
            continue
        for number, (one, after) in enumerate(itertools.pairwise(module)):
            if isinstance(one, nn.Conv2d) and isinstance(after, nn.BatchNorm2d):
                one.bias = nn.Parameter(torch.zeros(one.out_channels))
                module[number + 1] = nn.Identity()
    return net


def _initializers(path: Path) -> dict[str, Any]:
    """The float32 constants of the file, by name."""
    import onnx

    try:
        graph = onnx.load(str(path)).graph
    except Exception as error:  # protobuf's errors and the system's
        raise ModelError(f"{path} is no ONNX file: {str(error).splitlines()[0]}") from error
    floats = (tensor for tensor in graph.initializer if tensor.data_type == onnx.TensorProto.FLOAT)
    return {tensor.name: torch.from_numpy(onnx.numpy_helper.to_array(tensor).copy()) for tensor in floats}
