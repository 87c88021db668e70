"""Leases: who works on what, for workers that share nothing but a folder.

A lease is a file NAME.GENERATION that only one can create; the newest generation holds. Its owner writes it anew every so
often (the heartbeat). Who finds that it has not changed for long, or that its owner is a dead process of this very machine,
creates the next generation: again only one can. Nothing of another's is ever deleted or renamed, so there is no moment at
which two have it by right. One that was merely slow sees the new generation at its next heartbeat, and gives up; what it may
have written meanwhile is the same bytes.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

from rtskin.errors import OutputExistsError, SinkError
from rtskin.files import write_bytes

log = logging.getLogger("rtskin.offline")

#: Heartbeats in the time after which a worker counts as dead, and the seconds between two at most.
_BEATS, _LONGEST_BEAT = 6, 2.0
#: Seconds in which whoever lives has beaten, even if late or unheard once or twice; and those between two looks whether.
_PATIENCE, _LOOK = 3 * _LONGEST_BEAT, 0.25
#: Looks of one who waits (twice a second) after which it is said for whom.
_SAID_AT = 6
#: States of a process that has ended, and whose parent has not asked how.
_DEAD = ("Z", "X")


class Lease:
    """A claim that is held until ``release``; use it in ``with``. lost: another has taken it over."""

    def __init__(self, path: Path, owner: dict[str, Any], seconds: float) -> None:
        self._path, self._owner = path, owner
        self._beat = min(seconds / _BEATS, _LONGEST_BEAT)
        self._released = threading.Event()
        self.lost = False
        #: Frames that are done, for those who watch.
        self.frames = 0
        self._thread = threading.Thread(target=self._keep, name="rtskin-lease", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Others may have it from now on. Calling it again does nothing."""
        self._released.set()
        self._thread.join()
        self._path.unlink(missing_ok=True)

    def __enter__(self) -> Lease:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _keep(self) -> None:
        while not self._released.wait(self._beat):
            if _newest(self._path.parent, self._path.stem) != self._path:
                self.lost = True
                log.warning("%s was taken over by another worker: this one was silent for too long", self._path.stem)
                return
            try:
                write_bytes(self._path, _encoded(self._owner, self.frames), overwrite=True)
            except SinkError as error:  # the disk may be full for a while; then others may take it over
                log.warning("no heartbeat: %s", error)


