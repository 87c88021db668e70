from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path

import pytest
import typer

from rtskin.cli.session import run_graph
from rtskin.errors import NodeError
from tests.graph.nodes import Collect, Count, chain


def interrupt_when(event: threading.Event, number: int) -> None:
    def wait() -> None:
        assert event.wait(10)
        os.kill(os.getpid(), number)

    threading.Thread(target=wait, daemon=True).start()


def test_ctrl_c_drains_and_a_second_one_stops_at_once_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    entered, draining = threading.Event(), threading.Event()
    source, sink = Count(frames=None), Collect()
    source.interrupt = lambda: (source.interrupted.set(), draining.set())

    def block(packet: object) -> None:  # as a pipe that nobody reads: draining never comes to an end
        entered.set()
        sink.context.stopping.wait(10)

    sink.function = block
    interrupt_when(entered, signal.SIGINT)
    interrupt_when(draining, signal.SIGTERM)
    with pytest.raises(typer.Exit) as caught:
        run_graph(chain(source, sink))
    assert caught.value.exit_code == 1
    assert "stopped at once" in capsys.readouterr().err
    assert "finish" not in sink.events


def test_the_first_ctrl_c_completes(tmp_path: Path) -> None:
    entered = threading.Event()
    sink = Collect(lambda packet: entered.set())
    interrupt_when(entered, signal.SIGINT)
    statistics = run_graph(chain(Count(frames=None), sink), stats=tmp_path / "s.json")
    assert statistics.state == json.loads((tmp_path / "s.json").read_text())["state"] == "done"
    assert "finish" in sink.events


def test_statistics_are_written_after_an_error_too(tmp_path: Path) -> None:
    def fail(packet: object) -> None:
        raise ValueError("boom")

    with pytest.raises(NodeError):
        run_graph(chain(Count(), Collect(fail)), stats=tmp_path / "s.json")
    data = json.loads((tmp_path / "s.json").read_text())
    assert (data["state"], "boom" in data["error"]) == ("failed", True)
