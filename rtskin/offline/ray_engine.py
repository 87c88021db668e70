"""Workers on the nodes of a Ray cluster: a thin layer over the work folder, which all nodes see under the same path.

Ray only says where workers run, and starts one again elsewhere whose node has died. Who makes which segment is settled in
the folder, by leases, as it is among workers of one machine: so the bytes are the same, and other workers may help.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rtskin.errors import InputError, MissingExtraError, RtskinError, SinkError, reason
from rtskin.offline.folder import WorkFolder
from rtskin.offline.local import frames_done
from rtskin.offline.worker import Worker

log = logging.getLogger("rtskin.offline")

#: Seconds between two looks at how far they are; that workers get to end once they were asked to; after which it is said
#: that none has begun.
_LOOK, _GRACE, _PATIENCE = 0.25, 10.0, 15.0
#: How often a worker is started again whose process or node died: not for ever, for it may be a segment that kills it.
_LIVES = 3

#: By Ray's own rules: no usage statistics, and no change of CUDA_VISIBLE_DEVICES where no GPU is asked for.
_ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
#: A cluster that is not there is looked for once and not 20 times, half a minute each.
_OF_OTHERS = {"RAY_NUM_REDIS_GET_RETRIES": "1"}
#: A cluster that ends with this process.
_LOCAL = "local"
#: Seconds in which another machine answers.
_ANSWER = 5.0

Progress = Callable[[int], None]


def make_masks(
    folder: WorkFolder, address: str | None, jobs: int | None, stopping: threading.Event, progress: Progress
) -> bool:
    """All masks that are not there yet; False where ``stopping`` was set before the end.

    address: of a running cluster ("host:6379", "auto"); None: RAY_ADDRESS, or else a cluster of this machine alone, which
    ends with this. jobs: workers, each of one CPU; None: one a node. progress: told how many frames are done, by whomever.

    A worker that fails, or is refused because it would make other masks, is said, and the others go on. SinkError where none
    is left; InputError where there is no cluster; MissingExtraError.
    """
    address = address or os.environ.get("RAY_ADDRESS") or _LOCAL
    ray = _ray(address)
    folder.make()
    if folder.all_done():
        return True
    with _connected(ray, address, jobs or 1):
        crew = _Crew(ray, folder, jobs or _nodes(ray))
        try:
            while crew.running and not folder.all_done() and not stopping.is_set():
                crew.look()
                progress(frames_done(folder))
        finally:
            crew.dismiss()
    if not folder.all_done() and not stopping.is_set():
        raise SinkError(f"no worker is left; the first one failed: {crew.failed[0]}")
    progress(frames_done(folder))
    return folder.all_done()


class NodeWorker:
    """A Worker in a process of a node: what Ray calls an actor."""

    def __init__(self, folder: str) -> None:
        from rtskin.media import cv2

        cv2.setNumThreads(1)  # the graph's nodes have the cores already; the process is this worker's alone
        self._folder, self._stopping = Path(folder), threading.Event()

    def host(self) -> str:
        """Of the node."""
        return socket.gethostname()

    def work(self) -> str | None:
        """Until all segments are done, or ``stop`` was called; what went wrong, in words: not every error can travel."""
        try:
            Worker(WorkFolder(self._folder), self._stopping).run()
        except (RtskinError, OSError) as error:
            return f"{self.host()}: {error if isinstance(error, RtskinError) else reason(error)}"
        return None

    def stop(self) -> None:
        """Asks ``work`` to end, and to give back its lease."""
        self._stopping.set()


@dataclass
class _Crew:
    """The workers. running: the answers that are still to come, and whose. failed: what went wrong, in words."""

    ray: Any
    folder: WorkFolder
    size: int
    running: dict[Any, Any] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        actor = self.ray.remote(NodeWorker).options(
            num_cpus=1,
            max_concurrency=2,  # stop() while work() runs
            max_restarts=_LIVES,
            max_task_retries=_LIVES,
            scheduling_strategy="SPREAD",
        )
        self._workers = [actor.remote(str(self.folder.path.absolute())) for _ in range(self.size)]
        self._begun = [worker.host.remote() for worker in self._workers]
        self._patient_until: float | None = time.monotonic() + _PATIENCE
        self.running = {worker.work.remote(): worker for worker in self._workers}

    def look(self) -> None:
        """Waits a moment, and sees who has ended."""
        for answer in self._ended(list(self.running), _LOOK):
            del self.running[answer]
            if (why := self._why(answer)) is not None:
                log.warning("a worker has failed: %s", why)
                self.failed.append(why)
        self._say_if_none_begins()

    def dismiss(self) -> None:
        """Those at work are asked to give back what they are at; what does not end then is ended."""
        for worker in self.running.values():
            worker.stop.remote()
        until = time.monotonic() + _GRACE
        while self.running and not self.folder.all_done() and time.monotonic() < until:
            for answer in self._ended(list(self.running), _LOOK):
                del self.running[answer]
        for worker in self._workers:
            self.ray.kill(worker)

    def _ended(self, answers: list[Any], seconds: float) -> list[Any]:
        ended, _ = self.ray.wait(answers, num_returns=len(answers), timeout=seconds)
        return list(ended)

    def _why(self, answer: Any) -> str | None:
        try:
            why = self.ray.get(answer)
        except self.ray.exceptions.RayError as error:
            lines = str(error).strip().splitlines()
            return f"{type(error).__name__}: {lines[-1].strip() if lines else 'no reason is given'}"
        return None if why is None else str(why)

    def _say_if_none_begins(self) -> None:
        if self._patient_until is None or time.monotonic() < self._patient_until:
            return
        self._patient_until = None
        if not self._ended(self._begun, 0):
            log.warning("no worker has begun: the cluster has no node with a free CPU; waiting for one")


def _ray(address: str) -> Any:
    wanted = _ENVIRONMENT if address == _LOCAL else _ENVIRONMENT | _OF_OTHERS
    os.environ.update({key: value for key, value in wanted.items() if key not in os.environ})
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError("ray", "ray", "--engine ray") from error
    return ray


@contextmanager
def _connected(ray: Any, address: str, jobs: int) -> Iterator[None]:
    """With Ray; with that of the caller, where there is one."""
    if ray.is_initialized():
        yield
        return
    own = {"num_cpus": jobs, "include_dashboard": False} if address == _LOCAL else {}
    try:
        _answers(address)
        with _own_signals():
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **own)
    except (ConnectionError, ValueError, RuntimeError, OSError) as error:
        raise InputError(
            f"there is no Ray cluster at {address} ({reason(error)}); start one with: ray start --head"
        ) from None
    try:
        yield
    finally:
        ray.shutdown()


def _answers(address: str) -> None:
    """OSError where there is nobody at HOST:PORT. (Ray alone would look for a long time.)"""
    host, _, port = address.rpartition(":")
    if host and "/" not in host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), _ANSWER).close()


@contextmanager
def _own_signals() -> Iterator[None]:
    """What signals do stays as it is: Ray's init takes SIGTERM for itself."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _nodes(ray: Any) -> int:
    """Nodes that can have a worker; 1 where none can yet."""
    return max(1, sum(node["Alive"] and node["Resources"].get("CPU", 0) >= 1 for node in ray.nodes()))
