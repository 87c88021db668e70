"""The keys of a window."""

from __future__ import annotations

#: Key → what it does, as the help shows it.
KEYS = {
    "q": "quit",
    "v": "next view",
    "m": "next model",
    "s": "smoothing on / off",
    "+ -": "smooth more, less",
    ". ,": "threshold up, down",
    "x": "mirror",
    "f": "full screen",
    "i": "statistics",
    "p": "save a picture",
    "r": "record, stop recording",
    "space": "pause",
    "h": "this help",
}

#: Keys that are passed on to the other nodes of the graph.
COMMANDS = {
    "v": ("view", "next"),
    "m": ("model", "next"),
    "s": ("smooth", "toggle"),
    "+": ("strength", "up"),
    "=": ("strength", "up"),  # the same key without shift
    "-": ("strength", "down"),
    ".": ("threshold", "up"),
    ",": ("threshold", "down"),
}
