from __future__ import annotations

import socket
from typing import Any

import pytest

from rtskin.errors import SinkError
from rtskin.roi.out.address import parse
from rtskin.roi.out.hosts import resolve

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
        resolve(parse("udp://no%20host:9000".replace("%20", " ")), socket.SOCK_DGRAM)
