from __future__ import annotations

import errno
import socket
from typing import Any

import pytest

from rtskin.errors import SinkError
from rtskin.roi.out.address import parse
from rtskin.roi.out.hosts import cannot_serve, resolve

SIX = (socket.AF_INET6, socket.SOCK_DGRAM, 17, "", ("::1", 9000, 0, 0))
FOUR = (socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("127.0.0.1", 9000))


@pytest.mark.parametrize(
    ("known", "family"), [([SIX, FOUR], socket.AF_INET), ([FOUR, SIX], socket.AF_INET), ([SIX], socket.AF_INET6)]
)
def test_of_both_the_older(known: list[Any], family: socket.AddressFamily, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **more: known)
    assert resolve(parse("udp://localhost:9000"), socket.SOCK_DGRAM)[0] == family


def test_a_host_that_nobody_knows() -> None:
    with pytest.raises(SinkError, match="the host 'no host' is not known"):
        resolve(parse("udp://no host:9000"), socket.SOCK_DGRAM)
    with pytest.raises(SinkError, match=r"--out ws://\*:9000: the host 'no other host' is not known"):
        resolve(parse("ws://*:9000"), socket.SOCK_STREAM, "no other host")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EADDRINUSE, "port 80 is in use; choose another, or end who has it"),
        (errno.EACCES, "port 80 may not be served at; choose one from 1024 on"),
        (errno.EADDRNOTAVAIL, "cannot serve there: why; the host is an address of this machine"),
        (None, "cannot serve there: why; the host is an address of this machine"),
    ],
)
def test_why_nothing_can_be_served_there(number: int | None, said: str) -> None:
    error = cannot_serve(parse("ws://me:secret@localhost:80"), number, "why")
    assert str(error).startswith(f"--out ws://***@localhost:80: {said}")
