"""Starting from weights that exist: a checkpoint, or the ONNX file that ships.

An exported file has no batch normalisation any more: it is folded into the convolutions. It is put back by looking at
what real batches do inside the network, so that a training goes on as if it had never been exported.

The network that starts may have more input channels and more classes than the one whose weights it takes: then it gives
the same skin at first, whatever is in the new channels (see :func:`fitted`). It may also have parts that the other has not:
it names them as ``grown``, and they begin as they are built. All else must agree.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from rtskin.errors import InputError, MissingExtraError, ModelError
from rtskin.nets.faster import as_trained, biases
from rtskin.train.loop import checkpoint
from rtskin.train.loop.keep import chosen

#: The layers of ours whose shapes follow the channels of the input and the classes of the output.
_STEM, _HEAD = "stem.0.weight", "head"
#: Standard deviations below this belong to channels that are always the same; they are left as they are.
_DEAD = 1e-4


def start_from(net: nn.Module, path: Path, batches: Iterable[torch.Tensor], classes: Sequence[str] = ("skin",)) -> None:
    """Give ``net`` the weights at ``path``: a checkpoint of rtskin (its averaged weights), a card, or its ONNX file.

    ``batches`` are float32 N×C×H×W as the network takes them: what a folded file is measured on. ``classes`` are those of
    ``net``'s outputs. InputError or ModelError where the weights are those of another network.
    """
    if path.suffix == ".toml" or path.is_dir():
        path = _weights_of(path)
    if path.suffix != ".onnx":
        _load(net, fitted(chosen(checkpoint.load(path)), net, classes), path)
        return
    state, found = _unfolded(net, path)
    _load(net, fitted(state, net, classes), path)
    _normalise(net, batches, found)


def fitted(state: dict[str, Any], net: nn.Module, classes: Sequence[str] = ("skin",)) -> dict[str, Any]:
    """The weights of a network that sees less and knows skin only, for ``net``, which sees more or knows more.

    New input channels begin at 0: they have no influence yet. Of the head skin is as it was, and the other classes together
    have logit 0 against it, all alike, so that the softmax of skin is what the sigmoid was. What fits, or is neither of
    these, stays as it is.
    """
    wanted, state = net.state_dict(), dict(state)
    stem, own = state.get(_STEM), wanted.get(_STEM)
    if stem is not None and own is not None and stem.shape[1] < own.shape[1] and stem.shape[0] == own.shape[0]:
        state[_STEM] = torch.cat([stem, stem.new_zeros(len(stem), own.shape[1] - stem.shape[1], *stem.shape[2:])], 1)
    bias = state.get(f"{_HEAD}.bias")
    if bias is not None and len(classes) > 1 and len(wanted[f"{_HEAD}.bias"]) == len(bias) * len(classes):
        # A class has as many channels in a row as the head's cells have pixels.
        skin = slice(len(bias) * list(classes).index("skin"), len(bias) * (list(classes).index("skin") + 1))
        for name, fill in ((f"{_HEAD}.weight", 0.0), (f"{_HEAD}.bias", -math.log(len(classes) - 1))):
            grown = torch.full_like(wanted[name], fill, device=state[name].device)
            grown[skin] = state[name]
            state[name] = grown
    return {**{name: value for name, value in wanted.items() if _is_grown(net, name)}, **state}


def _is_grown(net: nn.Module, name: str) -> bool:
    return name.split(".")[0] in getattr(net, "grown", ())


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


#: Convolutions, each with the name of the batch normalisation behind it, if there is one.
_Convolutions = list[tuple[str, str | None]]


def _unfolded(net: nn.Module, path: Path) -> tuple[dict[str, Any], _Convolutions]:
    """The file's weights under the network's names, and what it has; batch normalisation only adds the bias that was folded
    in."""
    if not path.is_file():
        raise InputError(f"there are no weights at {path}; give a checkpoint, a card or an ONNX file as net.init")
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError as error:
        raise MissingExtraError("onnx", "train", "starting from an exported network") from error
    try:
        graph = onnx.load(str(path)).graph
    except Exception as error:  # protobuf's errors and the system's
        raise ModelError(f"{path} is no ONNX file: {str(error).splitlines()[0]}") from error
    values = {tensor.name: torch.tensor(numpy_helper.to_array(tensor)) for tensor in graph.initializer}
    known = biases(graph)
    state, found = dict(net.state_dict()), _convolutions(net)
    if any(_is_grown(net, name) and f"net.{name}.weight" not in values for name, _ in found):
        found = [one for one in found if not _is_grown(net, one[0])]
    for name, norm in found:
        weight = f"net.{name}.weight"
        if weight not in values or weight not in known:
            raise ModelError(f"{path} has no weights called {weight}: it is the file of another network")
        state[f"{name}.weight"] = as_trained(values[weight], state[f"{name}.weight"].shape)
        bias = values[known[weight]]
        if norm is None:
            state[f"{name}.bias"] = bias
            continue
        state[f"{norm}.bias"], state[f"{norm}.weight"] = bias, torch.ones_like(bias)
        state[f"{norm}.running_mean"], state[f"{norm}.running_var"] = torch.zeros_like(bias), torch.ones_like(bias)
    return state, found


def _convolutions(net: nn.Module) -> _Convolutions:
    """All of the network's."""
    modules = dict(net.named_modules())
    found: _Convolutions = []
    for name, module in modules.items():
        if isinstance(module, nn.Conv2d):
            parent, _, last = name.rpartition(".")
            behind = f"{parent}.{int(last) + 1}" if last.isdigit() else ""
            found.append((name, behind if isinstance(modules.get(behind), nn.BatchNorm2d) else None))
    return found


@torch.no_grad()
def _normalise(net: nn.Module, batches: Iterable[torch.Tensor], found: _Convolutions) -> None:
    """Put back what was folded: the same answers, from convolutions whose outputs have variance 1 before the norm."""
    modules = dict(net.named_modules())
    seen: dict[str, list[torch.Tensor]] = {norm: [] for _, norm in found if norm}

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
    for name, norm in found:
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
