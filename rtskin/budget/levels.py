"""What a live graph can give up to keep up, from the best masks to the cheapest."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Level:
    """every: the network looks at every so many frames, and masks ride between (rtskin.smooth.pair). light: the cheap
    temporal filter. small: the small input of the network."""

    every: int = 1
    light: bool = False
    small: bool = False

    def __str__(self) -> str:
        often = "the network on every frame" if self.every == 1 else f"the network every {self.every} frames"
        return ", ".join([often, *["light smoothing"] * self.light, *["small input"] * self.small])


#: In the order in which masks suffer: a filter that is a little less steady, masks that are carried along (with a network
#: every 5 frames, IoU 0.01 to 0.02 less), and last an input that shows less (mobile-unet on hgr: 0.79 instead of 0.86).
LEVELS = (
    Level(),
    *(Level(every, light=True) for every in (1, 2, 4, 8)),
    *(Level(every, light=True, small=True) for every in (8, 16)),
)


def levels(*, light: bool, small: bool) -> tuple[Level, ...]:
    """The levels there are where the filter (``light``) and the input (``small``) may be given up, or may not."""
    return tuple(dict.fromkeys(Level(one.every, one.light and light, one.small and small) for one in LEVELS))