class Leases:
    """The leases in a folder. seconds: without a heartbeat for so long, an owner is dead."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self._folder, self._seconds = folder, seconds
        #: What each lease of others held when it was last seen to change, and when that was by this process's clock: the
        #: clocks of other machines may be wrong.
        self._seen: dict[Path, tuple[bytes, float]] = {}

    def claim(self, name: str) -> Lease | None:
        """The lease of that name; None while another has it. SinkError where the folder cannot be written."""
        newest = _newest(self._folder, name)
        if newest is not None and not self._is_dead(newest):
            return None
        generation = 1 if newest is None else _generation(newest) + 1
        path, owner = self._folder / f"{name}.{generation}", _me()
        try:
            write_bytes(path, _encoded(owner, 0))
        except OutputExistsError:
            return None  # somebody was faster
        if newest is not None:
            log.info("%s is taken over from a worker that is gone", name)
        return Lease(path, owner, self._seconds)

    def frames(self) -> int:
        """Frames that are done of what is being worked on, all workers together."""
        return sum(int(_read(path).get("frames", 0)) for path in self._newest_of_all())

    def holder(self) -> str | None:
        """Who works on something here ("process 4711 on studio-7"); None where nobody does.

        One look tells of processes of this machine. What is left of one on another machine, or from before the power went,
        looks like the lease of one that lives, and is known by its silence: that takes some heartbeats' time.
        """
        seen, until = self._unless_dead(), time.monotonic() + _PATIENCE
        while seen:
            for content in seen.values():
                if _is_running(_decoded(content)):
                    return _named(_decoded(content))
            if time.monotonic() > until:
                return None
            time.sleep(_LOOK)
            now = self._unless_dead()
            for path in {**now, **seen}:  # a heartbeat; or one that ended what it did, or took something over
                if seen.get(path) != now.get(path):
                    return _named(_decoded(now.get(path) or seen.get(path, b"")))
        return None

    def say_who(self, what: str, looks: int) -> None:
        """For one who waits, and has looked so often already: says once who does ``what``."""
        if looks != _SAID_AT:
            return
        names = sorted({_named(_decoded(content)) for content in self._unless_dead().values()})
        if names:
            log.warning(
                "waiting for %s by %s; whoever is silent for %g s is replaced", what, " and ".join(names), self._seconds
            )

    def forget(self, name: str) -> None:
        """What is done needs no lease: removes all generations of the dead."""
        for path in self._folder.glob(f"{name}.*"):
            if path.suffix[1:].isdecimal():
                path.unlink(missing_ok=True)

    def _newest_of_all(self) -> list[Path]:
        newest: dict[str, Path] = {}
        for path in self._folder.glob("*.*"):
            if path.suffix[1:].isdecimal() and _generation(path) > _generation(newest.get(path.stem)):
                newest[path.stem] = path
        return list(newest.values())

    def _unless_dead(self) -> dict[Path, bytes]:
        """What the leases hold, but those of dead processes of this machine."""
        held = {path: _bytes(path) for path in self._newest_of_all()}
        return {path: content for path, content in held.items() if _is_running(_decoded(content)) is not False}

    def _is_dead(self, path: Path) -> bool:
        try:
            content = path.read_bytes()
        except OSError:
            return False  # released at this moment; the next look will tell
        if _is_running(_decoded(content)) is False:
            return True
        now = time.monotonic()
        before = self._seen.get(path)
        if before is None or before[0] != content:
            self._seen[path] = (content, now)
            return False
        return now - before[1] > self._seconds


def _newest(folder: Path, name: str) -> Path | None:
    found = [path for path in folder.glob(f"{name}.*") if path.suffix[1:].isdecimal()]
    return max(found, key=_generation, default=None)


def _generation(path: Path | None) -> int:
    return 0 if path is None else int(path.suffix[1:])


def _encoded(owner: dict[str, Any], frames: int) -> bytes:
    """Other bytes at every heartbeat."""
    return json.dumps({**owner, "frames": frames, "beat": time.monotonic_ns()}).encode()


def _decoded(content: bytes) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        data = json.loads(content)
        if isinstance(data, dict):
            return data
    return {}


def _read(path: Path) -> dict[str, Any]:
    return _decoded(_bytes(path))


def _bytes(path: Path) -> bytes:
    """Nothing where it was released at this moment."""
    with contextlib.suppress(OSError):
        return path.read_bytes()
    return b""


def _named(owner: dict[str, Any]) -> str:
    host = str(owner.get("host", "")).split()
    return f"process {owner.get('pid', '?')} on {host[0] if host else 'another machine'}"


@cache
def _me() -> dict[str, Any]:
    """host: a machine (and a container on it) in which process numbers mean the same. started: tells a process from a
    later one of its number."""
    return {"host": _host(), "pid": os.getpid(), "started": _started(os.getpid())}


def _host() -> str:
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        parts.append(os.readlink("/proc/self/ns/pid"))
    return " ".join(parts)


def _started(pid: object) -> str | None:
    """When a process began, in the kernel's words; None where that is not told, or it lives no more."""
    try:
        # The name, in brackets, may hold anything; the state is the first word after it, the time the 20th.
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if words[0] in _DEAD else words[19]
    except (OSError, IndexError):
        return None


def _is_running(owner: dict[str, Any]) -> bool | None:
    """Whether the process lives; None where that cannot be told from here, so that only its silence counts."""
    if owner.get("host") != _me()["host"] or not owner.get("started") or not Path("/proc/self/stat").exists():
        return None
    return _started(owner.get("pid")) == owner["started"]
