"""A runtime that is as slow as one wants and sees a blurred disc in every picture: for tests and benchmarks."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from rtskin.errors import InputError
from rtskin.infer.runtimes.base import F32, Array, Runtime, RuntimeInfo
from rtskin.infer.runtimes.clock import burner
from rtskin.infer.runtimes.per_thread import PerThread
from rtskin.preprocess.fit import Shape

#: How much later than asked Linux wakes a sleeper (its timer slack, and the way back into Python): slept that much less,
#: a delay of 5 ms is right within 1 % instead of 2 %.
_WAKES_LATE_NS = 70_000


class FakeRuntime(Runtime):
    """Answers the same scores after ``delay_ms``; runs any card, weights or not.

    options: ``delay_ms`` (0 or more); ``burn`` (keep a core busy for that time, without the GIL, instead of sleeping);
    ``fail_at`` (the n-th run, from 1, raises RuntimeError; the warm-up is not counted).
    """

    name: ClassVar[str] = "fake"
    needs_weights: ClassVar[bool] = False
    defaults: ClassVar[Mapping[str, Any]] = {"delay_ms": 0.0, "burn": False, "fail_at": None}

    def _load(self, device: str, threads: int | None) -> None:
        self._delay_ns = _nanoseconds(self.options["delay_ms"])
        self._burn = burner() if self.options["burn"] else None
        self._fail_at: int | None = self.options["fail_at"]
        self._runs = itertools.count(1)  # next() on it is atomic
        channels = max(self.card.output.channel + 1, len(self.card.output.classes))
        self._scores = {shape: _disc(shape, channels) for shape in self.shapes}
        # Real runtimes write over a thread's last answer too.
        self._answers: PerThread[Shape, F32] = PerThread(lambda shape: np.empty_like(self._scores[shape]))
        self.info = RuntimeInfo(self.name, "cpu", "none", 1)

    def run(self, tensor: Array, prior: F32 | None = None) -> F32:
        until = time.monotonic_ns() + self._delay_ns
        if next(self._runs) == self._fail_at:
            raise RuntimeError(f"the fake runtime was told to fail at run {self._fail_at}")
        output = self._answer((tensor.shape[3], tensor.shape[2]))
        self._wait(until)
        return output

    def warm_up(self, shape: Shape | None = None) -> F32:
        self._wait(0)
        return self._answer(shape or self.shapes[0])

    def _answer(self, shape: Shape) -> F32:
        output = self._answers(shape)
        np.copyto(output, self._scores[shape])
        return output

    def _wait(self, until: int) -> None:
        if self._burn is not None:
            self._burn(until)
        elif (left := until - _WAKES_LATE_NS - time.monotonic_ns()) > 0:
            time.sleep(left * 1e-9)


def _nanoseconds(milliseconds: object) -> int:
    if not isinstance(milliseconds, int | float) or not 0 <= milliseconds < float("inf"):
        raise InputError(f"delay_ms is milliseconds, 0 or more, not {milliseconds!r}")
    return round(milliseconds * 1e6)


def _disc(shape: Shape, channels: int) -> F32:
    """1×C×h×w: a disc in the middle, half the height across, 1 inside, falling to 0 over a twentieth of the height."""
    width, height = shape
    y, x = np.mgrid[:height, :width]
    distance = np.hypot((x + 0.5) / width - 0.5, (y + 0.5) / height - 0.5)
    disc = np.clip((0.275 - distance) / 0.05, 0, 1).astype(np.float32)
    return np.ascontiguousarray(np.broadcast_to(disc, (1, channels, height, width)))
