"""What readers are told where only some labels are sent: it fits together, whatever labels do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rtskin.frame import RegionEvent, Regions
from rtskin.roi import thinned
from rtskin.roi.thinned import Thinned
from tests.roi.made import HAND, regions


def told(through: Thinned, *frames: tuple[str | None, Sequence[tuple[str, str]]]) -> list[list[tuple[str, str]]]:
    """(kind, label) of the events of each message; frames: the label of region 1 (None: not there), and its events."""
    said = []
    for seq, (label, events) in enumerate(frames):
        found = [] if label is None else [replace(HAND, label=label)]
        packet = regions(seq, *found, events=tuple(RegionEvent(kind, 1, of) for kind, of in events))
        message = through(packet)
        if message is not None:
            said.append([(event.kind, event.label) for event in message.events])
    return said


def test_a_label_that_comes_and_goes_is_found_and_lost() -> None:
    said = told(
        Thinned(only=["hand"]),
        ("other", [("found", "other")]),
        ("hand", []),
        ("hand", []),
        ("face", []),
        ("hand", []),
        (None, [("lost", "hand")]),
    )
    assert said == [[], [("found", "hand")], [], [("lost", "hand")], [("back", "hand")], [("lost", "hand")]]


def test_what_was_never_told_of_is_never_lost() -> None:
    """It was a hand when it was found, and when it is lost; in between nobody saw a hand."""
    assert told(Thinned(only=["hand"]), ("face", [("found", "hand")]), (None, [("lost", "hand")])) == [[], []]


def test_what_comes_back_was_there_before() -> None:
    hand = Thinned(only=["hand"])
    back = [("hand", []), (None, [("lost", "hand")]), ("hand", [("back", "hand")])]
    assert told(hand, *back) == [[("found", "hand")], [("lost", "hand")], [("back", "hand")]]
    # To these readers it is new.
    again = [("other", []), (None, [("lost", "other")]), ("hand", [("back", "hand")])]
    assert told(Thinned(only=["hand"]), *again) == [[], [], [("found", "hand")]]


def test_between_messages_nothing_of_it_is_lost() -> None:
    frames = [("hand", []), ("face", []), ("hand", []), ("hand", [])]
    assert told(Thinned(3, ["hand"]), *frames) == [[("found", "hand")], [("lost", "hand"), ("back", "hand")]]


def test_without_labels_all_is_as_it_came() -> None:
    events = (RegionEvent("lost", 7, "face"),)
    message = Thinned()(regions(0, HAND, events=events))
    assert isinstance(message, Regions)
    assert (message.events, len(message.regions)) == (events, 1)


def test_its_memory_has_an_end() -> None:
    through = Thinned(only=["hand"])
    for number in range(thinned.REMEMBERED + 50):
        lost = (RegionEvent("lost", number - 1, "hand"),)
        through(regions(number, replace(HAND, id=number), events=lost))
    assert len(through._once) == thinned.REMEMBERED
    assert len(through._shown) == 1
