"""What a caller says of a network's classes: "hair", "skin,hair", "!background", "person"."""

from __future__ import annotations

from collections.abc import Sequence

from rtskin.errors import InputError, nearest
from rtskin.infer.cards import Card

#: Class names, one or more; in one string separated by commas. None: the class of the card.
Classes = str | Sequence[str]

#: Everything but this is the person, where a network has it.
BACKGROUND, PERSON = "background", "person"


def channels_for(card: Card, classes: Classes | None) -> tuple[int, ...]:
    """The channels of the network's output whose probabilities are added up, each once.

    classes: names from the card. ``!name`` stands for all but that one; "person" for all but the background, where no class
    is called so. InputError names the nearest for one that the network does not know.
    """
    if classes is None:
        return (card.output.channel,)
    known = _channels(card)
    asked = [name.strip() for name in (classes.split(",") if isinstance(classes, str) else classes)]
    found = [channel for name in asked if name for channel in _of(card, name, known)]
    if not found:
        raise InputError(f"name one class or more; {card.name!r} has: {', '.join(known)}")
    return tuple(dict.fromkeys(found))


def _channels(card: Card) -> dict[str, int]:
    """By name; a card that names one class says by ``channel`` where it is."""
    names = card.output.classes
    return {names[0]: card.output.channel} if len(names) == 1 else {name: index for index, name in enumerate(names)}


def _of(card: Card, name: str, known: dict[str, int]) -> list[int]:
    if name in known:
        return [known[name]]
    left_out = BACKGROUND if name == PERSON else name.removeprefix("!").strip()
    if left_out in known and (name == PERSON or name.startswith("!")):
        return [channel for other, channel in known.items() if other != left_out]
    asked = PERSON if name == PERSON else left_out
    groups = [PERSON] if BACKGROUND in known else []
    raise InputError(f"{card.name!r} has no class {asked!r}{nearest(asked, [*known, *groups])}")
