"""A start that is ended while it compiles ends at once, with everything that it started."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from rtskin.kernels.ahead import compile_ahead
from rtskin.kernels.interrupt import ends_at_once

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")

#: The way of a verb: rtskin.cli.main says what an interrupted one says.
CODE = """
import sys
from rtskin.kernels.ahead import compile_ahead
try:
    compile_ahead({jobs!r}, print, beside=1)
except KeyboardInterrupt:
    sys.stderr.write("rtskin: interrupted\\n")
    sys.exit(1)
"""
#: Both processes are busy as LLVM is; both wait where Python hears signals.
DEAF = {"rtskin_tiny:deaf": 2.0, "rtskin_tiny:stays": 1.0}
HEARING = {"rtskin_tiny:until_gone": 3.0, "rtskin_tiny:hang": 2.0, "rtskin_tiny:hang_here": 1.0}


@contextmanager
def begun(tiny: Path, jobs: dict[str, float], mark: str) -> Iterator[subprocess.Popen[str]]:
    """A process that compiles, once a job has left that mark in it. Whatever a test finds, nothing of it stays."""
    process = subprocess.Popen(
        [sys.executable, "-c", CODE.format(jobs=jobs)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        until(lambda: (tiny / f"{mark}-{process.pid}").exists() or process.poll() is not None)
        assert process.poll() is None
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stderr:
            process.stderr.close()


def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def is_gone(pid: int) -> bool:
    """Also where it only waits for somebody to ask how it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def helper(tiny: Path, mark: str) -> int:
    (path,) = tiny.glob(f"{mark}-*")
    return int(path.name.partition("-")[2])


@pytest.mark.skipif(not Path("/proc").exists(), reason="asks /proc who is there")
@pytest.mark.parametrize(("jobs", "mark", "helps"), [(DEAF, "deaf", "hangs"), (HEARING, "here", "gone")])
def test_ctrl_c_ends_it_and_its_helpers(tiny: Path, jobs: dict[str, float], mark: str, helps: str) -> None:
    with begun(tiny, jobs, mark) as process:
        child = helper(tiny, helps)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)  # and not the minutes that its jobs take
        assert (process.returncode, said) == (1, "rtskin: interrupted\n")
        until(lambda: is_gone(child))


@pytest.mark.skipif(not Path("/proc").exists(), reason="asks /proc who is there")
def test_helpers_end_with_whoever_started_them(tiny: Path) -> None:
    with begun(tiny, DEAF, "deaf") as process:
        child = helper(tiny, "hangs")
        process.kill()
        assert process.wait(timeout=60) == -signal.SIGKILL
        until(lambda: is_gone(child))
    # What was compiled before is there, and what was under way harms nobody.
    compile_ahead({"rtskin_tiny:whole": 1.0}, print, beside=0)
    hits = importlib.import_module("rtskin_tiny").kernel.stats.cache_hits
    assert sum(hits.values()) == 1


def test_who_handles_ctrl_c_goes_on_doing_so() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        with ends_at_once(lambda: heard.append(-1)):
            os.kill(os.getpid(), signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [signal.SIGINT]


def test_without_ctrl_c_nothing_stays_behind() -> None:
    with ends_at_once(lambda: None):
        wakeup = signal.set_wakeup_fd(-1)
        signal.set_wakeup_fd(wakeup)
        assert wakeup != -1
    assert signal.set_wakeup_fd(-1) == -1
