"""What swscale cuts off."""

from __future__ import annotations

from rtskin.frame import U8
from rtskin.kernels.jit import njit


@njit("void(u1[::1])", nogil=True, cache=True)
def lift(values: U8) -> None:
    """Adds 1 in place to all that is neither 0 nor 255: black stays black."""
    for index in range(values.size):
        value = values[index]
        values[index] = value + ((value != 0) & (value != 255))
