"""The window, on a virtual display: keys, its button, the picture on the screen; and no display at all."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import SinkError
from rtskin.media import cv2
from rtskin.node import Context
from rtskin.render.sinks.display import require_display
from rtskin.render.sinks.keys import COMMANDS, KEYS
from rtskin.render.sinks.window import WindowSink

from ..conftest import picture
from .screen import Window

_SCRIPT = Path(__file__).with_name("window_script.py")


@pytest.fixture
def window(display: str, tmp_path: Path) -> Iterator[Window]:
    image = np.zeros((240, 320, 3), np.uint8)
    image[:, :160] = (0, 0, 255)
    image[:, 160:] = picture(160, 240)
    cv2.imwrite(str(tmp_path / "picture.png"), image)
    with Window(display, _SCRIPT, tmp_path / "picture.png") as opened:
        opened.wait("state 0 0 0")
        yield opened


def test_keys_act(window: Window) -> None:
    for key, answer in {
        "v": "command view next",
        "m": "command model next",
        "s": "command smooth toggle",
        "x": "state 1 0 0",
        "h": "state 1 0 1",
        "X": "state 0 0 1",
        "q": "drain",
    }.items():
        window.press(key, answer)
    window.wait("closed")
    assert window.process.wait(20) == 0


def test_closing_the_window_drains(window: Window) -> None:
    window.push_close_button()
    window.wait("drain")
    window.wait("closed")
    assert window.process.wait(20) == 0


def test_the_picture_is_on_the_screen(window: Window, tmp_path: Path) -> None:
    if not shutil.which("xwd"):
        pytest.skip("needs xwd (apt-get install x11-apps)")
    window.press("x", "state 1 0 0")
    path, patience = Path(os.environ.get("RTSKIN_SCREENSHOT", tmp_path / "screen.png")), time.monotonic() + 20
    while True:  # what is said may be ahead of what the X server has painted
        red = (window.screenshot(path) == (0, 0, 255)).all(axis=2)
        if (red.sum() > 20_000 and np.nonzero(red)[1].min() >= 150) or time.monotonic() > patience:
            break
        time.sleep(0.1)
    assert red.sum() > 20_000
    assert np.nonzero(red)[1].min() >= 150, "mirrored: the red half is on the right"


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "no display: use --sink FILE or null, or set DISPLAY"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "no display .*Xwayland"),
        ({"DISPLAY": ":4711"}, "':4711' does not answer"),
        ({"DISPLAY": "nonsense"}, "'nonsense' does not answer"),
        ({"DISPLAY": "127.0.0.1:4711"}, "does not answer"),
    ],
)
def test_without_a_display(monkeypatch: Any, variables: dict[str, str], message: str) -> None:
    if sys.platform != "linux":
        pytest.skip("asked for on Linux only")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SinkError, match=message):
        WindowSink().open(Context())


@pytest.fixture
def server(monkeypatch: Any) -> Iterator[socket.socket]:
    """The socket of display :4712, on which the test plays the X server."""
    if sys.platform != "linux":
        pytest.skip("abstract sockets are Linux's")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0/tmp/.X11-unix/X4712")
        listener.listen()
        monkeypatch.setenv("DISPLAY", ":4712")
        yield listener


def test_a_server_that_turns_everybody_away(server: socket.socket) -> None:
    asked = threading.Event()

    def refuse() -> None:
        while not asked.is_set():
            connection, _ = server.accept()
            with connection:
                if connection.recv(12):
                    asked.set()
                    # "Failed", protocol 11.0, a reason of one word: what a server says to who lacks its cookie.
                    connection.sendall(b"\x00\x04\x0b\x00\x00\x00\x01\x00none")

    porter = threading.Thread(target=refuse, daemon=True)
    porter.start()
    with pytest.raises(SinkError, match="does not answer"):
        require_display()
    porter.join(5)
    assert asked.is_set()


def test_a_server_that_hangs(server: socket.socket, monkeypatch: Any) -> None:
    monkeypatch.setattr("rtskin.render.sinks.display._PATIENCE", 0.2)
    with pytest.raises(SinkError, match="does not answer"):
        require_display()


def test_a_display_is_found(monkeypatch: Any, display: str) -> None:
    monkeypatch.setenv("DISPLAY", display)
    require_display()


def test_decorations_leave_the_picture_alone() -> None:
    sink, image = WindowSink(mirror=True), picture()
    before = image.copy()
    sink.press("h")
    sink.press("space")
    shown = sink.decorate(image)
    assert np.array_equal(image, before)
    assert shown.shape == image.shape
    assert not np.array_equal(shown, image[:, ::-1])
    sink.press("h")
    sink.press("space")
    assert np.array_equal(sink.decorate(image), image[:, ::-1])
    sink.press("x")
    assert sink.decorate(image) is image
    assert sink.decorate(image[..., 0].copy()).ndim == 2
    assert all(key in "".join(KEYS) for key in COMMANDS if key != "=")


def test_close_without_open_and_twice() -> None:
    sink = WindowSink()
    sink.idle()
    sink.close()
    sink.close()
    assert sink.counters() == {"frames": 0, "bytes": 0}
