"""What is seen while it trains: a bar on a terminal, now and then a line in a log."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtskin.train.loop.trainer import Progress

#: Seconds between lines where there is no terminal.
_EVERY = 30.0


@contextlib.contextmanager
def bar(quiet: bool = False) -> Iterator[Callable[[Progress], None]]:
    """A function that shows a step, for the time of a ``with``."""
    try:
        from rich.console import Console
    except ImportError:  # where the loop runs without the rest of rtskin
        yield _Lines(_plainly)
        return
    console = Console(stderr=True)
    if quiet:
        yield lambda progress: None
    elif console.is_terminal:
        from rich import progress as rich_progress

        columns = (
            rich_progress.TextColumn("step {task.completed}"),
            rich_progress.BarColumn(),
            rich_progress.TimeElapsedColumn(),
            rich_progress.TimeRemainingColumn(),
            rich_progress.TextColumn("{task.description}"),
        )
        with rich_progress.Progress(*columns, console=console) as shown:
            task = shown.add_task("", total=None)

            def show(step: Progress) -> None:
                shown.update(task, completed=step.step, total=step.total, description=_words(step))

            yield show
    else:
        yield _Lines(console.print)


class _Lines:
    """A line every half minute."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._last = say, -_EVERY

    def __call__(self, step: Progress) -> None:
        now = time.monotonic()
        if now - self._last >= _EVERY or step.step == step.total:
            self._last = now
            self._say(f"{time.strftime('%H:%M:%S')} step {step.step} of {step.total or '?'}: {_words(step)}")


def _plainly(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _words(step: Progress) -> str:
    broken = f", {step.broken} pictures skipped" if step.broken else ""
    return f"loss {step.loss:.3f}, rate {step.rate:.1e}{broken}"
