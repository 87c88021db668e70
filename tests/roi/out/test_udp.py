"""Datagrams to a real socket."""

from __future__ import annotations

import base64
import errno
import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from rtskin.errors import SinkError
from rtskin.roi.out import udp
from rtskin.roi.out.udp import UdpTransport
from tests.roi.made import HAND, many, message


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        one.settimeout(20)
        yield one


@pytest.fixture
def transport(receiver: socket.socket) -> Iterator[UdpTransport]:
    made = UdpTransport(f"udp://127.0.0.1:{receiver.getsockname()[1]}")
    made.open()
    yield made
    made.close()


def received(receiver: socket.socket) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(receiver.recv(65536))
    return said


def test_a_datagram_a_message(receiver: socket.socket, transport: UdpTransport) -> None:
    for seq in range(3):
        transport.send(message(seq, crops=(b"jpeg",)))
    found = [received(receiver) for _ in range(3)]
    assert [one["seq"] for one in found] == [0, 1, 2]
    assert base64.b64decode(found[0]["rois"][0]["crop"]) == b"jpeg"
    assert transport.counters() == {"sent": 3}


@pytest.mark.parametrize(
    ("found", "crop", "lacks"),
    [
        (many(60, points=120), b"jpeg", "polygons"),
        (tuple(replace(HAND, id=number) for number in range(150)), b"x" * 900, "polygons, crops, landmarks"),
        (many(20), b"x" * 4000, "polygons, crops"),
        (many(60, points=120), None, "polygons"),
        (tuple(replace(HAND, id=number) for number in range(150)), None, "polygons, landmarks"),
    ],
)
def test_what_is_too_large_goes_with_less(
    receiver: socket.socket, transport: UdpTransport, found: Any, crop: bytes | None, lacks: str
) -> None:
    transport.send(message(1, *found, crops=(crop,) * len(found)))
    said = received(receiver)
    assert len(said["rois"]) == len(found)
    assert all(roi["polygon"] == [] for roi in said["rois"])
    assert ("crop" in said["rois"][0]) is (crop is not None and "crops" not in lacks)
    assert ("landmarks" in said["rois"][0]) is (found[0].landmarks is not None and "landmarks" not in lacks)
    assert transport.counters() == {"sent": 1, f"without {lacks}": 1}


def test_what_is_too_large_however_little_is_in_it_is_counted(
    receiver: socket.socket, transport: UdpTransport, caplog: pytest.LogCaptureFixture
) -> None:
    for seq in range(3):
        transport.send(message(seq, *many(600)))
    transport.send(message(9))
    assert received(receiver)["seq"] == 9
    assert transport.counters() == {"sent": 1, "dropped": 3, "too large": 3}
    assert len(caplog.messages) == 1


def test_a_system_that_allows_less_is_learned_from(
    receiver: socket.socket, transport: UdpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udp.UdpTransport, "deliver", refusing(9216, transport.deliver))
    transport.send(message(1, *many(20)))
    assert received(receiver)["rois"][0]["polygon"] == []
    assert transport.counters() == {"sent": 1, "without polygons": 1}


def refusing(most: int, deliver: Any) -> Any:
    """As macOS does for more than 9216 bytes."""
    return lambda self, datagram: len(datagram) <= most and deliver(datagram)


def test_nobody_listens_and_nobody_minds(port: int) -> None:
    transport = UdpTransport(f"udp://127.0.0.1:{port}")
    transport.open()
    for seq in range(5):
        transport.send(message(seq))
    assert transport.counters() == {"sent": 5}
    transport.close()


class Unreachable:
    """A socket of a machine whose network is gone."""

    def sendto(self, datagram: bytes, target: object) -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")


def test_a_network_that_is_gone_is_said_once_and_tried_again(
    receiver: socket.socket, transport: UdpTransport, caplog: pytest.LogCaptureFixture
) -> None:
    real: Any = transport._socket
    for _ in range(2):
        transport._socket = Unreachable()  # type: ignore[assignment]
        transport.send(message(0))
        transport.send(message(1))
        transport._socket = real
        transport.send(message(2))
        assert received(receiver)["seq"] == 2
    assert ["Network is unreachable; it goes on trying" in text for text in caplog.messages] == [True, True]
    assert transport.counters() == {"sent": 2, "dropped": 4}


def test_a_host_that_is_not_known() -> None:
    transport = UdpTransport("udp://no-such-host.invalid:9000")
    with pytest.raises(SinkError, match=r"--out udp://no-such-host.invalid:9000: the host .* is not known"):
        transport.open()
    transport.close()
