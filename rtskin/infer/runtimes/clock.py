"""Burning a core for a given time without holding the GIL, as a real network does."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from functools import cache

import numba
import numpy as np

from rtskin.errors import RuntimeUnavailableError


@cache
def burner() -> Callable[[int], None]:
    """A function that keeps its thread busy until ``time.monotonic_ns()`` reaches its argument; compiled once, in 0.3 s.

    The clock is read inside the compiled loop: a loop of calibrated length would run over whenever its core is taken away.
    """
    if not hasattr(time, "clock_gettime"):
        raise RuntimeUnavailableError("the fake runtime can burn a core on Linux and macOS only; leave out burn")
    read = ctypes.CDLL(None).clock_gettime
    read.argtypes, read.restype = (ctypes.c_int, ctypes.c_void_p), ctypes.c_int
    clock = time.CLOCK_MONOTONIC

    @numba.njit("void(int64)", nogil=True)  # a pointer into libc cannot be cached on disk
    def burn(until: int) -> None:
        now = np.zeros(2, np.int64)  # timespec: seconds, nanoseconds
        while now[0] * 1_000_000_000 + now[1] < until:
            read(clock, now.ctypes.data)

    return burn
