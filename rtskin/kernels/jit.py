"""numba's njit for our kernels: they are kept on disk where that can be, and work all the same where it cannot.

numba itself raises where it finds no folder to write to (a read-only system without a home), where what it kept is damaged,
and where the disk is full. Here such a kernel is compiled, and what was wrong is remembered, to be told by
rtskin.kernels.ahead.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numba
from numba.core.caching import FunctionCache

from rtskin.errors import reason

log = logging.getLogger("rtskin.kernels")

#: Why a kernel could not be written, the last time that happened in this process.
_unwritten: list[str] = []


def njit(signature: Any = None, *, cache: bool = False, **options: Any) -> Callable[[Any], Any]:
    """As numba.njit, as a decorator with brackets."""

    def compiled(function: Any) -> Any:
        kernel = numba.njit(**options)(function)
        if cache:
            with suppress(RuntimeError):  # of numba: there is no place for it
                kernel._cache = _Kept(function)
        if signature is not None:
            kernel.compile(signature)
            kernel.disable_compile()
        return kernel

    return compiled


def unwritten() -> str | None:
    """Why what was compiled in this process is not all kept on disk; None where it is, or has no place at all."""
    return _unwritten[-1] if _unwritten else None


class _Kept(FunctionCache):  # type: ignore[misc]
    """What numba keeps of a kernel on disk."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception as error:  # whatever a damaged file makes numba raise
            log.debug("%s is damaged, and compiled anew: %s", self, error)
            with suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except OSError as error:
            _unwritten.append(f"{reason(error)}: {self.cache_path}")
