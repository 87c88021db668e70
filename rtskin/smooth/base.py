"""What a temporal filter is, and the one that does nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from rtskin.errors import InputError
from rtskin.frame import F32, U8, Frame

if TYPE_CHECKING:
    from rtskin.smooth.ahead import Ahead


class Smoother(ABC):
    """Takes the masks of a stream in order and gives steadier ones. Used by one thread at a time.

    strength: 0 … 1, how strongly to steady; 0.5 suits most.
    """

    def __init__(self, strength: float = 0.5) -> None:
        if not 0 <= strength <= 1:
            raise InputError(f"the strength of smoothing is {strength}; it goes from 0 (none) to 1")
        self.strength = strength

    @abstractmethod
    def apply(self, data: F32 | U8, dt: float | None, frame: Frame) -> F32 | U8:
        """The steadied mask, of the same shape and dtype as ``data``.

        data: H×W, float32 in 0 … 1 or uint8 in 0 … 255; it is not written into, and the result may be ``data`` itself.
        dt: seconds since the mask before (None: not known, or there was none since the last reset).
        frame: the frame the mask belongs to, for filters that look at the picture.
        """

    @abstractmethod
    def reset(self) -> None:
        """Forget everything: the next mask has nothing to do with the ones before (a cut, another model)."""

    def take_over(self, before: Smoother) -> None:
        """Go on where another filter of the same stream stands, which is used no more. One that cannot starts afresh."""
        self.reset()

    def look_ahead_with(self, ahead: Ahead) -> bool:
        """Ask this for motion from now on, which it may have already; False for a filter that asks for none."""
        return False


class NoSmoother(Smoother):
    """Gives every mask back as it came."""

    def apply(self, data: F32 | U8, dt: float | None, frame: Frame) -> F32 | U8:
        return data

    def reset(self) -> None:
        pass
