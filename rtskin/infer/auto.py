"""What "auto" runs a network on.

$RTSKIN_RUNTIME names it where it is set. Else what `rtskin tune` chose on this machine. Else, where several runtimes that
start quickly are installed, a short look at each, once: it says so, and is kept as a tune is. Else the one for the file.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from typing import Any

from rtskin.errors import RtskinError
from rtskin.infer.cards import Card
from rtskin.infer.measure.race import Limits
from rtskin.infer.measure.ways import Way
from rtskin.infer.runtimes.devices import check_device
from rtskin.registry import RUNTIMES

log = logging.getLogger("rtskin.infer")

#: Of a short look: measuring, and the longest that a runtime may take to load. A first start stays below ten seconds.
BRIEF = Limits(seconds=1.0, load=4.0)


def choose_way(card: Card, device: str, threads: int | None, options: Mapping[str, Any]) -> Way:
    """How to run the card's network. threads and options that were given stay; options are those of one runtime, so with
    them nothing is chosen but the runtime for the file."""
    check_device(device)
    plain = Way(default_runtime(card), device, threads, options)
    named = os.environ.get("RTSKIN_RUNTIME")
    if named and RUNTIMES.get(named).loads(card):
        return Way(named, device, threads, options)
    if named or options or not RUNTIMES.get(plain.runtime).is_installed() or card.path is None or _is_missing(card):
        return plain
    try:
        return _measured(card, device, threads) or plain
    except RtskinError as error:
        log.warning("auto: %s; using %s", error, plain.runtime)
        return plain


def default_runtime(card: Card) -> str:
    """The runtime for the weights of a card where nobody chose another, by the kind of the file."""
    path = card.weights_path
    return "litert" if path is not None and path.suffix == ".tflite" else "onnxruntime"


def _measured(card: Card, device: str, threads: int | None) -> Way | None:
    from rtskin.infer.measure.tune import candidates, tune, tuned

    choice = tuned(card, device)
    if choice is None:
        ways = candidates(card, device, threads, brief=True)
        if len(ways) < 2 or device not in ("auto", "cpu") or any(way.device != "cpu" for way in ways):
            return None
        names = " and ".join(dict.fromkeys(way.runtime for way in ways))
        log.info("auto: measuring %s for %s, once on this machine (rtskin tune looks closer)", names, card.name)
        begun = time.monotonic()
        choice, _ = tune(card, device, BRIEF, brief=True)
        log.info("auto: %s, %s (%.1f s)", choice.way.runtime, choice.why, time.monotonic() - begun)
    else:
        log.debug("auto: %s, %s (measured %s)", choice.way.runtime, choice.why, choice.when)
    way = choice.way
    return Way(way.runtime, way.device, threads or way.threads, way.options)


def _is_missing(card: Card) -> bool:
    """Weights that are not there, or not the right ones, are for the runtime to complain of."""
    from rtskin.infer.weights import checked_weights

    try:
        checked_weights(card)
    except RtskinError:
        return True
    return False
