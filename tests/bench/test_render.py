"""Tables of bench.render, bench.hold and bench.kills: what is judged, and that they see what they say."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.hold import GROWTH, resident, tenths
from bench.hold import row as held
from bench.kills import wait_for_last_pass
from bench.render import Pass, Swing, cores, row


def test_what_is_possible_is_the_slowest_stage_or_the_cores() -> None:
    by_stage = Pass("masks", 40, 1.0, {"infer": 20.0, "decoding": 4.0})
    assert (by_stage.slowest, by_stage.possible, by_stage.share) == ("infer", 50, 0.8)
    by_cores = Pass("masks", 40, 100.0 * cores(), {"infer": 2.0})
    assert by_cores.possible == pytest.approx(10)
    assert row([by_stage])[-1].met is False
    assert row([by_stage, by_cores, by_cores])[-1].met is True


def test_the_beginning_of_a_pass_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    swing = Swing()
    for count in range(1, 101):
        clock[0] += 1.0 if count <= 40 else 0.1
        swing(count)
    assert swing.figures()[0] == pytest.approx(10)


def test_growth_from_the_second_tenth_on_is_judged() -> None:
    looks = [("masks", n, 100.0 + (0 if n < 10 else 50)) for n in range(100)]
    parts = tenths([*looks, ("output", 1, 900.0)], "masks")
    assert parts == [100.0] + [150.0] * 9
    assert held("masks", parts)[-1].met is True  # type: ignore[attr-defined]
    assert held("masks", [*parts[:9], 151 + GROWTH])[-1].met is False  # type: ignore[attr-defined]
    assert tenths(looks[:9], "masks") == []


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux: /proc says what a process holds")
def test_memory_of_processes_that_were_started_counts() -> None:
    alone = resident(os.getpid())
    code = "import sys; held = b'x' * 60_000_000; print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        both = resident(os.getpid())
    assert both - alone > 55


def test_a_last_pass_that_was_killed_before_is_not_the_one_that_is_waited_for(tmp_path: Path) -> None:
    finish = tmp_path / "out.mp4.work" / "finish"
    finish.mkdir(parents=True)
    os.utime(finish, (1, 1))
    code = f"import os, time; time.sleep(0.3); os.utime({str(finish)!r}); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        begun = time.monotonic()
        wait_for_last_pass(process, tmp_path / "out.mp4")
        assert time.monotonic() - begun >= 0.3
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
