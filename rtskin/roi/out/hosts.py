"""Names of hosts, and what is said where one cannot be reached or served at."""

from __future__ import annotations

import errno
import socket
from typing import Any

from rtskin.errors import SinkError, reason
from rtskin.roi.out.address import Address


def resolve(
    address: Address, kind: socket.SocketKind, host: str | None = None
) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
    """Family and socket address of ``address`` (or of another ``host``); SinkError where the name is not known.

    Of a name that has both, IPv4: a program that waits at "localhost" mostly waits there alone, and a datagram to the other
    one is lost in silence.
    """
    name = host or address.host
    try:
        found = socket.getaddrinfo(name, address.port, type=kind)
    except (OSError, UnicodeError) as error:
        raise SinkError(f"--out {address.shown}: the host {name!r} is not known ({reason(error)})") from error
    family, _, _, _, target = min(found, key=lambda one: one[0] != socket.AF_INET)  # of several alike the first
    return family, target


def cannot_serve(address: Address, number: int | None, why: str) -> SinkError:
    """Why a server cannot be at an address. number: errno."""
    if number == errno.EADDRINUSE:
        return SinkError(f"--out {address.shown}: port {address.port} is in use; choose another, or end who has it")
    if number == errno.EACCES:
        return SinkError(f"--out {address.shown}: port {address.port} may not be served at; choose one from 1024 on")
    return SinkError(
        f"--out {address.shown}: cannot serve there: {why}; the host is an address of this machine, 127.0.0.1, or 0.0.0.0"
    )
