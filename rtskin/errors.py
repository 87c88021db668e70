"""The errors of rtskin: one tree, every one of them also the builtin that a caller would expect.

::

    RtskinError
    ├── InputError                  ValueError         an argument, option or setting that cannot be used
    │   ├── UnknownNameError        LookupError        no model, view, node kind … of that name (the nearest are named)
    │   └── GraphSpecError                             a graph that cannot run as described
    ├── SourceError                 OSError            a source cannot be opened, or broke while being read
    │   ├── SourceNotFoundError     FileNotFoundError  there is nothing under that path
    │   └── NoFramesError                              it opens, but no picture can be decoded
    ├── SinkError                   OSError            an output cannot be opened or written
    │   └── OutputExistsError       FileExistsError    it is there already and may not be overwritten
    ├── ModelError                  ValueError         a card, weights or a network's input or output do not fit
    ├── RuntimeUnavailableError     RuntimeError       a runtime or device that was asked for cannot be had
    ├── MissingExtraError           ImportError        an optional part is not installed (the extra is named)
    ├── NodeError                   RuntimeError       a node of a graph raised something that is not an RtskinError
    └── GraphStateError             RuntimeError       a graph is used in a way its state does not allow

Messages are one line that says what is wrong and what to do. An error that leaves a running graph carries the name of
the node it came from in ``error.node``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Self


class RtskinError(Exception):
    """Base of everything that rtskin raises on purpose."""

    #: Name of the graph node the error came from; None outside a graph.
    node: str | None = None


class InputError(RtskinError, ValueError):
    """An argument, option or setting that cannot be used."""

    #: Dotted key of the setting it is about ("nodes.infer.model"), where there is one: files name the line by it.
    key: str | None = None
    #: The message without the name of what it is about, where it begins with one.
    bare: str | None = None

    def about(self, key: str) -> Self:
        """The same error with its key; a longer one where it gets to know where it is."""
        if not key.endswith(self.key or ""):
            self.bare = None  # what is left out there says what it is about
        self.key = key
        return self


class UnknownNameError(InputError, LookupError):
    """A name that nothing is registered under."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        self.what, self.name, self.known = what, name, sorted(known)
        super().__init__(f"no {what} is called {name!r}{nearest(name, self.known)}")


class GraphSpecError(InputError):
    """A graph that cannot run as it is described."""


class SourceError(RtskinError, OSError):
    """A source cannot be opened, or broke while it was read."""


class SourceNotFoundError(SourceError, FileNotFoundError):
    """There is nothing under the path of a source."""


class NoFramesError(SourceError):
    """A source opens, but not one picture can be decoded from it."""


class SinkError(RtskinError, OSError):
    """An output cannot be opened or written."""


class OutputExistsError(SinkError, FileExistsError):
    """An output is there already and may not be overwritten."""


class ModelError(RtskinError, ValueError):
    """A model card, its weights, or a network's input or output do not fit."""


class RuntimeUnavailableError(RtskinError, RuntimeError):
    """A runtime or device that was asked for cannot be had here."""


class MissingExtraError(RtskinError, ImportError):
    """An optional part is not installed."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs {package}: pip install 'rtskin[{extra}]'")


class NodeError(RtskinError, RuntimeError):
    """A node of a graph raised something that is not an RtskinError (the cause is chained)."""


class GraphStateError(RtskinError, RuntimeError):
    """A graph is used in a way that its state does not allow."""


def reason(error: BaseException) -> str:
    """Why, in a few words on one line, without the path and the number that operating systems and FFmpeg add.

    (A path may be an address that holds a password.)
    """
    text = str(getattr(error, "strerror", None) or error).strip() or type(error).__name__
    return text.splitlines()[0]


def nearest(name: str, known: Iterable[str]) -> str:
    """The part of an error message that helps: the nearest names, or else all of them."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if close:
        return f"; did you mean {' or '.join(close)}?"
    return f"; there are: {', '.join(known)}" if known else ""
