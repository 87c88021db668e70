"""All ways of running a network side by side: loaded one after the other, then run in turn, a few runs each."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rtskin.infer.measure.process import Worker, WorkerFailed
from rtskin.infer.measure.ways import Measured, Way
from rtskin.preprocess.fit import Shape

#: Runs of one way in a row (its weights are in the caches then, as they are in a stream).
TOGETHER = 4
#: Rounds that there are at least, however slow the networks are.
LEAST = 3
#: Seconds that threads which spin while they wait get to fall asleep, before others are measured.
_PAUSE = 0.01


@dataclass(frozen=True)
class Limits:
    """seconds: of measuring, all ways together, once they are loaded. load: the longest that one may take to load, and to
    answer once."""

    seconds: float = 10.0
    load: float = 120.0


def race(
    model: str, shape: Shape, ways: Sequence[Way], limits: Limits, progress: Callable[[str], None] = lambda text: None
) -> list[Measured]:
    """What each way takes, in their order. model: a name, or the path of a card. shape: (width, height) of the input.

    A way that fails has its error; the others are measured all the same.
    """
    return run_all([Measured(model, shape, way) for way in ways], limits, progress)


def run_all(
    found: list[Measured], limits: Limits, progress: Callable[[str], None] = lambda text: None
) -> list[Measured]:
    """The same for entries of any models and shapes, which are filled in."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rtskin-")))
        workers: dict[int, Worker] = {}
        for number, one in enumerate(found):
            progress(f"{one.model} {one.shape[0]}x{one.shape[1]}: loading {one.way}")
            worker = Worker({"card": one.model, "shape": list(one.shape), "way": one.way.to_json()})
            stack.callback(worker.close)
            if _tried(one, lambda w=worker, m=one, n=number: _load(w, m, folder / f"{n}.npy", limits.load)):  # type: ignore[misc]
                workers[number] = worker
        _differences(found, folder)
        progress(f"measuring {len(workers)} in turn")
        _rounds(found, workers, limits)
    return found


def _load(worker: Worker, one: Measured, answer: Path, timeout: float) -> None:
    said = worker.answer(timeout)
    one.info, one.load_s, one.first_ms = said["info"], said["load_s"], said["first_ms"]
    one.peak_mb = worker.ask({"answer": str(answer)}, timeout)["peak_mb"]
    # Once more to warm up: some runtimes look at what comes first and choose by it.
    worker.ask({"runs": 2}, timeout)


def _rounds(found: Sequence[Measured], workers: dict[int, Worker], limits: Limits) -> None:
    end, rounds = time.monotonic() + limits.seconds, 0
    while workers and (rounds < LEAST or time.monotonic() < end):
        order = list(workers)
        for number in order[rounds % len(order) :] + order[: rounds % len(order)]:
            one, worker = found[number], workers[number]
            if not _tried(one, lambda w=worker, m=one: _run(w, m, limits.load)):  # type: ignore[misc]
                del workers[number]
            time.sleep(_PAUSE)
        rounds += 1


def _run(worker: Worker, one: Measured, timeout: float) -> None:
    said = worker.ask({"runs": TOGETHER}, timeout)
    one.ms += said["ms"]
    one.peak_mb = said["peak_mb"]


def _tried(one: Measured, work: Callable[[], None]) -> bool:
    try:
        work()
    except WorkerFailed as error:
        one.error = str(error)
    return one.error is None


def _differences(found: Sequence[Measured], folder: Path) -> None:
    """The mean difference of each answer from the first one's."""
    first = None
    for number, one in enumerate(found):
        if one.error is not None:
            continue
        answer = np.load(folder / f"{number}.npy")
        first = answer if first is None else first
        one.difference = float(np.abs(answer - first).mean()) if answer.shape == first.shape else float("inf")
