"""Tables of bench.slow: what is judged, and its runs of the bundled pipelines."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from bench.slow import (
    FILES,
    LIVE,
    NETWORKS,
    PAIRED,
    Run,
    as_camera,
    file_rows,
    from_file,
    interleaved,
    live_rows,
    section,
)
from tests.capture.media import make_video


def runs(fps: float) -> dict[str, dict[str, list[Run]]]:
    return {"asleep": {"1": [Run(289, 10, 1), Run(289, 12, 1)], "5": [Run(289, fps, 1, keys=58)] * 2}}


@pytest.mark.parametrize(("fps", "met"), [(50, True), (40, False)])
def test_frames_a_second_against_the_same_rounds(fps: float, met: bool) -> None:
    every, fifth = file_rows(runs(fps))
    assert [str(cell) for cell in every] == ["asleep", "1", "11.0", "–", "–"]
    assert [cell.met for cell in fifth] == [None, None, None, met, None]
    assert fifth[3].text == f"{(fps / 10 + fps / 12) / 2:.2f} ({fps / 12:.2f} … {fps / 10:.2f})"
    assert str(fifth[4]) == "58 of 289"


@pytest.mark.parametrize(("shown", "met"), [(0.99, True), (0.9, False)])
def test_live_is_judged_where_masks_ride(shown: float, met: bool) -> None:
    one = Run(289, 30, shown, 20, 116, 4.2)
    paired, latest = live_rows({"asleep": {PAIRED: [Run(289, 12, 0.4, 115)], "latest": [one]}})
    assert [str(cell) for cell in paired] == ["asleep", PAIRED, "12.0", "40.0%", "115", "–", "–"]
    assert [cell.met for cell in latest] == [None, None, None, met, None, None, None]
    assert [cell.text for cell in latest[4:]] == ["20", "4.2", "116 of 289"]


def test_the_section() -> None:
    live = live_rows({"asleep": {PAIRED: [Run(289, 12, 0.4, 115)]}})
    text = section(file_rows(runs(40)), live, "80 ms, dog.mp4", 2, 0.1)
    assert "takes 80 ms, dog.mp4; medians of 2 interleaved rounds" in text
    assert "**3.67 (3.33 … 4.00)**" in text
    tables = [{line.count("|") for line in block.splitlines()} for block in text.split("\n\n") if block.startswith("|")]
    assert [len(one) for one in tables] == [1, 1]


def test_files(tmp_path: Path) -> None:
    """Around a network that takes no time."""
    found = interleaved(FILES, 0, 1, partial(from_file, make_video(tmp_path / "talk.mp4", 24)))
    assert list(found) == list(NETWORKS)
    for ways in found.values():
        keys = {name: one.keys for name, (one,) in ways.items()}
        assert 1 <= (keys.pop("auto") or 0) <= 24
        assert keys == {"1": None, "5": 5, "10": 3}
        assert all(one.frames == 24 and one.fps > 0 for (one,) in ways.values())


@pytest.mark.parametrize("name", LIVE)
def test_live(name: str, tmp_path: Path) -> None:
    settings = {"infer.model": "ellipse"}
    one = as_camera(make_video(tmp_path / "talk.mp4", 24), LIVE[name], settings)
    assert one.frames == 24
    assert one.fps > 0
    assert 0 < one.shown <= 1
    assert (one.lag is None) == (one.keys is None) == (name == PAIRED)
