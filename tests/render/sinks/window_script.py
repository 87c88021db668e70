"""Run by test_window in a process of its own: a window that is fed until somebody asks for the end.

Prints what happens, a line each, so that the test can wait for it.
"""

from __future__ import annotations

import sys
import threading

from rtskin.frame import BgrPicture, Frame, Rendered, SourceInfo
from rtskin.media import cv2
from rtskin.node import Context
from rtskin.render.sinks.window import WindowSink


def say(*words: object) -> None:
    print(*words, flush=True)


def main(picture: str) -> None:
    ended = threading.Event()

    def command(name: str, value: str) -> bool:
        say("command", name, value)
        return True

    def drain() -> None:
        say("drain")
        ended.set()

    image = cv2.imread(picture)
    frame = Frame(0, BgrPicture(image), SourceInfo("test", image.shape[1], image.shape[0]))
    sink = WindowSink()
    sink.open(Context(command=command, drain=drain))
    try:
        state: tuple[bool, ...] = ()
        while not ended.is_set():
            sink.process(Rendered(frame, image))
            sink.idle()
            if state != (state := (sink._mirror, sink._paused, sink._help)):
                say("state", *map(int, state))
        sink.finish()
    finally:
        sink.close()
        sink.close()
    say("closed")


main(sys.argv[1])
