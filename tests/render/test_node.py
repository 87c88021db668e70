"""The render node: switching views."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from rtskin.graph import Graph
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
