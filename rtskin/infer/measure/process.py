"""A worker as the measuring process sees it: it may be slow, say that it failed, or die."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from typing import Any

from rtskin.infer.runtimes.load_errors import one_line

#: Seconds that closing waits.
_CLOSE = 5.0


class WorkerFailed(Exception):  # noqa: N818 - not raised to users
    """Why a worker gives no answer, in one line."""


class Worker:
    """``ask`` sends one order and waits for its answer; WorkerFailed where there will be none."""

    def __init__(self, job: dict[str, Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rtskin.infer.measure.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._said: list[str] = []
        self._threads = [
            threading.Thread(target=work, name="rtskin-measure", daemon=True) for work in (self._answers, self._errors)
        ]
        for thread in self._threads:
            thread.start()
        self._send(job)

    def answer(self, timeout: float) -> dict[str, Any]:
        """The next line it says."""
        try:
            line = self._lines.get(timeout=timeout)
        except queue.Empty:
            raise WorkerFailed(f"no answer within {timeout:.0f} s") from None
        if line is None:
            code = self._process.wait()
            last = one_line(self._said[-1]) if self._said else "it said nothing"
            raise WorkerFailed(f"it ended with {'signal ' if code < 0 else 'status '}{abs(code)}: {last}")
        said: dict[str, Any] = json.loads(line)
        if "error" in said:
            raise WorkerFailed(said["error"])
        return said

    def ask(self, order: dict[str, Any], timeout: float) -> dict[str, Any]:
        self._send(order)
        return self.answer(timeout)

    def close(self) -> None:
        """Ends it, if need be by force; may be called twice."""
        process = self._process
        try:
            if process.stdin is not None:
                process.stdin.close()
            process.wait(_CLOSE)
        except (OSError, subprocess.TimeoutExpired):
            process.kill()
            process.wait()
        for thread in self._threads:
            thread.join(_CLOSE)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def _send(self, order: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        except OSError:
            pass  # it has ended; the next answer says how

    def _answers(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _errors(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if line.strip():
                self._said = [*self._said[-20:], line.strip()]
