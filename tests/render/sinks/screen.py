"""A window in a process of its own, and fingers on its keyboard."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import numpy as np

from rtskin.media import cv2


class Window:
    """Runs a script that opens a window on the X display, and waits for what it prints."""

    def __init__(self, display: str, script: Path, *arguments: object) -> None:
        self._environment = os.environ | {"DISPLAY": display, "QT_LOGGING_RULES": "*=false"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"import runpy, sys; runpy.run_path({str(script)!r})", *map(str, arguments)],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._id = self.do("search", "--sync", "--onlyvisible", "--name", "^rtskin$").split()[0]
        self.do("windowfocus", "--sync", self._id)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=10)

    def do(self, *words: str) -> str:
        command = ["xdotool", *words]
        return subprocess.run(command, env=self._environment, check=True, timeout=30, stdout=-1, text=True).stdout

    def press(self, key: str, answer: str | None = None) -> None:
        self.do("key", "--clearmodifiers", key)
        if answer is not None:
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
        """Until the script prints the line."""
        while self.line(line) != line:
            pass

    def line(self, start: str) -> str:
        """The next line that begins so."""
        assert self.process.stdout is not None
        for text in self.process.stdout:
            if text.startswith(start):
                return text.rstrip()
        raise AssertionError(f"the window ended without saying {start!r}")

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
