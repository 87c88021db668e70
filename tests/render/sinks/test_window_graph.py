"""``rtskin live`` in a window: what keys do to the graph, what a pause does, and that everything ends."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from rtskin import paths

from .screen import Window

_SCRIPT = Path(__file__).with_name("window_graph.py")
_ENDLESS = "pattern:160x120@30?frames=1000000"

Live = Callable[..., Window]


@pytest.fixture
def live(display: str) -> Iterator[Live]:
    """``live("--pace", "max")``: the window of ``rtskin live``, once it shows pictures."""
    with ExitStack() as stack:

        def start(*options: str) -> Window:
            window = stack.enter_context(Window(display, _SCRIPT, _ENDLESS, "--model", "ellipse", *options))
            window.wait("paused False")
            return window

        yield start


def frames(window: Window) -> tuple[int, int]:
    """(captured, shown) so far."""
    assert window.process.stdin is not None
    window.process.stdin.write("\n")
    window.process.stdin.flush()
    match = re.fullmatch(r"captured (\d+) shown (\d+)", window.line("captured"))
    assert match
    return int(match[1]), int(match[2])


def ends_well(window: Window) -> tuple[int, int]:
    """(shown, rendered) of a run that ended with status 0 and left no thread behind."""
    match = re.fullmatch(r"status 0 shown (\d+) rendered (\d+)", window.line("status"))
    assert match
    assert window.line("left") == "left []"
    assert window.process.wait(20) == 0
    return int(match[1]), int(match[2])


def test_keys_change_the_graph_and_q_ends_it(live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "models" / "ellipse-2"
    folder.mkdir(parents=True)
    card = paths.find("models", "ellipse").read_text("utf-8")
    (folder / "model.toml").write_text(card.replace('name = "ellipse"', 'name = "ellipse-2"'), "utf-8")
    monkeypatch.setenv("RTSKIN_MODELS", str(tmp_path / "models"))
    window = live()
    window.press("v", "view pixelate")
    window.press("s", "smooth none")
    window.press("s", "smooth auto")
    window.press("plus", "strength 0.6")
    window.press("period", "threshold 0.1")
    window.press("i")
    window.press("f")
    window.press("m", "model ellipse-2")
    window.press("q")
    shown, rendered = ends_well(window)
    assert shown == rendered > 0


def test_ctrl_c_ends_it(live: Live) -> None:
    window = live()
    window.process.send_signal(signal.SIGINT)
    assert ends_well(window)[0] > 0


def test_a_pause_holds_a_source_that_loses_nothing(live: Live) -> None:
    window = live("--pace", "max")
    window.press("space", "paused True")
    before = frames(window)
    while (now := frames(window))[0] != before[0]:  # until the queues are full and the source waits
        before = now
    assert now[0] < 1_000_000
    window.press("h")  # keys are heard meanwhile
    assert frames(window)[1] == now[1]
    window.press("space", "paused False")
    while frames(window)[1] <= now[1]:
        assert window.process.poll() is None
    window.press("q")
    shown, rendered = ends_well(window)
    assert shown == rendered > now[1]


@pytest.mark.parametrize(("how", "pace"), [("q", "max"), ("ctrl-c", "max"), ("button", "max"), ("ctrl-c", "source")])
def test_what_is_paused_can_be_ended(live: Live, how: str, pace: str) -> None:
    """Mostly where the queues are full and the source waits, which is the harder."""
    window = live("--pace", pace)
    window.press("space", "paused True")
    if how == "q":
        window.press("q")
    elif how == "button":
        window.push_close_button()
    else:
        window.process.send_signal(signal.SIGINT)
    ends_well(window)
