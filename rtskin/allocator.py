"""What the C library (glibc) does with memory that is given back. All are settings of the process, so the command line
makes them, not the graph; other systems and C libraries have no such settings, and need none."""

from __future__ import annotations

import contextlib
import ctypes

#: mallopt's numbers (glibc, malloc.h).
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -3, -4, -8
#: Bytes. Smaller than a plane of 4K; pictures of live video are smaller, and are faster from memory that is kept.
LARGE = 4 << 20
#: Heaps that threads share.
ARENAS = 2
#: The most that mallopt takes.
_MOST = 2**31 - 1


def give_back_large_blocks() -> bool:
    """From now on blocks of LARGE bytes go back to the system when they are freed; False where that cannot be said.

    glibc learns from the first large block that is freed to keep such blocks, up to 32 MB each, in the heap of the thread
    that asked for them. Pictures of 4K come and go in many threads, so every heap ends up with holes of some: a render held
    1.3 GB where it now holds 0.8, and more with every segment. A fresh block costs its page faults, 1 ms for 8 MB.
    """
    return _set(_MMAP_THRESHOLD, LARGE) and _set(_TRIM_THRESHOLD, LARGE)


def keep_large_blocks() -> bool:
    """From now on all that is freed stays with the process, in one heap; False where that cannot be said.

    For trainings: the tensors of a step are of tens of megabytes, which glibc takes from the system and gives back each
    time, and a fresh block costs its page faults. Two fifths of a training's processor time went there.
    """
    return _set(_MMAP_MAX, 0) and _set(_TRIM_THRESHOLD, _MOST) and _set(_ARENA_MAX, 1)


def share_heaps() -> bool:
    """From now on threads share ARENAS heaps, instead of up to eight a core; False where that cannot be said.

    A graph starts its threads anew each time, and what one leaves in the heap of a thread that has ended is of little use to
    the next: with a heap for each, a process that starts and stops graphs grows by 30 to 60 kB a time (the live pipeline),
    with two by 13. It costs no time: the graph's pictures are pooled.
    """
    return _set(_ARENA_MAX, ARENAS)


def _set(number: int, value: int) -> bool:
    with contextlib.suppress(OSError, AttributeError, TypeError):
        return bool(ctypes.CDLL(None).mallopt(number, value))
    return False
