"""rtskin roi, and the view of what it says, on small media."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin import paths
from rtskin.cli.roi_options import HandsBy
from rtskin.cli.roi_spec import with_hands, with_plot
from rtskin.errors import GraphSpecError
from rtskin.graph.spec import GraphSpec, read_spec
from rtskin.media import av, cv2
from tests.cli.conftest import Outcome, times
from tests.cli.test_verbs import started

Rtskin = Callable[..., Outcome]
FAST = ("--pace", "max", "--model", "ellipse", "--smooth", "none", "--labels", "none")


def messages(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def edges(spec: GraphSpec) -> set[tuple[str, str]]:
    return {(edge.source, edge.target) for edge in spec.edges}


@pytest.fixture
def spec() -> GraphSpec:
    return read_spec(paths.find("pipelines", "gesture_roi"))[0]


def test_several_outputs_get_the_same(rtskin: Rtskin, clip: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    outcome = rtskin("roi", clip, *FAST, "--out", one, "--out", two)
    assert outcome.status == 0, outcome.err
    assert [message["seq"] for message in messages(one)] == list(range(20))
    assert one.read_text() == two.read_text()


def test_a_message_every_few_frames(rtskin: Rtskin, clip: Path) -> None:
    outcome = rtskin("roi", clip, *FAST, "--message-every", 8, "--mirrored")
    said = [json.loads(line) for line in outcome.out.splitlines()]
    assert [message["seq"] for message in said] == [0, 8, 16]
    assert all(message["mirrored"] for message in said)


def test_a_part_of_a_file(rtskin: Rtskin, clip: Path) -> None:
    said = [json.loads(line) for line in rtskin("roi", clip, *FAST, "--start", "5f", "--end", "9f").out.splitlines()]
    whole = [json.loads(line) for line in rtskin("roi", clip, *FAST).out.splitlines()]
    assert [message["pts"] for message in said] == [message["pts"] for message in whole[5:9]]
    wrong = rtskin("roi", clip, *FAST, "--start", "9f", "--end", "5f")
    assert wrong.status != 0
    assert "\n" not in wrong.err.strip()


def test_only_some_labels(rtskin: Rtskin, clip: Path) -> None:
    """Nothing is labelled here, so that all regions are other."""
    for only, some in (("other", True), ("hand,face", False)):
        lines = rtskin("roi", clip, *FAST, "--only", only).out.splitlines()
        assert len(lines) == 20
        assert any(json.loads(line)["rois"] for line in lines) is some


def test_zones_and_sizes(rtskin: Rtskin, clip: Path) -> None:
    for options, some in (
        (("--ignore", "0,0 1,0 1,1 0,1"), False),
        (("--ignore", "0,0 1,0 0,1", "--ignore", "1,0 1,1 0,1"), False),
        (("--min-size", "95%"), False),
        (("--max-size", "1px"), False),
        (("--min-size", "2px", "--max-regions", "1"), True),
    ):
        lines = rtskin("roi", clip, *FAST, *options).out.splitlines()
        assert len(lines) == 20, options
        assert any(json.loads(line)["rois"] for line in lines) is some, options


def test_crops_are_jpegs(rtskin: Rtskin, clip: Path) -> None:
    import base64

    said = [json.loads(line) for line in rtskin("roi", clip, *FAST, "--crops").out.splitlines()]
    crops = [roi["crop"] for message in said for roi in message["rois"]]
    assert crops
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(crops[0]), np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape[0] == picture.shape[1] > 0


def test_the_schema_is_printed(rtskin: Rtskin) -> None:
    outcome = rtskin("roi", "--schema")
    assert outcome.status == 0
    schema = json.loads(outcome.out)
    assert {"v", "seq", "rois", "events"} <= set(schema["properties"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--only", "hands"], "no label is called 'hands'; did you mean hand"),
        (["--ignore", "0,0 1,1"], "zone"),
        (["--min-size", "big"], "'big' is no size"),
        (["--out", "smtp://host"], "smtp"),
        (["--plot", "tracks.jpg"], r"ends in \.png"),
        (["--labels", "guess"], "guess"),
        (["--message-every", "0"], "message-every|0"),
    ],
)
def test_bad_options_are_one_line(rtskin: Rtskin, clip: Path, options: list[str], message: str) -> None:
    outcome = rtskin("roi", clip, "--pace", "max", "--model", "ellipse", *options)
    assert outcome.status == 2, outcome.err
    import re

    assert re.search(message, outcome.err), outcome.err
    assert "Traceback" not in outcome.err


def test_a_plot_of_the_tracks(rtskin: Rtskin, clip: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need the extra plot")
    plot = tmp_path / "tracks.png"
    arguments = ("roi", clip, *FAST, "--out", os.devnull, "--plot", plot)
    assert rtskin(*arguments).status == 0
    assert cv2.imread(str(plot)).shape[1] == 1400
    before = plot.read_bytes()
    outcome = rtskin(*arguments)
    assert (outcome.status, plot.read_bytes()) == (1, before)
    assert "exists already" in outcome.err
    assert rtskin(*arguments, "--overwrite").status == 0


def test_ctrl_c_leaves_a_plot(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need the extra plot")
    plot = tmp_path / "tracks.png"
    process = started("roi", "pattern:64x48@30?frames=0", *FAST[2:], "--plot", plot)
    assert process.stdout is not None
    assert process.stdout.readline().startswith('{"v"')
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    assert cv2.imread(str(plot)) is not None
    assert list(tmp_path.iterdir()) == [plot]


def test_live_and_render_show_regions(rtskin: Rtskin, clip: Path, tmp_path: Path) -> None:
    live, render = tmp_path / "live.mkv", tmp_path / "render.mkv"
    fast = ("--model", "ellipse", "--smooth", "none", "--view")
    assert rtskin("live", clip, "--pace", "max", "--sink", live, *fast, "rois").status == 0
    assert rtskin("render", clip, render, *fast, "rois").status == 0
    assert rtskin("render", clip, tmp_path / "plain.mkv", *fast, "overlay").status == 0
    assert times(render) == pytest.approx(times(clip), abs=1e-6)
    assert len(times(live)) == 20
    shown = last_picture(render)
    assert np.abs(last_picture(live).astype(int) - shown).mean() < 3  # the same regions; another encoding
    assert np.abs(last_picture(tmp_path / "plain.mkv").astype(int) - shown).mean() > 3


def last_picture(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        *_, last = container.decode(video=0)
        return np.asarray(last.to_ndarray(format="bgr24"))


def test_hands_are_put_before_the_feed(spec: GraphSpec) -> None:
    more = with_hands(spec, HandsBy.MEDIAPIPE)
    assert edges(more) - edges(spec) == {("roi", "hands"), ("hands", "feed")}
    assert edges(spec) - edges(more) == {("roi", "feed")}
    assert with_hands(more, HandsBy.MEDIAPIPE) == more
    assert with_hands(more, None) == more
    less = with_hands(more, HandsBy.NONE)
    assert (edges(less), set(less.nodes)) == (edges(spec), set(spec.nodes))


def test_the_plot_is_of_what_the_feed_gets(spec: GraphSpec) -> None:
    assert with_plot(spec, None, False) == spec
    plotted = with_plot(with_hands(spec, HandsBy.MEDIAPIPE), Path("tracks.png"), True)
    assert ("hands", "plot") in edges(plotted)
    assert plotted.nodes["plot"].options == {"path": "tracks.png", "overwrite": True}


def test_a_pipeline_without_a_feed_says_so(spec: GraphSpec) -> None:
    other = read_spec(paths.find("pipelines", "live_overlay"))[0]
    with pytest.raises(GraphSpecError, match="no edge into a node 'feed'"):
        with_plot(other, Path("tracks.png"), False)


def test_the_network_says_what_a_region_is(rtskin: Rtskin, clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    assert rtskin("roi", clip, *FAST[:-2], "--out", out).status == 0
    rois = [roi for message in messages(out) for roi in message["rois"]]
    assert rois
    assert all(roi["label_score"] > 0.3 for roi in rois)
    assert len({(roi["id"], roi["label"]) for roi in rois}) <= 2 * len({roi["id"] for roi in rois})
