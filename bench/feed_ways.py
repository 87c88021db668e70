"""Transports of the feed with a reader each, in processes of their own: for bench.feed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

#: What is measured, in the order of the table.
KINDS = ("pipe", "udp", "osc", "zmq", "ws", "mqtt")


def mosquitto() -> str | None:
    """The broker's program; Debian puts it where a user's PATH does not look."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def available() -> list[str]:
    """The kinds that can be measured here."""
    return [kind for kind in KINDS if kind != "mqtt" or mosquitto() is not None]


@dataclass
class Way:
    """A transport and its reader. out: for the feed."""

    kind: str
    out: str
    reader: subprocess.Popen[bytes]
    found: Path
    #: A process to be stopped in place of the reader, where something stands between: the broker.
    between: subprocess.Popen[bytes] | None = field(default=None)

    def stall(self) -> None:
        """It reads no more."""
        os.kill((self.between or self.reader).pid, signal.SIGSTOP)

    def arrivals(self) -> dict[int, int]:
        """Monotonic nanoseconds by seq, of what was read until now."""
        lines = [line.split() for line in self.found.read_text().splitlines()[1:]]
        return {int(line[0]): int(line[1]) for line in lines if len(line) == 2}


def start(kind: str, folder: Path, stack: ExitStack) -> Way:
    """A reader that is ready; it ends with the stack."""
    port = free_port(socket.SOCK_DGRAM if kind in ("udp", "osc") else socket.SOCK_STREAM)
    where, out, between = str(port), f"{kind}://127.0.0.1:{port}", None
    name = f"{kind}-{port}"
    if kind == "pipe":
        where = out = str(folder / name)
        os.mkfifo(where)
        stack.callback(os.close, os.open(where, os.O_RDWR))  # so that neither end waits for the other
    elif kind == "mqtt":
        between = broker(port, stack)
        out += "/feed"
    found = folder / f"{name}.txt"
    command = [sys.executable, "-m", "bench.feed_reader", kind, where]
    with found.open("wb") as file:
        reader = subprocess.Popen(command, stdout=file)
    stack.callback(end, reader)
    await_text(found, reader)
    return Way(kind, out, reader, found, between)


def broker(port: int, stack: ExitStack) -> subprocess.Popen[bytes]:
    """A mosquitto that answers."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([str(mosquitto()), "-p", str(port)], stdout=quiet, stderr=quiet)
    stack.callback(end, process)
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return process
    raise RuntimeError("mosquitto does not answer")


def end(process: subprocess.Popen[bytes]) -> None:
    """Also of one that is stopped."""
    process.kill()
    process.wait()


def await_text(path: Path, process: subprocess.Popen[bytes], seconds: float = 30) -> None:
    """Until a process has written something."""
    deadline = time.monotonic() + seconds
    while not path.stat().st_size:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"no word from {' '.join(map(str, process.args))}")  # type: ignore[arg-type]
        time.sleep(0.01)


def free_port(kind: socket.SocketKind) -> int:
    """One that nobody uses now."""
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
