"""How far a render is: a bar for people, lines of JSON for programs."""

from __future__ import annotations

import json
import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

#: Seconds between two lines of JSON.
_EVERY = 1.0


class Reporter:
    """Shows stages one after the other on standard error; with ``as_json`` also as lines on standard output.

    A line: ``{"stage": "masks", "frames": 120, "total": 300, "fps": 31.2, "left_s": 5.8}``; fps and left_s are of what was
    done since the stage began here, and null before that is known.
    """

    def __init__(self, as_json: bool) -> None:
        self._json = as_json
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[fps]}"),
            TimeRemainingColumn(),
        )
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True, disable=as_json)
        self._stage, self._total, self._first = "", 0, 0
        self._begun = self._told = 0.0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def begin(self, stage: str, total: int, done: int = 0) -> None:
        """The next stage, of which ``done`` frames were done before."""
        for task in self._bar.task_ids:
            self._bar.remove_task(task)
        self._stage, self._total, self._first = stage, total, done
        self._begun, self._told = time.monotonic(), 0.0
        self._bar.add_task(stage, total=total, completed=done, fps="")
        self.update(done)

    def update(self, frames: int) -> None:
        """So many frames are done."""
        now = time.monotonic()
        seconds, made = now - self._begun, frames - self._first
        fps = made / seconds if made > 0 and seconds > 0 else None
        self._bar.update(self._bar.task_ids[0], completed=frames, fps="" if fps is None else f"{fps:.1f} fps")
        if self._json and (now - self._told >= _EVERY or frames == self._total):
            self._told = now
            self._print(frames, fps)

    def _print(self, frames: int, fps: float | None) -> None:
        left = None if fps is None else round(max(0, self._total - frames) / fps, 1)
        line = {"stage": self._stage, "frames": frames, "total": self._total}
        say(line | {"fps": None if fps is None else round(fps, 2), "left_s": left})


def counted(number: int, noun: str) -> str:
    """1 frame, 2 frames."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def say(line: dict[str, object]) -> None:
    """A line of JSON on standard output."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
