"""Loads numba without scipy: a start that has nothing else to do with scipy is 0.3 s shorter."""

from __future__ import annotations

import sys
from importlib.util import find_spec


def load_numba() -> None:
    """Import numba, and its code for arrays. To be called before anybody else imports it, and while no other thread imports
    anything: so by a program, not a library.

    That code imports scipy.linalg only to see whether it is there, which decides how np.convolve and np.correlate multiply
    in a kernel; that is set right afterwards. What needs scipy imports it when it does.
    """
    if "scipy" in sys.modules or "numba.np.arraymath" in sys.modules:
        return
    there = find_spec("scipy") is not None
    sys.modules["scipy"] = None  # type: ignore[assignment]  # Python's way to say: not now
    try:
        from numba.np import arraymath
    finally:
        del sys.modules["scipy"]
    if hasattr(arraymath, "_HAVE_BLAS"):
        arraymath._HAVE_BLAS = there
