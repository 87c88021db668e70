"""Whether a window can be opened: asked before Qt, which ends the whole process where it cannot."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import re
import socket
import sys
import threading

from rtskin.errors import SinkError

_INSTEAD = "use --sink FILE or null, or set DISPLAY"

#: Seconds to wait for an X server.
_PATIENCE = 3.0


def require_display() -> None:
    """SinkError "no display …" where a window cannot be opened; on Linux a connection is tried."""
    if not sys.platform.startswith("linux"):
        return
    name = os.environ.get("DISPLAY", "")
    if not name:
        # OpenCV's Qt speaks X11 only; Wayland sessions offer that through Xwayland, which sets DISPLAY.
        wayland = " (OpenCV's windows need X11 or Xwayland)" if os.environ.get("WAYLAND_DISPLAY") else ""
        raise SinkError(f"no display{wayland}: {_INSTEAD}")
    if not _reachable(name):
        raise SinkError(f"no display: the X server {name!r} does not answer; {_INSTEAD}")


def _reachable(name: str) -> bool:
    # The socket first, because libxcb waits for minutes for a host that does not answer; then libxcb, because it also
    # knows whether the server lets us in.
    return _listening(name) and _admitted()


def _listening(name: str) -> bool:
    match = re.fullmatch(r"(?:(?:[a-z]+/)?(?P<host>[^/]*)):(?P<number>\d+)(?:\.\d+)?", name)
    if match is None:
        return False
    host, number = match["host"], int(match["number"])
    addresses: list[tuple[int, str | tuple[str, int]]]
    if host in ("", "unix"):
        path = f"/tmp/.X11-unix/X{number}"
        addresses = [(socket.AF_UNIX, path), (socket.AF_UNIX, "\0" + path)]
    else:
        addresses = [(socket.AF_INET, (host, 6000 + number)), (socket.AF_INET6, (host, 6000 + number))]
    return any(_connects(family, address) for family, address in addresses)


def _connects(family: int, address: str | tuple[str, int]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PATIENCE)
        try:
            probe.connect(address)
        except OSError:
            return False
    return True


def _admitted() -> bool:
    """Whether libxcb, which Qt connects with, gets a connection; True where libxcb cannot be asked."""
    library = ctypes.util.find_library("xcb")
    if library is None:
        return True
    answer: list[bool] = []
    # libxcb waits forever for a server that hangs: in a thread of its own, which such a server keeps.
    asking = threading.Thread(target=lambda: answer.append(_ask(library)), name="rtskin-display", daemon=True)
    asking.start()
    asking.join(_PATIENCE)
    return answer == [True]


def _ask(library: str) -> bool:
    xcb = ctypes.CDLL(library)
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    admitted = not xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return admitted
