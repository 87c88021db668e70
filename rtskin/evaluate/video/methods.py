"""What ``--smooth`` of ``rtskin eval --video`` names: smoothers with their parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rtskin.errors import InputError, UnknownNameError
from rtskin.registry import SMOOTHERS
from rtskin.smooth.node import PRIOR, known_methods

#: A parameter that is no smoother's own, the last: "ema:trail=adaptive" is ema with the strength at which it trails as
#: adaptive does.
TRAIL = "trail"


@dataclass(frozen=True)
class Method:
    """A smoother. label: what it is called in tables. settings: options of the node "smooth" beside its method, and, by keys
    with a dot ("infer.size"), of other nodes.

    trail_of: the label of the method whose trail it is to be tuned to; None: it is as it is.
    """

    label: str
    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    trail_of: str | None = None

    def overrides(self) -> dict[str, Any]:
        """For Graph.from_toml."""
        own = {key if "." in key else f"smooth.{key}": value for key, value in self.settings.items()}
        return {"smooth.method": self.name, **own}


def parse_methods(text: str | None) -> list[Method]:
    """``"none,ema:strength=0.7,adaptive"``; None: all that every model can have, "none" first.

    UnknownNameError: a smoother that is not there. InputError: no name, one twice, a parameter without a value, a trail of
    what is not measured.
    """
    names = text.split(",") if text is not None else _for_all()
    methods = [_parse(name.strip()) for name in names if name.strip()]
    if not methods:
        raise InputError(f"--smooth names nothing; there are: {', '.join(known_methods())}")
    labels = [method.label for method in methods]
    for label in labels:
        if labels.count(label) > 1:
            raise InputError(f"--smooth names {label!r} twice")
    for method in methods:
        _check_target(method, methods)
    return methods


def _for_all() -> list[str]:
    """A prior is taken by some models only, for which auto stands."""
    return ["none", *(name for name in known_methods() if name not in ("none", PRIOR))]


def _parse(text: str) -> Method:
    # The trail comes last and may be of a method with parameters of its own.
    own, _, target = text.partition(f":{TRAIL}=")
    name, *parameters = own.split(":")
    if name not in known_methods():
        raise UnknownNameError(SMOOTHERS.what, name, known_methods())
    settings: dict[str, Any] = {}
    for parameter in parameters:
        key, equals, value = parameter.partition("=")
        if not equals or not key or not value:
            raise InputError(f"--smooth {text}: parameters are written NAME:KEY=VALUE, for example {name}:strength=0.7")
        settings[key] = _value(value)
    return Method(text, name, settings, target or None)


def _value(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _check_target(method: Method, methods: Sequence[Method]) -> None:
    if method.trail_of is None:
        return
    known = [one.label for one in methods if one.trail_of is None and one is not method]
    if method.trail_of not in known:
        raise InputError(
            f"--smooth {method.label}: the trail is to be that of {method.trail_of!r}, which is not measured here; "
            f"there are: {', '.join(known)}"
        )
    if "strength" in method.settings:
        raise InputError(f"--smooth {method.label}: give the strength or the trail it is tuned to, not both")
