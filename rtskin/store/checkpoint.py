"""Other people's checkpoints: read without running anything in them, unwrapped, and compared with a network of ours."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtskin.errors import InputError, MissingExtraError, ModelError

if TYPE_CHECKING:
    from torch import nn

#: Keys that a state dict is wrapped in, outermost first.
_WRAPPERS = ("state", "state_dict", "model_state_dict", "model", "net", "params", "ema")
#: What other programs put before every name.
_PREFIXES = ("module.", "_orig_mod.", "model.")
#: Parts of names that only quantised networks have.
_QUANTISED = ("_packed_params", "zero_point", "fake_quant", "activation_post_process", "weight_quantizer")
#: Names that a message shows.
_SHOWN = 3

State = dict[str, Any]


def read_state(path: Path) -> State:
    """The tensors of a checkpoint by name: a bare state dict, or one inside (``{"state": {"state_dict": …}}``).

    Only tensors and plain values are unpickled. InputError: there is no such file. ModelError: it is cut off, holds code, is
    no checkpoint, or is quantised.
    """
    if not path.is_file():
        raise InputError(f"there is no checkpoint at {path}")
    found = _unwrapped(_loaded(path))
    tensors = {name: value for name, value in found.items() if hasattr(value, "shape")}
    quantised = [name for name in found if any(part in name for part in _QUANTISED)]
    quantised += [name for name, value in tensors.items() if getattr(value, "is_quantized", False)]
    if quantised:
        raise ModelError(
            f"{path} is a quantised checkpoint (it has {quantised[0]}); import the one it was made from: "
            "rtskin quantises by itself"
        )
    if not tensors:
        raise ModelError(f"{path} holds no weights: no tensors by name are in it")
    return _without_prefix(tensors)


def check_fits(state: Mapping[str, Any], net: nn.Module, path: Path, name: str) -> None:
    """ModelError names the first things that differ, and the network that the checkpoint looks like."""
    wanted = {key: tuple(value.shape) for key, value in net.state_dict().items()}
    found = {key: tuple(value.shape) for key, value in state.items()}
    faults = [f"it has no {key}" for key in wanted if key not in found]
    faults += [f"{key} is unknown" for key in found if key not in wanted]
    faults += [
        f"{key} is {_times(found[key])}, not {_times(wanted[key])}"
        for key in wanted
        if key in found and found[key] != wanted[key]
    ]
    if not faults:
        return
    more = f" and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
    raise ModelError(f"{path} is not a checkpoint of {name}: {'; '.join(faults[:_SHOWN])}{more}{_looks_like(found)}")


def _loaded(path: Path) -> Any:
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError("torch", "train", "importing a checkpoint") from error
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "weights_only" in str(error).lower() or "unsupported" in str(error).lower():
            raise ModelError(
                f"{path} holds more than weights, code that would run when it is read, so it was not read: save its "
                "state_dict() alone, where you trust it"
            ) from None
        raise ModelError(f"{path} is no checkpoint of torch: {_first_line(error)}") from None
    except Exception as error:  # zip's, torch's and the system's share no base class
        cut = " (was it copied whole?)" if _begins_as_zip(path) and not zipfile.is_zipfile(path) else ""
        raise ModelError(f"{path} cannot be read as a checkpoint of torch{cut}: {_first_line(error)}") from None


def _unwrapped(found: Any) -> Mapping[str, Any]:
    while isinstance(found, Mapping):
        inner = next((found[key] for key in _WRAPPERS if isinstance(found.get(key), Mapping)), None)
        if inner is None:
            return {str(key): value for key, value in found.items()}
        found = inner
    return {}


def _without_prefix(state: State) -> State:
    for prefix in _PREFIXES:
        if all(name.startswith(prefix) for name in state):
            state = {name.removeprefix(prefix): value for name, value in state.items()}
    return state


def _looks_like(found: Mapping[str, tuple[int, ...]]) -> str:
    """ "; it looks like dlmv" where it is the checkpoint of another network that is known."""
    import torch

    from rtskin import nets

    for name in nets.NETS.names():
        with torch.device("meta"):
            other = nets.build(name).state_dict()
        if {key: tuple(value.shape) for key, value in other.items()} == dict(found):
            return f"; it looks like {name}"
    return ""


def _begins_as_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "a number"


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
