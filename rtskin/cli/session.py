"""Running a graph from the command line: duration, Ctrl-C, statistics."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import typer
from rich.console import Console

from rtskin.allocator import share_heaps
from rtskin.errors import InputError
from rtskin.files import check_output, write_text
from rtskin.graph import Graph, GraphStatistics
from rtskin.graph.table import as_table


def run_graph(graph: Graph, *, duration: float | None = None, stats: Path | None = None) -> GraphStatistics:
    """Run to the end. Ctrl-C (or SIGTERM) and ``duration`` drain: files are completed; a second Ctrl-C stops at once.

    The statistics are written to ``stats`` also after an error, since they help to find it.
    """
    share_heaps()
    with statistics_to(stats, graph), on_interrupt(graph.drain, graph.stop), opencv_alone():
        statistics = graph.run(duration)
    if statistics.state == "stopped":
        typer.echo(
            "rtskin: stopped at once: what was under way is lost, a file that was being written is not kept", err=True
        )
        raise typer.Exit(1)
    return statistics


@contextmanager
def opencv_alone() -> Iterator[None]:
    """OpenCV without its own threads, for the time of a ``with``: the graph's nodes have the cores already.

    With them, live at full speed on two cores used 0.4 ms more CPU a frame (of 12), and gave 2 % fewer frames a second.
    It is a setting of the process, so the command line makes it, not the graph.
    """
    from rtskin.media import cv2  # late: --help and doctor must work where OpenCV cannot be loaded

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


@contextmanager
def statistics_to(stats: Path | None, graph: Graph) -> Iterator[None]:
    """Write the graph's statistics to ``stats`` however it ends; SinkError at once where that cannot be."""
    if stats is not None:
        if stats.suffix != ".json":  # so that a slip never puts statistics in place of a video
            raise InputError(f"--stats writes a file that ends in .json, not {stats}")
        check_output(stats, overwrite=True)
    try:
        yield
    finally:
        if stats is not None and graph.started:
            write_json(stats, graph.statistics().as_dict())


@contextmanager
def on_interrupt(*actions: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C or SIGTERM runs the first action, a second one the second …; the last again and again.

    The action runs in a thread of its own: the handler may have interrupted this thread while it holds a lock.
    """
    waiting = list(actions)

    def handle(number: int, frame: FrameType | None) -> None:
        action = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        threading.Thread(target=action, name="interrupt", daemon=True).start()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def show(statistics: GraphStatistics) -> None:
    """The statistics as a table, on standard error: standard output belongs to what the verb makes."""
    Console(stderr=True).print(as_table(statistics))


def write_json(path: Path, data: object) -> None:
    """Whole or not at all: a reader never sees half a file."""
    write_text(path, json.dumps(data, indent=2) + "\n", overwrite=True)
