"""The run of very many frames: every filter is in it, and one that hoards is found."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
import pytest

from bench import endless
from rtskin.frame import Scores
from rtskin.registry import SMOOTHERS

needs_linux = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="/proc says how much memory is in use")


def test_every_filter_is_in_it() -> None:
    assert {*SMOOTHERS.names(), "auto"} - {"none"} <= set(endless.works())


def test_the_stream_cuts_and_changes_its_size() -> None:
    frames = list(endless.stream(2 * endless.SIZED))
    assert [scores.frame.seq for scores in frames] == list(range(2 * endless.SIZED))
    assert len({scores.data.shape for scores in frames}) == 2
    lumas = [scores.frame.picture.luma() for scores in frames[:: endless.SHOWN]]
    changes = [float(np.abs(one.astype(int) - other).mean()) for one, other in zip(lumas[1:], lumas, strict=False)]
    cut = endless.SCENE - 1
    assert changes[cut] > 2 * max(changes[:cut])


@needs_linux
@pytest.mark.parametrize("name", endless.works())
def test_frames_go_through_it(name: str) -> None:
    row = endless.run(150, endless.works()[name], name)
    assert len(row.megabytes) == len(endless.POINTS)
    assert min(row.megabytes) > 10
    assert row.what.endswith("priors") or row.what.startswith("2 resets")


@needs_linux
def test_one_that_hoards_is_found() -> None:
    def hoarder() -> endless.Work:
        # Of the system's: what the allocator has left over from before would take an array without growing.
        hoard: list[mmap.mmap] = []

        def keep(scores: Scores) -> None:
            hoard.append(mmap.mmap(-1, 800_000))
            hoard[-1].write(b"1" * 800_000)

        return keep, lambda: "hoarded"

    def clean() -> endless.Work:
        return lambda scores: scores.data.sum(), lambda: ""

    rows = [endless.run(100, hoarder, "bad"), endless.run(100, clean, "good")]
    assert rows[0].growth > 60
    assert abs(rows[1].growth) < endless.GROWTH
    bad, good = endless.report(rows, 100).splitlines()[-2:]
    assert f"**+{rows[0].growth:.1f}**" in bad
    assert "**" not in good


def test_scores_are_what_the_node_takes() -> None:
    assert all(isinstance(scores, Scores) and scores.data.dtype == np.float32 for scores in endless.stream(3))
