"""Buffers that are used again: no large array is allocated a frame once a graph is warm.

A buffer goes back to its pool when the last array that looks into it is gone, so a caller who keeps a packet keeps its
pixels, and nobody has to release anything by hand.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
_Key = tuple[tuple[int, ...], np.dtype[Any]]

#: Spare buffers kept for one shape and dtype. More are in use at once only when a consumer hoards, and those are let go.
KEEP = 16
#: Shapes that a pool remembers: a stage needs fewer, and pictures of ever new sizes must not fill the memory.
SHAPES = 16


class BufferPool:
    """Uninitialised arrays by shape and dtype; safe from any thread (deque operations are atomic).

    >>> pool = BufferPool()
    >>> mask = pool.take((720, 1280), np.uint8)

    allocate: makes the arrays, where they are to lie in memory of a kind.
    """

    def __init__(
        self, keep: int = KEEP, allocate: Callable[[tuple[int, ...], np.dtype[Any]], Array] = np.empty
    ) -> None:
        self._keep, self._allocate = keep, allocate
        self._spare: dict[_Key, deque[Array]] = {}
        self._lock = threading.Lock()

    def take(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """An array of that shape and dtype with undefined contents, C-contiguous and writable."""
        key = (tuple(shape), np.dtype(dtype))
        spare = self._spare.get(key)
        if spare is None:
            spare = self._remember(key)
        try:
            owner = spare.pop()
        except IndexError:
            owner = self._allocate(*key)
        return np.asarray(_Lease(owner, spare))

    def _remember(self, key: _Key) -> deque[Array]:
        """A place for spare buffers; the oldest shape is forgotten (buffers in use go when they are let go)."""
        with self._lock:
            while len(self._spare) >= SHAPES:
                del self._spare[next(iter(self._spare))]
            return self._spare.setdefault(key, deque(maxlen=self._keep))


class _Lease:
    """Lends ``owner`` until the array made of this lease, and every view of that array, is gone.

    numpy keeps whatever answered ``__array_interface__`` alive as the ``base`` of the array and never looks through it,
    so this object dies exactly when the last view does.
    """

    __slots__ = ("__array_interface__", "_owner", "_spare")

    def __init__(self, owner: Array, spare: deque[Array]) -> None:
        self._owner, self._spare = owner, spare
        self.__array_interface__ = owner.__array_interface__

    def __del__(self) -> None:
        self._spare.append(self._owner)
