"""What the C library does with large blocks that are given back."""

from __future__ import annotations

import contextlib
import ctypes

#: mallopt's numbers (glibc, malloc.h).
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
#: Bytes. Smaller than a plane of 4K; pictures of live video are smaller, and are faster from memory that is kept.
LARGE = 4 << 20


def give_back_large_blocks() -> bool:
    """From now on blocks of LARGE bytes go back to the system when they are freed; False where that cannot be said.

    glibc learns from the first large block that is freed to keep such blocks, up to 32 MB each, in the arena of the thread
    that asked for them. Pictures of 4K come and go in many threads, so every arena ends up with holes of some: a render held
    1.1 GB where it now holds 0.7, and more with every segment. It is a setting of the process, so the command line makes it.
    A fresh block costs its page faults, 1 ms for 8 MB.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):  # another system, or another C library
        mallopt = ctypes.CDLL(None).mallopt
        return bool(mallopt(_MMAP_THRESHOLD, LARGE)) and bool(mallopt(_TRIM_THRESHOLD, LARGE))
    return False
