"""The bundled pipelines, rewired so that masks ride."""

from __future__ import annotations

from typing import Any

import pytest

from rtskin import paths
from rtskin.errors import GraphSpecError, InputError
from rtskin.graph import Graph, GraphSpec
from rtskin.graph.spec import read_spec
from rtskin.riding import NODE, ROOM, with_every, with_latest

FILES, LIVE = ("masks", "offline_render"), ("live_overlay", "gesture_roi")


def spec_of(name: str, **settings: Any) -> GraphSpec:
    return read_spec(paths.find("pipelines", name))[0].override(
        {key.replace("_", ".", 1): one for key, one in settings.items()}
    )


def edges_of(spec: GraphSpec) -> set[tuple[str, str]]:
    return {(edge.source, edge.target) for edge in spec.edges}


@pytest.mark.parametrize("name", FILES + LIVE)
def test_without_it_nothing_changes(name: str) -> None:
    spec = spec_of(name)
    assert with_every(spec, None) is spec


@pytest.mark.parametrize("name", FILES + LIVE)
@pytest.mark.parametrize("every", [1, "7", "auto"])
def test_where_every_frame_is_taken_it_lies_in_the_way(name: str, every: Any) -> None:
    spec = with_every(spec_of(name, source_pace="max"), every)
    assert spec.nodes[NODE].kind == "propagate"
    assert {("infer", NODE), (NODE, "smooth")} < edges_of(spec)
    assert ("infer", "smooth") not in edges_of(spec)
    sizes = {(edge.source, edge.target): edge.size for edge in spec.edges}
    room = ROOM if every == "auto" else int(every) + 1
    assert sizes["preprocess", "infer"] == sizes["infer", NODE] == room
    Graph(spec).check()


@pytest.mark.parametrize("name", FILES + LIVE)
@pytest.mark.parametrize("every", ["7", "auto"])
def test_where_frames_come_as_they_come_it_lies_beside_the_network(name: str, every: Any) -> None:
    spec = with_every(spec_of(name, source_pace="source"), every)
    assert spec.nodes[NODE].kind == "pair"
    assert {("source", f"{NODE}.frame"), ("infer", f"{NODE}.scores"), (NODE, "smooth")} < edges_of(spec)
    assert ("infer", "smooth") not in edges_of(spec)
    Graph(spec).check()


@pytest.mark.parametrize("name", LIVE)
def test_live_with_every_frame_each_frame_waits_for_its_own(name: str) -> None:
    spec = spec_of(name)
    assert with_every(spec, "1") is spec
    assert with_latest(spec).nodes[NODE].kind == "pair"


def test_options_reach_the_node() -> None:
    assert with_every(spec_of("masks"), 5, change=0.2, cuts=False).nodes[NODE].build(NODE).options.change == 0.2
    assert with_every(spec_of("live_overlay"), "auto", rate=25).nodes[NODE].build(NODE).options.rate == 25


@pytest.mark.parametrize("name", FILES + LIVE)
@pytest.mark.parametrize("wrong", [0, 61, "often", "5.0", -1, True])
def test_what_cannot_be_every(name: str, wrong: Any) -> None:
    with pytest.raises(InputError, match="every is a number of frames, 1 to 60, or auto"):
        with_every(spec_of(name), wrong)


def test_what_is_to_repeat_does_not_go_by_the_clock() -> None:
    with pytest.raises(InputError, match="would not always give the same masks; give a number"):
        with_every(spec_of("masks"), "auto", repeats=True)
    # Live nothing repeats.
    assert with_every(spec_of("masks", source_pace="source"), "auto", repeats=True).nodes[NODE].kind == "pair"


@pytest.mark.parametrize(("change", "kind"), [(with_every, "propagate"), (with_latest, "pair")])
def test_a_pipeline_that_is_wired_in_another_way(change: Any, kind: str) -> None:
    spec = GraphSpec.parse(
        {
            "nodes": {"source": {"kind": "source", "uri": "pattern:", "pace": "max"}, "infer": {"kind": "infer"}},
            "edges": ["source -> infer"],
        }
    )
    with pytest.raises(GraphSpecError, match=f"no edge 'infer' -> 'smooth'; put a node of the kind '{kind}' into it"):
        change(spec, 5)
