"""What a caller says of the input's size: "live", "still", "small", or one of its own."""

from __future__ import annotations

import re
from typing import Any, Literal, cast

from rtskin.errors import InputError
from rtskin.infer.card_input import CardInput, listed, times
from rtskin.preprocess.fit import Shape

#: "live": the card's shapes for video. "still": its shapes for single images, where more time may be spent. Both follow
#: the frame's aspect. "small": three quarters of the sides of "live". (width, height): always that one.
Size = Literal["live", "still", "small"] | Shape


#: Of an input: more is a slip of the hand, and would take all memory.
MOST_PIXELS = 4096 * 4096


def parse_size(size: Any) -> Size:
    """A size as it is written: "live", "still", "small", "416x224", (416, 224) or [416, 224]; InputError for others."""
    if size in ("live", "still", "small"):
        return cast(Size, size)
    if isinstance(size, str) and (found := re.fullmatch(r"(\d{1,5})[xX×](\d{1,5})", size)):
        size = (int(found[1]), int(found[2]))
    if isinstance(size, tuple | list) and len(size) == 2 and all(type(side) is int and side > 0 for side in size):
        if size[0] * size[1] > MOST_PIXELS:
            raise InputError(f"an input of {size[0]}x{size[1]} is too large; give at most 4096x4096")
        return (size[0], size[1])
    raise InputError(f"no input size is called {size!r}; there are: live, still, small, or WIDTHxHEIGHT (416x224)")


def shapes_for(card: CardInput, size: Size) -> tuple[Shape, ...]:
    """The shapes (width, height) to choose from; InputError for a size that no network of this card can take."""
    if size == "live":
        return card.live
    if size == "still":
        return card.stills
    if size == "small":
        return card.smalls
    if size in card.all_shapes or not any(side % card.multiple for side in size):
        return (size,)
    width, height = (max(1, round(side / card.multiple)) * card.multiple for side in size)
    raise InputError(
        f"the network takes sides that are multiples of {card.multiple}, not {times(size)}; use {times((width, height))}, "
        f"or a shape of its card ({listed(card.all_shapes)})"
    )
