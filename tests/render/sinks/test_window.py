"""The window, on a virtual display: keys, its button, the picture on the screen; and no display at all."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import SinkError
from rtskin.media import cv2
from rtskin.node import Context
from rtskin.render.sinks.display import require_display
from rtskin.render.sinks.window import KEYS, WindowSink

from ..conftest import make_frame, picture

_SCRIPT = Path(__file__).with_name("window_script.py")


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """The name of a virtual X display."""
    if sys.platform != "linux" or not shutil.which("Xvfb") or not shutil.which("xdotool"):
        pytest.skip("needs Xvfb and xdotool (apt-get install xvfb xdotool)")
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "800x600x24+32", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL)
    os.close(writer)
    try:
        with os.fdopen(reader) as pipe:
            yield f":{int(pipe.readline())}"
    finally:
        server.terminate()
        server.wait(10)


class Window:
    """A window in a process of its own, and fingers on its keyboard."""

    def __init__(self, display: str, image: Path) -> None:
        self._environment = os.environ | {"DISPLAY": display, "QT_LOGGING_RULES": "*=false"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"import runpy, sys; runpy.run_path({str(_SCRIPT)!r})", str(image)],
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._id = self.do("search", "--sync", "--onlyvisible", "--name", "^rtskin$").split()[0]
        self.wait("state 0 0 0")
        self.do("windowfocus", "--sync", self._id)

    def do(self, *words: str) -> str:
        command = ["xdotool", *words]
        return subprocess.run(command, env=self._environment, check=True, timeout=30, stdout=-1, text=True).stdout

    def press(self, key: str, answer: str) -> None:
        self.do("key", "--clearmodifiers", key)
        self.wait(answer)

    def push_close_button(self) -> None:
        """Sends what a window manager sends for its close button."""
        x11 = ctypes.CDLL(ctypes.util.find_library("X11") or "libX11.so.6")
        x11.XOpenDisplay.restype = ctypes.c_void_p
        x11.XInternAtom.restype = ctypes.c_ulong
        handle = ctypes.c_void_p(x11.XOpenDisplay(self._environment["DISPLAY"].encode()))
        protocols, delete = (x11.XInternAtom(handle, name, 0) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW"))
        client_message, window = 33, int(self._id)
        event = (ctypes.c_long * 24)(client_message, 0, 1, 0, window, protocols, 32, delete, 0)
        x11.XSendEvent(handle, ctypes.c_ulong(window), 0, ctypes.c_long(0), event)
        x11.XCloseDisplay(handle)

    def wait(self, line: str) -> None:
        assert self.process.stdout is not None
        for text in self.process.stdout:
            if text.strip() == line:
                return
        raise AssertionError(f"the window ended without saying {line!r}")

    def screenshot(self, path: Path) -> Any:
        dump = subprocess.run(
            ["xwd", "-silent", "-root"], env=self._environment, check=True, timeout=30, stdout=subprocess.PIPE
        ).stdout
        header = np.frombuffer(dump[:100], ">u4")
        offset, (width, height), bits, row = header[0] + 12 * header[19], header[4:6], header[11], header[12]
        pixels = np.frombuffer(dump[offset:], np.uint8).reshape(height, row)[:, : width * bits // 8]
        image = np.ascontiguousarray(pixels.reshape(height, width, -1)[..., :3])
        cv2.imwrite(str(path), image)
        return image


@pytest.fixture
def window(display: str, tmp_path: Path) -> Iterator[Window]:
    image = np.zeros((240, 320, 3), np.uint8)
    image[:, :160] = (0, 0, 255)
    image[:, 160:] = picture(160, 240)
    cv2.imwrite(str(tmp_path / "picture.png"), image)
    opened = Window(display, tmp_path / "picture.png")
    yield opened
    if opened.process.poll() is None:
        opened.process.kill()
    opened.process.wait(10)


def test_keys_act_and_q_leaves_no_thread(window: Window) -> None:
    for key, answer in {
        "v": "command view next",
        "m": "command model next",
        "s": "command smooth toggle",
        "f": "state 1 0 0",
        "space": "state 1 1 0",
        "h": "state 1 1 1",
        "F": "state 0 1 1",
        "q": "drain",
    }.items():
        window.press(key, answer)
    window.wait("threads 1 True frames True")
    assert window.process.wait(20) == 0


def test_closing_the_window_drains(window: Window) -> None:
    window.push_close_button()
    window.wait("drain")
    window.wait("threads 1 True frames True")
    assert window.process.wait(20) == 0


def test_the_picture_is_on_the_screen(window: Window, tmp_path: Path) -> None:
    if not shutil.which("xwd"):
        pytest.skip("needs xwd (apt-get install x11-apps)")
    window.press("h", "state 0 0 1")
    window.press("f", "state 1 0 1")
    screen = window.screenshot(Path(os.environ.get("RTSKIN_SCREENSHOT", tmp_path / "screen.png")))
    red = (screen == (0, 0, 255)).all(axis=2)
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
    sink.press("f")
    assert sink.decorate(image) is image
    assert sink.decorate(image[..., 0].copy()).ndim == 2
    assert set(KEYS) == {"q", "v", "m", "s", "f", "space", "h"}


def test_close_without_open_and_twice() -> None:
    sink = WindowSink()
    sink.idle()
    sink.close()
    sink.close()
    assert make_frame().seq == 0
