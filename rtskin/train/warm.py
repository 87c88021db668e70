"""Starting from weights that exist: a checkpoint, or the ONNX file that ships.

An exported file has no batch normalisation any more: it is folded into the convolutions. It is put back by looking at
what real batches do inside the network, so that a training goes on as if it had never been exported.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from rtskin.errors import InputError, ModelError
from rtskin.train import checkpoint

#: Standard deviations below this belong to channels that are always the same; they are left as they are.
_DEAD = 1e-4


def start_from(net: nn.Module, path: Path, batches: Iterable[torch.Tensor]) -> None:
    """Give ``net`` the weights at ``path``: a checkpoint of rtskin (its averaged weights), a card, or its ONNX file.

    ``batches`` are float32 N×3×H×W, normalised: what a folded file is measured on. InputError or ModelError where the
    weights are those of another network.
    """
    if path.suffix == ".toml" or path.is_dir():
        path = _weights_of(path)
    if path.suffix != ".onnx":
        _load(net, checkpoint.load(path)["ema"], path)
        return
    _load(net, _unfolded(net, path), path)
    _normalise(net, batches)


def _load(net: nn.Module, state: dict[str, Any], path: Path) -> None:
    try:
        net.load_state_dict(state)
    except RuntimeError as error:
        raise InputError(
            f"{path} holds the weights of another network: {str(error).splitlines()[1].strip()}"
        ) from error


def _weights_of(path: Path) -> Path:
    from rtskin.infer.cards import Card
    from rtskin.infer.weights import checked_weights

    return checked_weights(Card.load(path / "model.toml" if path.is_dir() else path))


def _unfolded(net: nn.Module, path: Path) -> dict[str, Any]:
    """The file's weights under the network's names; batch normalisation only adds the bias that was folded in."""
    import onnx
    from onnx import numpy_helper

    if not path.is_file():
        raise InputError(f"there are no weights at {path}; give a checkpoint, a card or an ONNX file as net.init")
    graph = onnx.load(str(path)).graph
    values = {tensor.name: torch.tensor(numpy_helper.to_array(tensor)) for tensor in graph.initializer}
    biases = {node.input[1]: node.input[2] for node in graph.node if node.op_type == "Conv" and len(node.input) > 2}
    state = dict(net.state_dict())
    for name, norm in _convolutions(net):
        weight = f"net.{name}.weight"
        if weight not in values:
            raise ModelError(f"{path} has no weights called {weight}: it is the file of another network")
        state[f"{name}.weight"] = values[weight]
        bias = values[biases[weight]]
        if norm is None:
            state[f"{name}.bias"] = bias
            continue
        state[f"{norm}.bias"], state[f"{norm}.weight"] = bias, torch.ones_like(bias)
        state[f"{norm}.running_mean"], state[f"{norm}.running_var"] = torch.zeros_like(bias), torch.ones_like(bias)
    return state


def _convolutions(net: nn.Module) -> list[tuple[str, str | None]]:
    """(name, name of the batch normalisation behind it) of all convolutions."""
    modules = dict(net.named_modules())
    found: list[tuple[str, str | None]] = []
    for name, module in modules.items():
        if isinstance(module, nn.Conv2d):
            parent, _, last = name.rpartition(".")
            behind = f"{parent}.{int(last) + 1}" if last.isdigit() else ""
            found.append((name, behind if isinstance(modules.get(behind), nn.BatchNorm2d) else None))
    return found


@torch.no_grad()
def _normalise(net: nn.Module, batches: Iterable[torch.Tensor]) -> None:
    """Put back what was folded: the same answers, from convolutions whose outputs have variance 1 before the norm."""
    modules = dict(net.named_modules())
    seen: dict[str, list[torch.Tensor]] = {norm: [] for _, norm in _convolutions(net) if norm}

    def watch(norm: str) -> Any:
        def look(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
            x = inputs[0].float()
            seen[norm].append(torch.stack([x.mean((0, 2, 3)), x.square().mean((0, 2, 3))]))

        return look

    hooks = [modules[norm].register_forward_pre_hook(watch(norm)) for norm in seen]
    net.eval()
    for batch in batches:
        net(batch)
    for hook in hooks:
        hook.remove()
    for name, norm in _convolutions(net):
        if norm:
            mean, square = torch.stack(seen[norm]).mean(0)
            _refold(modules[name], modules[norm], mean, (square - mean.square()).clamp(min=0).sqrt())


def _refold(convolution: Any, norm: Any, mean: torch.Tensor, deviation: torch.Tensor) -> None:
    deviation = torch.where(deviation < _DEAD, torch.ones_like(deviation), deviation)
    convolution.weight /= deviation.view(-1, 1, 1, 1)
    norm.weight.copy_(deviation)
    norm.bias += mean
    norm.running_mean.copy_(mean / deviation)
    norm.running_var.fill_(1 - norm.eps)
