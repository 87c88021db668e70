from __future__ import annotations

import pytest

from rtskin.errors import GraphSpecError
from rtskin.frame import Frame, Mask
from rtskin.graph import Graph
from tests.graph.nodes import Call, Collect, Count, Join, Sample, chain


class Window(Collect):
    main_thread = True


class FramesOnly(Call):
    takes = (Frame,)


class Masks(Call):
    gives = Mask


class Some(Call):
    emits = "some"


def join_graph(*, live: bool = True, left: Call | None = None) -> Graph:
    graph = Graph().add("source", Count(live=live)).add("a", left or Call()).add("b", Call()).add("join", Join())
    return graph.connect("a", "join.left").connect("b", "join.right")


def test_two_branches_of_a_live_source_that_meet_share_one_slot() -> None:
    graph = join_graph().connect("source", "a").connect("source", "b")
    groups = graph.check().groups()
    assert [(sorted(link.target for link in g.entrances), g.nodes) for g in groups] == [
        (["a", "b"], ["a", "b", "join"])
    ]


def test_a_source_that_leads_straight_into_the_join_shares_the_slot_too() -> None:
    graph = Graph().add("source", Count(live=True)).add("join", Join()).add("a", Call())
    graph.connect("source", "join.right").connect("source", "a").connect("a", "join.left")
    (group,) = graph.check().groups()
    assert [link.target for link in group.entrances] == ["a", "join"]


def test_branches_of_a_live_source_that_never_meet_have_slots_of_their_own() -> None:
    graph = Graph().add("source", Count(live=True)).add("a", Collect()).add("b", Collect())
    groups = graph.connect("source", "a").connect("source", "b").check().groups()
    assert [group.nodes for group in groups] == [["a"], ["b"]]


def test_a_sampled_port_separates_groups() -> None:
    graph = Graph().add("source", Count(live=True)).add("infer", Call()).add("pair", Sample()).add("sink", Collect())
    graph.connect("source", "infer").connect("source", "pair.frame").connect("infer", "pair.mask").connect(
        "pair", "sink"
    )
    assert [group.nodes for group in graph.check().groups()] == [["infer"], ["pair", "sink"]]


def test_offline_nothing_is_dropped_so_there_is_no_slot() -> None:
    assert chain(Count(live=False), Collect()).check().groups() == []


def test_the_main_sink_is_one_that_no_dropping_edge_leads_to() -> None:
    graph = Graph().add("source", Count()).add("recorder", Collect()).add("sink", Collect())
    graph.connect("source", "recorder", policy="drop").connect("source", "sink")
    assert graph.check().leaves == ["sink", "recorder"]


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (lambda: join_graph().connect("source", "a", policy="drop").connect("source", "b"), "would starve.*source->a"),
        (lambda: join_graph(left=Some()).connect("source", "a").connect("source", "b"), "would starve.*node 'a'"),
        (lambda: join_graph().add("two", Count()).connect("source", "a").connect("two", "b"), "would starve.*'two'"),
        (lambda: join_graph().connect("source", "a"), "nothing leads into 'b'"),
        (lambda: chain(Count(), Call(), Collect()).connect("source", "a"), "both lead into 'a'"),
        (lambda: chain(Count(), Collect()).connect("source", "snk"), "'snk', which is not there; did you mean sink"),
        (lambda: join_graph().connect("source", "join.lft"), "no port 'lft'; did you mean left"),
        (lambda: chain(Count(), Collect()).connect("sink", "source"), "'source', which is a source"),
        (lambda: chain(Count(), Collect()).add("y", Call()).connect("sink", "y"), "'sink', which is a sink"),
        (lambda: Graph().add("a", Call()).add("b", Call()).connect("a", "b").connect("b", "a"), "no source"),
        (
            lambda: Graph().add("s", Count()).add("a", Call()).add("b", Call()).connect("a", "b").connect("b", "a"),
            "cycle: 'a' -> 'b' -> 'a'",
        ),
        (lambda: chain(Count(), Masks(), FramesOnly(), Collect()), "'a' gives Mask, but 'b' takes Frame"),
        (lambda: Graph().add("s", Count()).add("k", Collect(), workers=2).connect("s", "k"), "only one of 'workers'"),
        (
            lambda: Graph().add("s", Count()).add("v", Window()).add("w", Window()).connect("s", "v").connect("s", "w"),
            "main thread, not 'v' and 'w'",
        ),
    ],
)
def test_a_graph_that_cannot_run_is_refused_with_its_reason(graph, message: str) -> None:
    with pytest.raises(GraphSpecError, match=message):
        graph().check()
