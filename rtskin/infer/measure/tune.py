"""Which way of running a network is the fastest here that still answers the same, and keeping that for later.

Batches are no way: two or four pictures at once take 0.96 to 1.00 of the time a picture (mobile-unet at 416×224, ONNX
Runtime, one thread and two of two cores, medians of 135 interleaved runs), and a live stream has only one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import rtskin
from rtskin.errors import ModelError
from rtskin.infer.cards import Card
from rtskin.infer.measure.race import Limits, race
from rtskin.infer.measure.ways import Measured, Way
from rtskin.infer.runtimes.base import Runtime
from rtskin.infer.runtimes.devices import kind_of
from rtskin.infer.runtimes.machine import gpus, machine, versions
from rtskin.infer.runtimes.stored import Stored
from rtskin.infer.runtimes.threads import cores, default_threads
from rtskin.infer.weights import checked_weights, digest
from rtskin.registry import RUNTIMES

#: Mean difference in the answer from that of the first way, above which another is not taken.
SAME = 1e-3
#: Threads beyond the default are taken where they do at least so much of what they cost.
WORTH = 0.8
#: A way has to be so much faster than one that stands before it in the list: less is noise.
CLEARLY = 1.05
#: What comes first is the reference, and is kept where nothing is clearly faster.
ORDER = ("onnxruntime", "litert", "openvino", "tensorrt", "torch")


@dataclass(frozen=True)
class Choice:
    """The way that was chosen, why, and all that was measured (in JSON's types). brief: by a short look, not a tune."""

    way: Way
    why: str
    ms: float
    brief: bool = False
    when: str = ""
    measured: list[dict[str, Any]] = field(default_factory=list)


def candidates(card: Card, device: str, threads: int | None = None, brief: bool = False) -> list[Way]:
    """The ways that are worth measuring for a network, the reference first.

    threads: only that many. brief: each runtime as it is by default, and none that takes long to start.
    """
    names = [*ORDER, *(name for name in RUNTIMES.names() if name not in ORDER)]
    found = []
    for name in names:
        if name not in RUNTIMES.names():
            continue
        kind: type[Runtime] = RUNTIMES.get(name)
        if not kind.needs_weights or not kind.is_installed() or not kind.loads(card):
            continue
        if brief and name not in ("onnxruntime", "litert", "openvino"):
            continue
        for where in _devices(kind, device):
            found += _of(kind, where, threads, brief)
    return found


def _of(kind: type[Runtime], device: str, threads: int | None, brief: bool) -> list[Way]:
    if device != "cpu":
        return [Way(kind.name, device, None, options) for options in (kind.variants[:1] if brief else kind.variants)]
    counts = [threads or default_threads()] if threads or brief else sorted({1, default_threads(), cores()})
    return [
        Way(kind.name, device, count, options)
        for options in (kind.variants[:1] if brief else kind.variants)
        for count in counts
        if count > 1 or "spinning" not in options  # one thread waits for nobody
    ]


def _devices(kind: type[Runtime], device: str) -> list[str]:
    if device != "auto":
        return [device] if kind_of(device) in kind.devices else []
    there = ["cpu", *(["cuda"] if gpus() else [])]
    return [name for name in there if name in kind.devices]


def choose(found: Sequence[Measured]) -> tuple[Measured, str]:
    """The best, and why in a sentence. ModelError where nothing ran."""
    ran = [one for one in found if one.error is None and one.ms]
    if not ran:
        said = "; ".join(f"{one.way}: {one.error}" for one in found)
        raise ModelError(f"no runtime here runs {found[0].model if found else 'it'}: {said or 'none is installed'}")
    same = [one for one in ran if one.difference is not None and one.difference <= SAME]
    usual = default_threads()
    light = [one for one in same if (one.way.threads or 1) <= usual] or same
    best = _fastest(light)
    busy = [one for one in same if (one.way.threads or 1) > usual and _pays(one, best)]
    if busy:
        best = _fastest(busy)
    return best, _why(best, ran, same)


def _fastest(found: Sequence[Measured]) -> Measured:
    """The first that none after it beats clearly."""
    best = found[0]
    for one in found[1:]:
        if one.p50 * CLEARLY < best.p50:
            best = one
    return best


def _pays(one: Measured, light: Measured) -> bool:
    return light.p50 / one.p50 >= WORTH * (one.way.threads or 1) / (light.way.threads or 1)


def _why(best: Measured, ran: Sequence[Measured], same: Sequence[Measured]) -> str:
    parts = [f"{best.p50:.2f} ms"]
    first = ran[0]
    if best is not first:
        parts.append(f"{first.p50 / best.p50:.2f} × as fast as {_named(first)}")
    elif len(ran) > 1:
        parts.append("nothing that answers the same was clearly faster for its threads")
    quickest = min(ran, key=lambda one: one.p50)
    if quickest is not best and quickest not in same:
        parts.append(f"{_named(quickest)} ({quickest.p50:.2f} ms) answers otherwise, by {quickest.difference:.1g}")
    elif quickest is not best and (quickest.way.threads or 1) > (best.way.threads or 1):
        parts.append(
            f"{_named(quickest)} ({quickest.p50:.2f} ms) takes cores from decoding and rendering for too little"
        )
    return ", ".join(parts)


def _named(one: Measured) -> str:
    threads = one.way.threads
    return f"{one.way} on {one.way.device}" + (
        "" if threads is None else f" with {threads} thread{'s' * (threads > 1)}"
    )


def tune(
    card: Card,
    device: str = "auto",
    limits: Limits | None = None,
    brief: bool = False,
    progress: Callable[[str], None] = lambda text: None,
) -> tuple[Choice, list[Measured]]:
    """Measure the candidates at the card's first shape, choose, and keep the choice for this model and machine."""
    model = str(card.path) if card.path else card.name
    ways = candidates(card, device, brief=brief)
    found = race(model, card.tensor.live[0], ways, limits or Limits(), progress)
    best, why = choose(found)
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M}"
    way = Way(best.way.runtime, best.info["device"], best.way.threads, best.way.options)
    choice = Choice(way, why, round(best.p50, 3), brief, when, [one.to_json() for one in found])
    # A short look at a busy machine may have had no time for some; the next start looks again.
    if not (brief and any(one.error is not None for one in found)):
        _stored(card, device).write(json.dumps({**vars(choice), "way": choice.way.to_json()}).encode())
    return choice, found


def tuned(card: Card, device: str = "auto") -> Choice | None:
    """What was chosen for this model, machine and these versions; None where that was never measured."""
    stored = _stored(card, device)
    data = stored.read()
    if data is None:
        return None
    table = json.loads(data)
    return Choice(**{**table, "way": Way(**table["way"])})


def _stored(card: Card, device: str) -> Stored:
    key = {
        "weights": digest(checked_weights(card)),
        "card": card.model_dump(mode="json", include={"input", "output", "architecture"}),
        "device": device,
        "machine": machine(),
        "versions": {"rtskin": rtskin.__version__, **versions()},
    }
    return Stored("tune", card.name, key)
