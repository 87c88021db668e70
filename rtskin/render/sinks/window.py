"""Pictures in a window, with keys."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from rtskin.frame import U8, Mask, Rendered
from rtskin.media import cv2
from rtskin.node import Context, Node, NodeOptions
from rtskin.pool import BufferPool
from rtskin.render.sinks.display import require_display
from rtskin.render.sinks.image import image_of

#: Key → what it does, as the help shows it.
KEYS = {
    "q": "quit",
    "v": "next view",
    "m": "next model",
    "s": "smoothing on / off",
    "f": "mirror",
    "space": "pause",
    "h": "this help",
}

#: Keys that are passed on to the other nodes of the graph.
_COMMANDS = {"v": ("view", "next"), "m": ("model", "next"), "s": ("smooth", "toggle")}

#: Width and height that a new window does not exceed; it can be resized.
_LARGEST = (1280, 800)
_SMALLEST = (320, 240)

#: While paused, every so many looks at the keys are one at whether the graph ends, which costs more.
_LOOKS = 8

_FONTS = "/usr/share/fonts"


class WindowSink(Node):
    """Rendered or Mask → a window. ``q`` or closing it drains the graph. SinkError where there is no display.

    A pause holds the stream: the sink keeps the packet it has, so a source that loses nothing waits, and a live one drops
    its frames at admission, where they are counted.
    """

    class Options(NodeOptions):
        title: str = "rtskin"
        mirror: bool = False

    main_thread = True
    emits = "none"
    idle_every = 0.015

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._context = Context()
        self._image: U8 | None = None
        self._pool = BufferPool()
        self._mirror: bool = self.options.mirror
        self._paused = self._help = self._shown = self._closed = False
        self._frames = self._bytes = 0
        self._size: tuple[int, ...] = (0, 0)

    def open(self, context: Context) -> None:
        require_display()
        _quiet_qt()
        self._context = context

    def process(self, packet: Rendered | Mask) -> None:
        self._hold()  # a pause that began while nothing came
        if self._closed or self._context.stopping.is_set():
            return
        self._image = image_of(packet)
        self._frames += 1
        self._bytes += self._image.nbytes
        self._draw()
        self._react()
        self._hold()

    def idle(self) -> None:
        if self._shown and not self._closed:
            self._react()

    def close(self) -> None:
        if self._shown and not self._closed:
            self._closed = True
            cv2.destroyWindow(self.options.title)
            cv2.pollKey()  # lets Qt take the window away
        self._image = None

    def counters(self) -> dict[str, int | float | str]:
        """frames that were shown, and bytes of their pixels."""
        return {"frames": self._frames, "bytes": self._bytes}

    def press(self, key: str) -> None:
        """Does what a key does."""
        if key == "q":
            self._paused = False  # what is under way is delivered
            self._context.drain()
        elif key in _COMMANDS:
            self._context.command(*_COMMANDS[key])
        elif key == "space":
            self._paused = not self._paused
        elif key == "f":
            self._mirror = not self._mirror
        elif key == "h":
            self._help = not self._help
        else:
            return
        self._draw()

    def _hold(self) -> None:
        """Waits until the pause is over, or the graph is about to end for another reason (Ctrl-C, a duration)."""
        looks = 0
        while self._paused and not self._closed and not self._context.stopping.wait(self.idle_every):
            self._react()
            looks += 1
            if looks % _LOOKS == 0 and self._ending():
                self._paused = False

    def _ending(self) -> bool:
        statistics = self._context.statistics()
        return statistics is not None and statistics.state != "running"

    def _react(self) -> None:
        """Handles what the window has to say: keys, and its button."""
        code = cv2.pollKey()
        if self._gone():
            self._closed = True  # showing another picture would open it again
            self._context.drain()
        elif code >= 0:
            character = chr(code & 0xFF)
            self.press("space" if character == " " else character.lower())

    def _gone(self) -> bool:
        try:
            return bool(cv2.getWindowProperty(self.options.title, cv2.WND_PROP_VISIBLE) < 1)
        except cv2.error:  # Qt's way to say that its last window was closed
            return True

    def _draw(self) -> None:
        if self._image is None:
            return
        if self._size != self._image.shape[:2]:  # the first picture, or a view of another shape
            self._show_window(self._image)
        cv2.imshow(self.options.title, self.decorate(self._image))

    def _show_window(self, image: U8) -> None:
        title, (height, width) = self.options.title, image.shape[:2]
        cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)
        scale = min(1.0, _LARGEST[0] / width, _LARGEST[1] / height)
        cv2.resizeWindow(title, max(_SMALLEST[0], int(width * scale)), max(_SMALLEST[1], int(height * scale)))
        self._shown, self._size = True, image.shape[:2]

    def decorate(self, image: U8) -> U8:
        """The picture as it is shown: mirrored, with help or the sign of a pause; the original is not touched."""
        if self._mirror:
            flipped = self._pool.take(image.shape, np.uint8)
            image = cv2.flip(image, 1, dst=flipped)
        lines = [f"{key}  {what}" for key, what in KEYS.items()] if self._help else []
        if self._paused:
            lines.append("paused")
        return self._written(image, lines) if lines else image

    def _written(self, image: U8, lines: list[str]) -> U8:
        copy = self._pool.take(image.shape, np.uint8)
        np.copyto(copy, image)
        size = max(0.4, image.shape[0] / 900)
        line_height = round(34 * size)
        shade = copy[: line_height * (len(lines) + 1), : round(420 * size)]
        np.right_shift(shade, 1, out=shade)  # light letters are read on any picture then
        white = (255, 255, 255)
        for number, line in enumerate(lines, 1):
            at = (round(20 * size), line_height * number)
            cv2.putText(copy, line, at, cv2.FONT_HERSHEY_SIMPLEX, size, white, 1, cv2.LINE_AA)
        return copy


def _quiet_qt() -> None:
    """OpenCV points Qt to a folder of fonts that its wheel does not have, and Qt complains for every window."""
    if not os.path.isdir(os.environ.get("QT_QPA_FONTDIR", "")) and os.path.isdir(_FONTS):
        os.environ["QT_QPA_FONTDIR"] = _FONTS
