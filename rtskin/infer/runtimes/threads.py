"""How many threads a runtime takes on a CPU."""

from __future__ import annotations

import logging
import os

from rtskin.errors import InputError

log = logging.getLogger("rtskin.infer")


def cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1))


def default_threads(available: int | None = None) -> int:
    """Intra-op threads of a CPU session.

    One on two cores or fewer, since decoding and rendering fill the other. Measured with a network of 4.8 ms, 720p at
    full pace, against one thread: two that sleep while they wait, 0.95 to 1.03 of the frames a second for 0.3 to 0.9 ms
    more CPU a frame (of 12); two that spin, 0.77 for 5.5 ms more; two workers of one thread each, 0.93 to 0.97. Above
    that half the cores, four at most: the networks are small and gain little beyond.
    """
    available = available or cores()
    return 1 if available <= 2 else min(4, available // 2)


def check_threads(threads: int | None) -> None:
    """InputError below 1. More than there are cores is done as asked, with a warning: it is slow, but not wrong."""
    if threads is None:
        return
    if threads < 1:
        raise InputError(f"threads must be at least 1, not {threads}")
    if threads > (available := cores()):
        log.warning(
            "%d threads on %d cores take turns and wait for each other; use at most %d", threads, available, available
        )
