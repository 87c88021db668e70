"""Workers on this machine: one in this process, or several processes beside each other."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

from rtskin.errors import SinkError
from rtskin.offline.folder import WorkFolder
from rtskin.offline.leases import Leases
from rtskin.offline.worker import Worker

#: Seconds between two looks at how far they are.
_LOOK = 0.25
#: Seconds that workers get to end once they were asked to.
_GRACE = 10.0

Progress = Callable[[int], None]


def make_masks(folder: WorkFolder, jobs: int, stopping: threading.Event, progress: Progress) -> bool:
    """All masks that are not there yet, by so many workers at most; False where ``stopping`` was set before the end.

    progress: told how many frames are done, by whomever. Errors as of Worker.run; a worker's in words, where it is a process
    of its own.
    """
    folder.make()
    jobs = min(jobs, len(folder.segments) - len(folder.done()))  # others would only wait
    if jobs <= 1:
        return _in_this_process(folder, stopping, progress)
    return _in_processes(folder, jobs, stopping, progress)


def frames_done(folder: WorkFolder) -> int:
    """How many masks there are, those of segments that are being made included."""
    done = folder.done()
    complete = sum(segment.end - segment.start for segment in folder.segments if segment.number in done)
    return complete + Leases(folder.leases, folder.manifest.lease_seconds).frames()


def _in_this_process(folder: WorkFolder, stopping: threading.Event, progress: Progress) -> bool:
    worker = Worker(folder, stopping)
    complete = frames_done(folder)
    with ThreadPoolExecutor(1, "rtskin-worker") as pool:
        running = pool.submit(worker.run)
        try:
            while not wait([running], _LOOK).done:
                progress(complete + worker.frames)
        except BaseException:
            stopping.set()
            raise
    done = running.result()
    progress(frames_done(folder))
    return done


def _in_processes(folder: WorkFolder, jobs: int, stopping: threading.Event, progress: Progress) -> bool:
    logs = [folder.logs / f"worker-{number + 1}.log" for number in range(jobs)]
    processes = [_start(folder, log) for log in logs]
    failed = None
    try:
        # Where one fails, the others would only go on to what it failed at.
        while failed is None and any(process.poll() is None for process in processes) and not stopping.wait(_LOOK):
            progress(frames_done(folder))
            failed = next((number for number, process in enumerate(processes) if process.poll()), None)
    finally:
        _end(processes)
    if stopping.is_set():
        return False
    if failed is not None:
        raise SinkError(f"a worker failed: {_last_words(logs[failed], processes[failed].returncode)}")
    progress(frames_done(folder))
    return folder.all_done()


def _start(folder: WorkFolder, log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "rtskin", "render", "work", str(folder.path), "--attached"]
    with log.open("wb") as file:
        # Of a group of its own, so that Ctrl-C reaches this process alone, which then tells them; the pipe ends with this
        # process however that ends, and a worker whose pipe ends, stops.
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=file, start_new_session=True
        )


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.stdin is not None:
            process.stdin.close()
    for process in processes:
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _last_words(log: Path, status: int) -> str:
    lines = log.read_text("utf-8", errors="replace").strip().splitlines()
    return lines[-1].removeprefix("rtskin: ") if lines else f"it ended with the status {status}; see {log}"
