"""``rtskin live`` with several sinks at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rtskin.cli.live_sinks import sink_nodes
from rtskin.errors import InputError
from tests.cli.conftest import Outcome, times

Rtskin = Callable[..., Outcome]

SOURCE = "pattern:160x120@30?frames=20"


def test_every_sink_gets_the_pictures(rtskin: Rtskin, tmp_path: Path) -> None:
    one, two, stats = tmp_path / "one.mkv", tmp_path / "two.mp4", tmp_path / "stats.json"
    sinks = ["--sink", one, "--sink", two, "--sink", "null", "--pace", "max"]
    outcome = rtskin("live", SOURCE, "--model", "ellipse", *sinks, "--stats", stats)
    assert outcome.status == 0, outcome.err
    assert len(times(one)) == len(times(two)) == 20
    nodes = json.loads(stats.read_text())["nodes"]
    assert nodes["sink-3"]["counters"]["frames"] == 20


def test_live_a_slow_sink_loses_pictures_and_holds_no_other_up(rtskin: Rtskin, tmp_path: Path) -> None:
    stats = tmp_path / "stats.json"
    outcome = rtskin(
        "live", SOURCE, "--model", "ellipse", "--sink", "null", "--sink", tmp_path / "one.mkv", "--stats", stats
    )
    assert outcome.status == 0, outcome.err
    figures = json.loads(stats.read_text())
    first, second = (figures["nodes"][name]["counters"]["frames"] for name in ("sink", "sink-2"))
    assert 1 <= second <= first


def test_a_window_goes_first_and_nothing_is_named_twice() -> None:
    assert [node["kind"] for node in sink_nodes(["a.mkv", "window", "null"], False)] == ["window", "file", "null"]
    assert sink_nodes(["a.mkv"], True)[0]["overwrite"] is True
    with pytest.raises(InputError, match=r"--sink a\.mkv is said twice"):
        sink_nodes(["a.mkv", "a.mkv"], False)
    with pytest.raises(InputError, match="--sink window is said twice"):
        sink_nodes(["window", "null", "window"], False)


def test_wrong_views_and_sinks_say_so_before_anything_starts(rtskin: Rtskin) -> None:
    outcome = rtskin("live", SOURCE, "--view", "overlay:alpha=7", "--sink", "null")
    assert outcome.status == 2
    assert "view overlay.alpha" in outcome.err
    outcome = rtskin("live", SOURCE, "--sink", "ftp://host/x")
    assert outcome.status == 2
    assert "write rtmp://" in outcome.err
