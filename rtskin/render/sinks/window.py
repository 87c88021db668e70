"""Pictures in a window, with keys."""

from __future__ import annotations

import logging
import os
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from rtskin.errors import RtskinError, reason
from rtskin.files import write_bytes
from rtskin.frame import U8, Mask, Rendered
from rtskin.media import cv2
from rtskin.node import Context, Node, NodeOptions
from rtskin.pool import BufferPool
from rtskin.render.sinks.caption import captioned
from rtskin.render.sinks.display import require_display
from rtskin.render.sinks.image import image_of
from rtskin.render.sinks.keys import COMMANDS, KEYS
from rtskin.render.sinks.notices import Awaited, figures, notice
from rtskin.render.sinks.recorder import Recorder

#: Width and height that a new window does not exceed; it can be resized.
_LARGEST = (1280, 800)
_SMALLEST = (320, 240)

#: While paused, every so many looks at the keys are one at whether the graph ends, which costs more.
_LOOKS = 8

#: Seconds that a message stays, and between two looks at the statistics that are shown.
_MESSAGE, _LOOK = 2.5, 0.5

_FONTS = "/usr/share/fonts"

log = logging.getLogger("rtskin.render")


class WindowSink(Node):
    """Rendered or Mask → a window. ``q`` or closing it drains the graph. SinkError where there is no display.

    A pause holds the stream: the sink keeps the packet it has, so a source that loses nothing waits, and a live one drops
    its frames at admission, where they are counted.

    mirror: the window alone shows mirror images; other nodes are told (``command("mirror", "on")``), so that words in the
    picture can be read all the same.
    """

    class Options(NodeOptions):
        title: str = "rtskin"
        mirror: bool = False
        #: Where saved pictures and recordings go.
        folder: Path = Path()

    main_thread = True
    emits = "none"
    idle_every = 0.015

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._context = Context()
        self._image: U8 | None = None
        self._mirrored: U8 | None = None
        self._pool = BufferPool()
        self._mirror: bool = self.options.mirror
        self._paused = self._help = self._shown = self._closed = False
        self._full = self._figures = False
        self._message, self._message_until = "", 0.0
        self._looked, self._lines = 0.0, [""]
        self._packet: Rendered | Mask | None = None
        self._recorder: Recorder | None = None
        self._awaited = Awaited()
        self._frames = self._bytes = 0
        self._size: tuple[int, ...] = (0, 0)

    def check(self) -> None:
        require_display()

    def open(self, context: Context) -> None:
        require_display()
        _quiet_qt()
        self._context = context
        if self._mirror:
            self._tell_mirror()

    def process(self, packet: Rendered | Mask) -> None:
        self._hold()  # a pause that began while nothing came
        if self._closed or self._context.stopping.is_set():
            return
        self._packet, self._image = packet, image_of(packet)
        self._mirrored = packet.mirrored if isinstance(packet, Rendered) else None
        self._frames += 1
        if self._recorder is not None:
            self._recorder.add(Rendered(packet.frame, self._image))
        self._bytes += self._image.nbytes
        self._draw()
        self._react()
        self._hold()

    def idle(self) -> None:
        if self._shown and not self._closed:
            self._react()

    def close(self) -> None:
        if self._recorder is not None:
            self._record()
        if self._shown and not self._closed:
            self._closed = True
            cv2.destroyWindow(self.options.title)
            cv2.pollKey()  # lets Qt take the window away
        self._image = self._mirrored = self._packet = None

    def counters(self) -> dict[str, int | float | str]:
        """frames that were shown, and bytes of their pixels."""
        return {"frames": self._frames, "bytes": self._bytes}

    def press(self, key: str) -> None:
        """Does what a key does."""
        if key == "q":
            self._paused = False  # what is under way is delivered
            self._context.drain()
        elif key in COMMANDS:
            self._command(*COMMANDS[key])
        elif key == "space":
            self._paused = not self._paused
        elif key == "x":
            self._mirror = not self._mirror
            self._tell_mirror()
        elif key == "f":
            self._full = not self._full
            self._fill_screen()
        elif key == "h":
            self._help = not self._help
        elif key == "i":
            self._figures, self._looked = not self._figures, 0.0
        elif key == "p":
            self._save_picture()
        elif key == "r":
            self._record()
        else:
            return
        self._draw()

    def _command(self, name: str, value: str) -> None:
        """What cannot be is said, and the stream goes on; what cannot be seen is said too."""
        before = self._context.statistics() if name == "model" else None
        try:
            taken = self._context.command(name, value)
        except Exception as error:  # a view, or a model, of somebody else's may raise anything
            self._say(str(error) if isinstance(error, RtskinError) else f"{type(error).__name__}: {reason(error)}")
            return
        if not taken:
            self._say(f"nothing here has a {name} to change")
            return
        if name == "model":
            self._awaited.ask(before)
        self._say(notice(name, self._context.statistics()))

    def _tell_mirror(self) -> None:
        self._context.command("mirror", "on" if self._mirror else "off")

    def _save_picture(self) -> None:
        """What is shown, without words and mirror, as PNG."""
        if self._image is None:
            return
        path = self.options.folder / f"rtskin-{datetime.now():%Y%m%d-%H%M%S-%f}.png"
        try:
            write_bytes(path, cv2.imencode(".png", self._image)[1].tobytes())
        except RtskinError as error:
            self._say(str(error))
        else:
            self._say(f"saved {path}")

    def _record(self) -> None:
        """Begins a recording, or completes the one that runs."""
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            self._say(recorder.close())
            return
        path = self.options.folder / f"rtskin-{datetime.now():%Y%m%d-%H%M%S-%f}.mp4"
        try:
            self._recorder = Recorder(path)
        except (RtskinError, RuntimeError, OSError) as error:  # no thread can be started, say
            self._say(f"not recorded: {reason(error)}")

    def _say(self, message: str) -> None:
        log.info("%s", message)
        self._message, self._message_until = message, time.monotonic() + _MESSAGE

    def _fill_screen(self) -> None:
        if self._shown:
            mode = cv2.WINDOW_FULLSCREEN if self._full else cv2.WINDOW_NORMAL
            cv2.setWindowProperty(self.options.title, cv2.WND_PROP_FULLSCREEN, mode)

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
        cv2.imshow(self.options.title, self.decorate(self._image, self._mirrored))

    def _show_window(self, image: U8) -> None:
        title, (height, width) = self.options.title, image.shape[:2]
        cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)
        scale = min(1.0, _LARGEST[0] / width, _LARGEST[1] / height)
        cv2.resizeWindow(title, max(_SMALLEST[0], int(width * scale)), max(_SMALLEST[1], int(height * scale)))
        self._shown, self._size = True, image.shape[:2]

    def decorate(self, image: U8, mirrored: U8 | None = None) -> U8:
        """The picture as it is shown: mirrored, with help, figures and messages; the original is not touched.

        mirrored: what a mirror shows of it, where that is not just its pixels turned round.
        """
        if self._mirror and mirrored is not None:
            image = mirrored
        elif self._mirror:
            flipped = self._pool.take(image.shape, np.uint8)
            image = cv2.flip(image, 1, dst=flipped)
        lines = self._words()
        return captioned(image, lines, self._pool) if lines else image

    def _words(self) -> list[str]:
        lines = [f"{key}  {what}" for key, what in KEYS.items()] if self._help else []
        if self._figures:
            lines += self._statistics()
        if self._recorder is not None:
            error = self._recorder.error
            lines.append(f"recording, {self._recorder.frames} frames" if error is None else f"not recorded: {error}")
        if (news := self._awaited.news(self._context.statistics)) is not None:
            self._say(news)
        if time.monotonic() < self._message_until:
            lines.append(self._message)
        if self._paused:
            lines.append("paused")
        return lines

    def _statistics(self) -> list[str]:
        """The graph's figures, looked at twice a second: they take a moment, and nobody reads faster."""
        now = time.monotonic()
        if now - self._looked >= _LOOK:
            self._looked, self._lines = now, figures(self._context.statistics())
        return self._lines


def _quiet_qt() -> None:
    """OpenCV points Qt to a folder of fonts that its wheel does not have, and Qt complains for every window."""
    if not os.path.isdir(os.environ.get("QT_QPA_FONTDIR", "")) and os.path.isdir(_FONTS):
        os.environ["QT_QPA_FONTDIR"] = _FONTS
