"""Kernels are compiled by several processes before a start, and nothing that happens to one of them harms it."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rtskin.kernels import ahead, jit, jobs
from rtskin.kernels.ahead import compile_ahead

WHOLE, REAL = "rtskin_tiny:whole", "rtskin_tiny:real"


def owners(folder: Path, kind: str) -> set[int]:
    """The processes that ran such a job."""
    return {int(path.name.partition("-")[2]) for path in folder.glob(f"{kind}-*")}


def refuse(self: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_it_is_done_once_and_said_once(tiny: Path) -> None:
    told: list[str] = []
    for _ in range(2):
        compile_ahead({WHOLE: 2.0, REAL: 1.0}, told.append, beside=0)
    assert told == ["compiling for this machine, once: 10 to 20 seconds"]
    assert jobs.done(WHOLE)
    assert jobs.done(REAL)
    kernel = importlib.import_module("rtskin_tiny").kernel
    assert len(kernel.signatures) == 2


def test_nothing_is_said_where_numba_has_it_all(tiny: Path) -> None:
    compile_ahead({WHOLE: 1.0}, lambda line: None, beside=0)
    for mark in tiny.rglob("rtskin-*.compiled"):
        mark.unlink()
    assert not jobs.done(WHOLE)
    sys.modules.pop("rtskin_tiny")  # as in another process
    told: list[str] = []
    compile_ahead({WHOLE: 1.0}, told.append, beside=1)
    assert told == []
    assert jobs.done(WHOLE)


def test_a_changed_module_is_compiled_anew(tiny: Path) -> None:
    compile_ahead({WHOLE: 1.0}, lambda line: None, beside=0)
    source = tiny / "rtskin_tiny.py"
    source.write_text(source.read_text() + "\n# changed\n")
    assert not jobs.done(WHOLE)


def test_another_process_takes_its_part(tiny: Path) -> None:
    compile_ahead({"rtskin_tiny:until_real": 2.0, REAL: 1.0}, lambda line: None, beside=1)
    assert owners(tiny, "whole") == {os.getpid()}
    assert len(owners(tiny, "real") - {os.getpid()}) == 1
    assert jobs.done(REAL)
    kernel = importlib.import_module("rtskin_tiny").kernel
    assert kernel(np.full(3, 2, np.float32), 2) == 12
    assert sum(kernel.stats.cache_hits.values()) == 1, "what the other one compiled was not loaded"


def test_a_process_that_dies_does_no_harm(tiny: Path) -> None:
    steps = {"rtskin_tiny:until_gone": 3.0, "rtskin_tiny:die": 2.0, REAL: 1.0}
    compile_ahead(steps, lambda line: None, beside=1)
    assert owners(tiny, "gone") - {os.getpid()}, "it did not die in the helper"
    assert owners(tiny, "real") == {os.getpid()}
    assert jobs.done(REAL)
    assert not jobs.done("rtskin_tiny:die")


def test_a_process_that_is_killed_does_no_harm(tiny: Path) -> None:
    steps = {"rtskin_tiny:until_gone": 3.0, "rtskin_tiny:killed": 2.0, REAL: 1.0}
    told: list[str] = []
    compile_ahead(steps, told.append, beside=1)
    assert owners(tiny, "gone") - {os.getpid()}, "it was not killed in the helper"
    assert owners(tiny, "real") == {os.getpid()}
    assert jobs.done(REAL)
    assert not jobs.done("rtskin_tiny:killed")
    assert len(told) == 1


def test_a_process_that_hangs_is_not_waited_for(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "PATIENCE", 0.2)
    compile_ahead({"rtskin_tiny:until_gone": 3.0, "rtskin_tiny:hang": 2.0}, lambda line: None, beside=1)
    (pid,) = owners(tiny, "gone")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_without_a_second_process(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_WORKER", [str(tiny / "no such program")])
    compile_ahead({WHOLE: 2.0, REAL: 1.0}, lambda line: None, beside=1)
    assert jobs.done(WHOLE)
    assert jobs.done(REAL)


def test_a_kernel_that_cannot_be_compiled_is_left_to_its_caller(tiny: Path) -> None:
    compile_ahead({"rtskin_tiny:fail": 2.0, REAL: 1.0}, lambda line: None, beside=0)
    assert not jobs.done("rtskin_tiny:fail")
    assert jobs.done(REAL)


def test_a_folder_without_room_for_marks(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Path, *args: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    told: list[str] = []
    with monkeypatch.context() as patched:
        patched.setattr(Path, "touch", refused)
        patched.setattr("rtskin_tiny.whole", lambda: importlib.import_module("rtskin_tiny").kernel(np.ones(1), 1))
        compile_ahead({WHOLE: 1.0}, told.append, beside=0)
    assert len(told) == 1
    assert not jobs.done(WHOLE)


def test_where_numba_can_keep_nothing_it_is_said_and_nobody_helps(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("numba.core.caching._CacheLocator.ensure_cache_path", refuse)
    started: list[object] = []
    monkeypatch.setattr(subprocess, "Popen", started.append)
    told: list[str] = []
    compile_ahead({WHOLE: 2.0, REAL: 1.0}, told.append, beside=2)
    assert told == [
        "compiling, as at every start: 20 seconds and more, since numba finds no folder to keep it in; "
        "set NUMBA_CACHE_DIR to one that can be written"
    ]
    assert not started
    assert len(importlib.import_module("rtskin_tiny").kernel.signatures) == 2
    assert not (tiny / "numba").exists()


def test_a_disk_without_room_is_said_and_kernels_work(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: object, path: str) -> None:
        raise OSError(28, "No space left on device", path)

    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile._open_for_write", full)
    monkeypatch.setattr(jit, "_unwritten", [])
    told: list[str] = []
    compile_ahead({WHOLE: 2.0, REAL: 1.0}, told.append, beside=0)
    assert len(told) == 2
    assert "could not be kept (No space left on device: " in told[1]
    assert told[1].endswith("; make room there, or set NUMBA_CACHE_DIR to one that can be written")
    kernel = importlib.import_module("rtskin_tiny").kernel
    assert kernel(np.ones(3, np.int64), 2) == 6
    assert len(kernel.signatures) == 2


@pytest.mark.parametrize("ending", [".nbi", ".nbc"])
@pytest.mark.parametrize("damage", [b"", b"no pickle", None])
def test_what_is_damaged_or_half_there_is_compiled_anew(tiny: Path, ending: str, damage: bytes | None) -> None:
    """None: it is not there, as where a process was killed between the two files of a kernel."""
    compile_ahead({WHOLE: 1.0}, lambda line: None, beside=0)
    sys.modules.pop("rtskin_tiny")  # as in another process
    kernel = importlib.import_module("rtskin_tiny").kernel
    (spoilt,) = (tiny / "numba").rglob(f"*{ending}")
    if damage is None:
        spoilt.unlink()
    else:
        spoilt.write_bytes(damage)
    assert kernel(np.ones(3, np.int64), 3) == 9
    assert sum(kernel.stats.cache_misses.values()) == 1
    sys.modules.pop("rtskin_tiny")
    kernel = importlib.import_module("rtskin_tiny").kernel
    assert kernel(np.ones(3, np.int64), 3) == 9
    assert sum(kernel.stats.cache_hits.values()) == 1, "it was not written anew"


def test_two_first_starts_at_once(tiny: Path) -> None:
    code = (
        f"from rtskin.kernels.ahead import compile_ahead; compile_ahead({ {WHOLE: 2.0, REAL: 1.0}!r}, print, beside=1)"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in both:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
        assert said == ""
    assert jobs.done(WHOLE)
    assert jobs.done(REAL)
