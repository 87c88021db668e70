"""The benchmarks of live judge what they are meant to judge."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench import cycles, live
from bench.cycles import Sample
from bench.stage import repeat
from rtskin.capture import open_source
from rtskin.media import av


def test_a_video_is_repeated_without_a_break(tmp_path: Path) -> None:
    given, out = tmp_path / "given.mp4", tmp_path / "out.mp4"
    with av.open(str(given), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for picture in open_source("pattern:64x48@10?frames=7"):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture.bgr, format="bgr24")))
        container.mux(stream.encode())
    repeat(given, out, 2.0)
    with open_source(str(out)) as source:
        times = [frame.time for frame in source]
    assert len(times) == 21
    assert np.diff(np.array(times, float)) == pytest.approx(0.1, abs=1e-3)


def test_when_the_latency_was_back() -> None:
    at = np.arange(0, 20, 1 / 30)
    late = np.where((at > 5) & (at < 10.4), 90.0, 20.0)
    assert live.back_after(at, late, 10.0, 50.0) == pytest.approx(0.4, abs=0.06)
    assert live.back_after(at, np.full_like(late, 90.0), 10.0, 50.0) == float("inf")


def test_within_the_budget_but_not_as_before_is_not_back() -> None:
    at = np.arange(0, 20, 1 / 30)
    late = np.where(at < 12, 45.0, 20.0)
    assert live.back_after(at, late, 10.0, 40.0) == pytest.approx(2.0, abs=0.06)


def test_a_few_quick_frames_after_a_gap_are_not_back() -> None:
    at = np.concatenate([np.arange(0, 10, 1 / 30), [10.1, 10.2, 10.3], np.arange(13, 20, 1 / 30)])
    assert live.back_after(at, np.full(len(at), 20.0), 10.0, 50.0) > 2.5


def test_a_process_that_grows_is_found() -> None:
    still = [Sample(number, 5 + number % 2, 9, 200.0) for number in range(0, 400, 10)]
    growing = [Sample(number, 5 + number // 100, 9 + number // 100, 200 + number * 0.1) for number in range(0, 400, 10)]
    assert [cell.met for cell in cycles.row("still", still, 0.1)[1:]] == [True, True, None, True, None]
    assert [cell.met for cell in cycles.row("growing", growing, 0.1)[1:]] == [False, False, None, False, None]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="/proc says what a process holds")
def test_graphs_start_and_stop_and_models_change() -> None:
    assert list(cycles.cycles(2)) == [1, 2]
    samples = cycles.sampled(cycles.switches(2), 2)
    assert [one.times for one in samples] == [1, 2]
    assert min(one.threads for one in samples) > 1
