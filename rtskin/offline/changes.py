"""In what a planned render and the one that is asked for now differ, in the words of whoever asked.

The manifests say what differs. An option is named if it was written otherwise and that which it decides differs, too: 90 and
1:30 are one moment. What differs and follows from no option that is named, is named itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rtskin.capture.span import parse_point
from rtskin.offline.environment import Key, unequal
from rtskin.offline.manifest import Manifest

Different = dict[Key, tuple[Any, Any]]

#: Any key at its place; behind it, at the end of a pattern: however many.
_ANY, _REST = "*", "**"


@dataclass(frozen=True)
class _Option:
    """Patterns of keys of a manifest (rtskin.offline.manifest). decides: at least one of them differs where the option means
    another thing. follows: may differ then, too."""

    decides: tuple[Key, ...]
    follows: tuple[Key, ...] = ()


def _of_node(option: str) -> Key:
    return ("pipeline", "nodes", _ANY, "options", option, _REST)


def _of_file(option: str) -> Key:
    return ("outputs", _ANY, "options", option)


_LENGTHS: tuple[Key, ...] = (("segments", "frames"), ("segments", "warm_up"), ("segments", "tail"))
_RUNS_ON = tuple(("model", fact) for fact in ("runtime", "device", "precision", "threads"))
#: What is settled anew where the network runs in another way.
_SETTLED = (*_RUNS_ON, *map(_of_node, ("runtime", "device", "threads", "runtime_options")))
_PATH = _Option((("outputs", _ANY),))
#: The node that refines masks in tiles, whether there is one, and what is settled anew with it.
_REFINES: Key = ("pipeline", "nodes", "chunked")


def _of_refiner(option: str) -> Key:
    return (*_REFINES, "options", option, _REST)


_SEEN_AGAIN: tuple[Key, ...] = (
    ("pipeline", "edges"), *_LENGTHS, *map(_of_refiner, ("weights", "runtime", "device", "threads", "runtime_options"))
)  # fmt: skip

#: By the names that they have on the command line.
OPTIONS: Mapping[str, _Option] = {
    "OUTPUT": _PATH,
    "--matte": _PATH,
    "--overlay": _PATH,
    "--view": _Option((("outputs", _ANY, "view"),), (("outputs", _ANY, "files", _ANY),)),
    "--background": _Option((("outputs", _ANY, "view"),), (("outputs", _ANY, "files", _ANY),)),
    "--codec": _Option((_of_file("codec"),)),
    "--crf": _Option((_of_file("crf"),)),
    "--bits": _Option((_of_file("bits"),)),
    "--copies": _Option((_of_file("copies"),)),
    "--start": _Option((("segments", "first"),), _LENGTHS),
    "--end": _Option((("segments", "last"),), _LENGTHS),
    "--decode": _Option(()),  # pictures are the same
    "--segment": _Option((("segments", "frames"),)),
    # A model that looks at its last mask is smoothed in another way.
    "--model": _Option((_of_node("model"), ("model", "name")), (("model", _REST), *_SETTLED, _of_node("method"))),
    "--size": _Option((_of_node("size"),), _SETTLED),
    "--class": _Option((_of_node("classes"),), _SETTLED),
    "--device": _Option((_of_node("device"),), _SETTLED),
    "--threads": _Option((_of_node("threads"),), _SETTLED),
    "--runtime": _Option((_of_node("runtime"),), _SETTLED),
    "--smooth": _Option((_of_node("method"),)),
    "--strength": _Option((_of_node("strength"),)),
    "--lookahead": _Option((_of_node("lookahead"),), _LENGTHS),
    "--skip": _Option((_of_node("skip"),), _LENGTHS),
    "--every": _Option(
        (_of_node("every"), ("pipeline", "nodes", "propagate")), (("pipeline", "edges"), *_LENGTHS)
    ),
    "--refine": _Option((_REFINES,), _SEEN_AGAIN),
    "--refiner": _Option((_REFINES, _of_refiner("model")), _SEEN_AGAIN),
    "--tiles": _Option((_REFINES, _of_refiner("tiles")), _SEEN_AGAIN),
}  # fmt: skip

#: Facts of a model (rtskin.offline.settle.model_facts), as people call them, and those that are digests.
_FACTS = {"name": "the model", "card": "the model's card", "weights": "the model's weights"}
_DIGESTS = ("card", "weights")


def changes(there: Manifest, here: Manifest) -> list[str]:
    """Empty where the planned render can be gone on with; else "--model was pan, is mobile-unet now", "numpy was …"."""
    different = _with_looks(there.differences(here), there, here)
    left, found = dict(different), list[str]()
    for name, was, now in _written_otherwise(there, here):
        option = OPTIONS[name]
        if _matching(different, option.decides):
            found.append(_said(name, was, now))
            for key in _matching(left, option.decides + option.follows):
                del left[key]
    return found + _inputs(there, here, left) + _facts(left) + _rest(there, left)


def _with_looks(different: Different, there: Manifest, here: Manifest) -> Different:
    """And in what outputs differ that have other names now, the first from the first and so on."""
    before, now = ([one for one in part.outputs if ("outputs", one.path) in different] for part in (there, here))
    for one, other in zip(before, now, strict=False):
        was, is_now = (part.model_dump(exclude={"path", "files"}) for part in (one, other))
        different |= unequal(was, is_now, ("outputs", other.path))
    return different


def _written_otherwise(there: Manifest, here: Manifest) -> Iterator[tuple[str, str | None, str | None]]:
    """Options with both values, as far as anybody noted them."""
    if there.asked is None or here.asked is None:
        return
    for name in {**there.asked, **here.asked}:
        was, now = there.asked.get(name), here.asked.get(name)
        if was != now and name in OPTIONS and not _is_one_moment(name, was, now):
            yield name, was, now


def _is_one_moment(name: str, was: str | None, now: str | None) -> bool:
    """Of an input that has another length now, its end says nothing."""
    if name not in ("--start", "--end") or was is None or now is None:
        return False
    return parse_point(name, was) == parse_point(name, now)


def _inputs(there: Manifest, here: Manifest, left: Different) -> list[str]:
    """INPUT and other files that are read; takes what it says, and what follows, out of ``left``."""
    found = []
    if ("input", "fingerprint") in left:
        _taken(left, ("input", _REST))
        same = there.input.path == here.input.path
        found.append(f"INPUT {'has changed since' if same else f'was {there.input.path}, is {here.input.path} now'}")
        _taken(left, ("segments", _REST))
    files = _taken(left, ("outputs", _ANY, "files", _ANY))
    return found + list(dict.fromkeys(f"{key[-1]} has changed since" for key in files))


def _facts(left: Different) -> list[str]:
    """The model and what all runs with."""
    facts = {key[1]: values for key, values in _taken(left, ("model", _ANY)).items()}
    found = [
        f"{_FACTS[fact]} changed" if fact in _DIGESTS else _said(_FACTS.get(fact, f"the model's {fact}"), *values)
        for fact, values in facts.items()
    ]
    return found + [_said(key[1], *values) for key, values in _taken(left, ("environment", _ANY)).items()]


def _rest(there: Manifest, left: Different) -> list[str]:
    if not left:
        return []
    if there.asked is None:
        return ["its options were others (an earlier rtskin planned it, and did not note them)"]
    return ["the pipeline, or what rtskin makes of it, is another now"]


def _taken(left: Different, pattern: Key) -> Different:
    return {key: left.pop(key) for key in _matching(left, (pattern,))}


def _matching(keys: Mapping[Key, object], patterns: tuple[Key, ...]) -> list[Key]:
    return [key for key in keys if any(_matches(key, pattern) for pattern in patterns)]


def _matches(key: Key, pattern: Key) -> bool:
    if pattern[-1] == _REST:
        pattern = pattern[:-1]
        key = key[: len(pattern)]
    return len(key) == len(pattern) and all(want in (_ANY, name) for name, want in zip(key, pattern, strict=True))


def _said(name: str, before: object, now: object) -> str:
    was = "was not given" if before is None else f"was {before}"
    return f"{name} {was}, is {'not given' if now is None else now} now"
