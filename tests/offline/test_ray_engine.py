"""Workers on a Ray cluster: the same bytes, also when a node dies in the middle of a segment."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rtskin.errors import InputError, MissingExtraError
from rtskin.offline import ray_engine
from rtskin.offline.finish import finish
from rtskin.offline.folder import WorkFolder
from rtskin.offline.ray_engine import NodeWorker, make_masks
from rtskin.offline.worker import Worker

from ..capture.media import make_video
from .conftest import Planned

HAS_RAY = "ray is not installed: pip install 'rtskin[ray]'"


def digests(folder: WorkFolder) -> list[str]:
    return [record.sha256 for segment in folder.segments if (record := folder.record(segment)) is not None]


def wait_until(condition: Any, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_without_ray_the_extra_is_named(planned: Planned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"--engine ray needs ray: pip install 'rtskin\[ray\]'"):
        make_masks(planned(), None, None, threading.Event(), lambda frames: None)


def test_a_cluster_that_is_not_there_is_said_at_once(planned: Planned) -> None:
    pytest.importorskip("ray", reason=HAS_RAY)
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(InputError, match=rf"there is no Ray cluster at {address} \("):
            make_masks(planned(), address, None, threading.Event(), lambda frames: None)


def test_what_a_node_does_is_a_workers_work(planned: Planned) -> None:
    folder = planned()
    worker = NodeWorker(str(folder.path))
    assert worker.work() is None
    assert len(digests(folder)) == 3
    assert f"{worker.host()}: {folder.path}/none is no work folder" in str(NodeWorker(f"{folder.path}/none").work())


def test_a_worker_that_is_told_to_stop_gives_back_what_it_is_at(planned: Planned) -> None:
    folder = planned()
    worker = NodeWorker(str(folder.path))
    worker.stop()
    assert worker.work() is None
    assert digests(folder) == []
    assert not list(folder.leases.iterdir())


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head that runs nothing; what it and its nodes started is gone afterwards."""
    pytest.importorskip("ray", reason=HAS_RAY)
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    before = signal.getsignal(signal.SIGTERM)  # which a cluster takes for itself
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    pids = [made.head_node.all_processes["raylet"][0].process.pid]
    add = made.add_node

    def counted(**options: Any) -> Any:
        node = add(**options)
        pids.append(raylet(node))
        return node

    made.add_node = counted
    try:
        yield made
    finally:
        made.shutdown()
        signal.signal(signal.SIGTERM, before)
    wait_until(lambda: not any(is_running(pid) for pid in pids))


def raylet(node: Any) -> int:
    return int(node.all_processes["raylet"][0].process.pid)


def is_running(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists() and stat(pid)[0] not in ("Z", "X")


def stat(pid: int) -> list[str]:
    """State, parent, …"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_where_no_node_has_a_cpu_it_says_that_it_waits_and_can_be_stopped(
    cluster: Any, planned: Planned, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder, stopping, handlers = planned(), threading.Event(), signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(ray_engine, "_PATIENCE", 0.5)
    monkeypatch.setattr(ray_engine, "_GRACE", 0.5)

    def look(frames: int) -> None:
        if "no worker has begun" in caplog.text:
            stopping.set()
        assert signal.getsignal(signal.SIGTERM) == handlers, "Ray must not take it"

    with caplog.at_level(logging.WARNING, "rtskin.offline"):
        assert not make_masks(folder, cluster.address, None, stopping, look)
    assert digests(folder) == []


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_node_that_dies_in_the_middle_of_a_segment_changes_nothing(
    cluster: Any, planned: Planned, tmp_path: Path
) -> None:
    """By the command line, on two nodes of one CPU each."""
    clip = make_video(tmp_path / "clip.mp4", 400, size=(320, 240))
    wanted, folder = (planned(name, source=clip, segment=100, lease_seconds=6.0) for name in ("local", "ray"))
    Worker(wanted).run()
    nodes = {raylet(node): node for node in (cluster.add_node(num_cpus=1) for _ in range(2))}
    command = [sys.executable, "-m", "rtskin", "render", "work", str(folder.path), "--engine", "ray"]
    process = subprocess.Popen(
        [*command, "--address", cluster.address], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    lease, pid = caught_in_the_middle(folder, process)
    assert int(stat(pid)[1]) in nodes
    cluster.remove_node(nodes[int(stat(pid)[1])], allow_graceful=False)
    with contextlib.suppress(ProcessLookupError):  # a machine that fails takes all its processes along
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_running(pid))
    assert not (folder.path / "segments" / f"{lease.stem}.json").exists(), "it had come to the end"
    _, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    assert "4 segments done" in err
    assert digests(folder) == digests(wanted)
    for one in (wanted, folder):
        assert finish(one) is not None
    outputs = [Path(one.manifest.outputs[0].path).read_bytes() for one in (wanted, folder)]
    assert outputs[0] == outputs[1]


def caught_in_the_middle(folder: WorkFolder, process: subprocess.Popen[str]) -> tuple[Path, int]:
    """A lease and its worker, which stands still with some of the segment's masks made, and not all."""
    while process.poll() is None:
        for lease in folder.leases.glob("0*.1"):
            with contextlib.suppress(OSError, ValueError):
                owner = json.loads(lease.read_text())
                if owner["frames"] == 0:
                    continue
                os.kill(owner["pid"], signal.SIGSTOP)
                if lease.exists() and not (folder.path / "segments" / f"{lease.stem}.json").exists():
                    return lease, int(owner["pid"])
                os.kill(owner["pid"], signal.SIGCONT)
        time.sleep(0.005)
    raise AssertionError(process.communicate()[1])
