"""The render node: switching views."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from pathlib import Path

import pytest

from rtskin.errors import InputError, SourceError
from rtskin.frame import U8, Mask
from rtskin.graph import Graph
from rtskin.node import Context
from rtskin.registry import VIEWS
from rtskin.render.node import Render

from .conftest import disc, make_mask


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Views of others after "cutout" and "matte": one whose module is not there, one whose module raises."""
    (tmp_path / "rtskin_test_broken.py").write_text("raise ZeroDivisionError('at import')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(VIEWS._places, "d-missing", "rtskin_test_not_there:view")
    monkeypatch.setitem(VIEWS._places, "n-broken", "rtskin_test_broken:view")


@pytest.mark.usefixtures("broken")
def test_next_passes_by_views_that_cannot_be_loaded(caplog: pytest.LogCaptureFixture) -> None:
    graph = Graph().add("render", Render(view="cutout"))
    node = graph.nodes["render"]
    assert isinstance(node, Render)
    seen = []
    with caplog.at_level(logging.WARNING, "rtskin.render"):
        for _ in range(5):
            assert graph.command("view", "next")
            seen.append(node.process(make_mask(disc())).view)
    assert seen == ["heat", "matte", "overlay", "pixelate", "rois"]
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 2
    assert messages[0].startswith(
        "view d-missing is left out, it cannot be loaded: ModuleNotFoundError: No module named"
    )
    assert messages[1].endswith("ZeroDivisionError: at import")


def test_the_only_view_stays(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(VIEWS, "names", lambda: ["matte"])
    node = Render(view="matte")
    with caplog.at_level(logging.INFO, "rtskin.render"):
        assert node.command("view", "next")
    assert node.view == "matte"
    assert "there is no other view than matte" in caplog.text


@pytest.fixture
def closing(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which were closed: of the views test-a and test-b, which remember something, and test-breaks, which cannot begin."""
    closed: list[str] = []

    def add(name: str, breaks: bool = False) -> None:
        class Held:
            def __init__(self) -> None:
                if breaks:
                    raise SourceError("its file is not there any more")

            def __call__(self, picture: U8, mask: Mask, out: U8) -> U8:
                if waiting[0] is not None:
                    entered.set()
                    assert waiting[0].wait(10)
                assert name not in closed
                return picture

            def close(self) -> None:
                closed.append(name)

        monkeypatch.setitem(VIEWS._loaded, name, Held)

    for name in ("test-a", "test-b"):
        add(name)
    add("test-breaks", breaks=True)
    return closed


#: While it is set, views of ``closing`` wait for it; and whether one does.
waiting: list[threading.Event | None] = [None]
entered = threading.Event()


def test_what_is_replaced_is_closed_once_when_no_frame_is_in_it(closing: list[str]) -> None:
    node, let_go = Render(view="test-a"), threading.Event()
    waiting[0] = let_go
    entered.clear()
    shown: list[str] = []
    worker = threading.Thread(target=lambda: shown.append(node.process(make_mask(disc())).view))
    try:
        worker.start()
        assert entered.wait(10)
        node.set("view", "test-b")
        assert closing == []
    finally:
        waiting[0] = None
        let_go.set()
        worker.join(10)
    assert (shown, closing) == (["test-a"], ["test-a"])
    node.close()
    node.close()
    assert closing == ["test-a", "test-b"]
    node.set("view", "test-a")  # a key that came late
    assert closing == ["test-a", "test-b", "test-a"]


def test_a_view_that_cannot_begin_leaves_the_one_before_and_nothing_open(closing: list[str]) -> None:
    node = Render(view="test-a", threshold=0.5)
    with pytest.raises(SourceError, match="not there any more"):
        node.set("view", "test-b+test-breaks")
    assert (node.options.view, node.view, closing) == ("test-a", "test-a", ["test-b"])
    node.set("threshold", 0.3)
    assert (node.options.view, node.options.threshold, closing) == ("test-a", 0.3, ["test-b"])
    assert node.process(make_mask(disc())).view == "test-a"


def test_a_view_that_remembers_is_refused_where_several_workers_render(closing: list[str]) -> None:
    node = Render(view="overlay")
    node.open(Context(workers=2))
    with pytest.raises(InputError, match="'test-a' keeps state from frame to frame, and 2 workers render"):
        node.set("view", "test-a")
    assert (node.view, closing) == ("overlay", ["test-a"])
    node.set("view", "matte")
    alone = Render(view="overlay")
    alone.set("view", "test-a")
    assert not alone.reentrant


def test_a_graph_tells_how_many_workers_there_are(closing: list[str]) -> None:
    graph = Graph().add("source", "source", uri="pattern:64x48@30?frames=300", pace="max")
    graph.add("preprocess", "preprocess").add("infer", "infer", model="ellipse").add("refine", "refine")
    graph.add("render", "render", workers=2).add("sink", "null")
    for one, other in itertools.pairwise(["source", "preprocess", "infer", "refine", "render", "sink"]):
        graph.connect(one, other)
    with graph:
        graph.start()
        while not graph.statistics().frames["rendered"]:
            time.sleep(0.005)
        with pytest.raises(InputError, match="2 workers render"):
            graph.set("render", "view", "test-a")


def test_two_threads_change_views_while_frames_go_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each view that was made is closed once, none while a frame is in it."""
    made: list[list[int]] = []

    class Held:
        def __init__(self) -> None:
            self.closed = [0]
            made.append(self.closed)

        def __call__(self, picture: U8, mask: Mask, out: U8) -> U8:
            assert self.closed == [0]
            return picture

        def close(self) -> None:
            self.closed[0] += 1

    monkeypatch.setitem(VIEWS._loaded, "test-held", Held)
    node = Render(view="test-held")

    def change(view: str) -> None:
        for _ in range(50):
            node.set("view", view)

    threads = [threading.Thread(target=change, args=(view,)) for view in ("test-held", "test-held+overlay")]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        node.process(make_mask(disc()))
    node.close()
    assert len(made) == 101
    assert all(closed == [1] for closed in made)
