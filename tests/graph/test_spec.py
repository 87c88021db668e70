"""Pipelines as data: what a TOML may say, and where its errors are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtskin.errors import GraphSpecError, RtskinError, UnknownNameError
from rtskin.graph import Graph, GraphSpec
from rtskin.registry import NODES
from tests.graph.nodes import Call, Collect, Count

NODES.register("test-count")(Count)
NODES.register("test-call")(Call)
NODES.register("test-collect")(Collect)

GOOD = """description = "a test"
edges = ["source -> a -> sink"]

[nodes.source]
kind = "test-count"
frames = 7

[nodes.a]
kind = "test-call"
workers = 2

[nodes.sink]
kind = "test-collect"
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "graph.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_file_becomes_a_graph_that_runs(tmp_path: Path) -> None:
    graph = Graph.from_toml(write(tmp_path, GOOD))
    assert graph.run().frames["rendered"] == 7


def test_settings_change_options_and_whole_nodes(tmp_path: Path) -> None:
    settings = {"source.frames": 3, "a.workers": 1, "sink": {"kind": "test-call"}}
    graph = Graph.from_toml(write(tmp_path, GOOD), settings)
    assert [packet.frame.seq for packet in graph] == [0, 1, 2]


def test_edges_may_be_tables_with_port_policy_and_size() -> None:
    spec = GraphSpec.parse({"edges": [{"from": "a", "to": "pair.mask", "policy": "drop", "size": 5}]})
    assert (spec.edges[0].target, spec.edges[0].policy, spec.edges[0].size) == ("pair.mask", "drop", 5)


def test_extended_adds_nodes_and_replaces_edges() -> None:
    spec = GraphSpec.parse({"edges": ["a -> b -> c"]}).extended({"d": {"kind": "x"}}, ["b -> d -> c"], [("b", "c")])
    assert spec.nodes["d"].kind == "x"
    assert [(edge.source, edge.target) for edge in spec.edges] == [("a", "b"), ("b", "d"), ("d", "c")]


@pytest.mark.parametrize(
    ("before", "after", "line", "message"),
    [
        ("frames = 7", "framse = 7", 6, "no option 'framse'; did you mean frames"),
        ("frames = 7", 'frames = "many"', 6, "Count.frames: .*integer"),
        ('kind = "test-call"', 'kind = "test-cal"', 9, "no node kind is called 'test-cal'; did you mean test-call"),
        ("workers = 2", "workers = 0", 10, "greater than or equal to 1"),
        ('"source -> a -> sink"', '"source -> a -> snk"', 2, "'snk', which is not there; did you mean sink"),
        ('"source -> a -> sink"', '"source -> a -> sink", "a -> a"', 2, "both lead into 'a'"),
        ('"source -> a -> sink"', '"source"', 2, "an edge is written"),
        ('"source -> a -> sink"', '{ from = "source", too = "a" }', 2, "unknown key|lacks 'to'"),
        ("description", "descripton", 1, "unknown key 'descripton'; did you mean description"),
        ('kind = "test-collect"', "", 12, "lacks 'kind'"),
        ("frames = 7", "frames = ", 6, "Invalid value"),
        ("frames = 7", "options = 5", 6, "options: .*dictionary"),
        ('"source -> a -> sink"', '"source.x -> a -> sink"', 2, "an edge is written"),
    ],
)
def test_an_error_names_the_line_and_the_nearest_name(
    tmp_path: Path, before: str, after: str, line: int, message: str
) -> None:
    path = write(tmp_path, GOOD.replace(before, after))
    with pytest.raises(GraphSpecError, match=message) as caught:
        Graph.from_toml(path)
    assert f"{path}:{line}:" in str(caught.value) or f"at line {line}" in str(caught.value)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("surce.frames", "no node is called 'surce'; did you mean source"),
        ("source.framse", "no option 'framse'; did you mean frames"),
        ("source.frames.deep", "nothing is below it"),
    ],
)
def test_a_setting_that_fits_nothing_is_an_error(tmp_path: Path, key: str, message: str) -> None:
    with pytest.raises(RtskinError, match=message):
        Graph.from_toml(write(tmp_path, GOOD), {key: 1})


def test_a_file_cannot_import_a_path(tmp_path: Path) -> None:
    with pytest.raises(GraphSpecError, match="no node kind is called 'os:system'"):
        Graph.from_toml(write(tmp_path, GOOD.replace("test-call", "os:system")))


def test_a_pipeline_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RtskinError, match="there is no pipeline at"):
        Graph.from_toml(tmp_path / "no.toml")
    with pytest.raises(UnknownNameError, match="no pipeline is called 'live_overlya'; did you mean live_overlay"):
        Graph.from_toml("live_overlya")


def test_a_binary_file_is_not_a_pipeline(tmp_path: Path) -> None:
    path = tmp_path / "graph.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(GraphSpecError, match="cannot be read"):
        Graph.from_toml(path)


def test_a_line_is_named_also_when_settings_change_other_keys(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("frames = 7", "framse = 7"))
    with pytest.raises(GraphSpecError, match=rf"{path}:6: .*no option 'framse'"):
        Graph.from_toml(path, {"a.workers": 3})


def test_an_option_that_a_constructor_does_not_know(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("workers = 2", "wrkers = 2"))
    with pytest.raises(GraphSpecError, match=rf"{path}:8: node 'a': .*'wrkers'"):
        Graph.from_toml(path)


def test_a_whole_node_and_then_one_of_its_options(tmp_path: Path) -> None:
    settings = {"source": {"kind": "test-count"}, "source.frames": 2}
    assert Graph.from_toml(write(tmp_path, GOOD), settings).run().frames["rendered"] == 2


def test_a_node_without_workers_is_refused() -> None:
    with pytest.raises(GraphSpecError, match="at least one worker, not 0"):
        Graph().add("a", Call(), workers=0)
