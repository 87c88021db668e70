"""Who gives way to whom."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from rtskin.frame import Frame, Packet
from rtskin.graph import Graph
from rtskin.graph.priority import give_way

from .nodes import Call, Count

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has priorities by thread")


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


class Watched(Count):
    """A source that notes its thread's niceness."""

    def read(self) -> Frame | None:
        self.nice = niceness()
        return super().read()


class Feeding(Call):
    gives_way = True


@pytest.mark.parametrize("live", [False, True])
def test_what_feeds_the_others_gives_way_only_where_nothing_is_dropped(live: bool) -> None:
    seen: dict[str, int] = {}

    def note(name: str) -> Call:
        def function(packet: Packet) -> None:
            seen[name] = niceness()

        return (Feeding if name == "feeding" else Call)(function)

    source = Watched(live=live)
    graph = Graph().add("source", source).add("feeding", note("feeding")).add("other", note("other"))
    graph.connect("source", "feeding").connect("feeding", "other")
    for _ in graph:
        pass
    here = niceness()
    assert seen["other"] == here
    lowered = [source.nice > here, seen["feeding"] > here]
    assert lowered == ([False, False] if live else [True, True])


def test_the_main_thread_keeps_its_priority() -> None:
    before = niceness()
    give_way()
    assert niceness() == before
