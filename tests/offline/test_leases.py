"""One owner at a time, whatever dies."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from rtskin.offline import leases as module
from rtskin.offline.leases import Lease, Leases


def wait_until(true: object) -> None:
    deadline = time.monotonic() + 60
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def foreign(folder: Path, name: str, generation: int = 1) -> Path:
    """The lease of a process on another machine, which is silent."""
    path = folder / f"{name}.{generation}"
    path.write_text(json.dumps({"host": "elsewhere", "pid": 1, "started": "1", "frames": 7}))
    return path


def test_a_lease_has_one_owner_until_it_is_released(tmp_path: Path) -> None:
    leases = Leases(tmp_path, 60)
    lease = leases.claim("a")
    assert lease is not None
    assert Leases(tmp_path, 60).claim("a") is None
    other = leases.claim("b")
    assert other is not None
    lease.release()
    again = leases.claim("a")
    assert again is not None
    for held in (again, other):
        held.release()
    assert not list(tmp_path.iterdir())


def test_of_many_who_ask_at_once_one_gets_it(tmp_path: Path) -> None:
    foreign(tmp_path, "a")
    everybody = [Leases(tmp_path, 0.2) for _ in range(8)]
    for leases in everybody:
        assert leases.claim("a") is None  # seen for the first time
    time.sleep(0.4)
    start, got = threading.Barrier(8), []

    def ask(leases: Leases) -> None:
        start.wait()
        if (lease := leases.claim("a")) is not None:
            got.append(lease)

    threads = [threading.Thread(target=ask, args=(leases,)) for leases in everybody]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
    got[0].release()


def test_a_heartbeat_keeps_it_and_silence_loses_it(tmp_path: Path) -> None:
    held = Leases(tmp_path, 0.6).claim("a")
    assert held is not None
    path, other = next(tmp_path.glob("a.*")), Leases(tmp_path, 2)
    content = path.read_bytes()
    wait_until(lambda: path.read_bytes() != content)
    held.release()
    foreign(tmp_path, "a")
    assert other.claim("a") is None
    assert other.frames() == 7
    wait_until(lambda: (lease := other.claim("a")) is not None and (lease.release() or True))


def test_a_dead_process_of_this_machine_is_replaced_at_once(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from rtskin.offline.leases import Leases;"
        f"Leases(Path({str(tmp_path)!r}), 3600).claim('a'); os.kill(os.getpid(), 9)"
    )
    dead = subprocess.Popen([sys.executable, "-c", code])
    # Not waited for: a process that nobody has asked how it ended is dead all the same.
    wait_until(lambda: (lease := Leases(tmp_path, 3600).claim("a")) is not None and (lease.release() or True))
    dead.wait()


def test_who_was_silent_for_too_long_notices_that_it_was_replaced(tmp_path: Path) -> None:
    lease = Leases(tmp_path, 0.3).claim("a")
    assert lease is not None
    foreign(tmp_path, "a", generation=2)
    wait_until(lambda: lease.lost)
    lease.release()
    assert [path.name for path in tmp_path.iterdir()] == ["a.2"]  # the other's stays


def test_who_works_here_is_told_at_one_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leases = Leases(tmp_path, 60)
    assert leases.holder() is None
    with monkeypatch.context() as patched:
        patched.setattr(module.time, "sleep", pytest.fail)  # so nothing waits
        lease = leases.claim("a")
        assert lease is not None
        with lease:
            foreign(tmp_path, "b")
            assert leases.holder() == f"process {os.getpid()} on {socket.gethostname()}"
        (tmp_path / "b.1").unlink()
        (tmp_path / "c.1").write_text(json.dumps({**module._me(), "started": "1"}))
        assert leases.holder() is None, "a dead process of this machine"


def test_who_is_elsewhere_works_here_as_long_as_it_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.3)
    monkeypatch.setattr(module, "_LOOK", 0.02)
    path, leases = foreign(tmp_path, "a"), Leases(tmp_path, 60)
    assert leases.holder() is None, "silent: its machine lost its power"
    (tmp_path / "b.1").write_bytes(b"")
    assert leases.holder() is None, "the same, before it was on the disk"
    monkeypatch.setattr(module, "_PATIENCE", 60)
    for happens in (
        lambda: module.write_bytes(path, path.read_bytes().replace(b"7", b"8"), overwrite=True),  # a heartbeat
        lambda: foreign(tmp_path, "b", generation=2),
        path.unlink,
    ):
        beat = threading.Timer(0.1, happens)
        beat.start()
        assert "on elsewhere" in str(leases.holder())
        beat.join()


def test_a_process_of_the_same_number_is_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    me = module._me()
    (tmp_path / "a.1").write_text(json.dumps({**me, "started": "1"}))
    lease = Leases(tmp_path, 3600).claim("a")
    assert isinstance(lease, Lease)
    lease.release()
