"""PUB with real subscribers."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from rtskin.errors import SinkError
from rtskin.roi.out.zeromq import ZmqTransport
from tests.roi.made import FACE, HAND, message
from tests.roi.out.waiting import until

zmq = pytest.importorskip("zmq", reason="needs the extra feed")


@pytest.fixture
def context() -> Iterator[Any]:
    made = zmq.Context()
    yield made
    made.destroy(linger=0)


def subscriber(context: Any, port: int, topic: bytes = b"rtskin") -> Any:
    one = context.socket(zmq.SUB)
    one.setsockopt(zmq.RCVTIMEO, 20_000)
    one.connect(f"tcp://127.0.0.1:{port}")
    one.subscribe(topic)
    return one


def until_clients(transport: ZmqTransport, count: int) -> None:
    until(lambda: bool(transport.idle() or transport.counters()["clients"] == count))


def test_topic_json_and_a_part_for_each_crop(context: Any, port: int) -> None:
    transport = ZmqTransport(f"zmq://127.0.0.1:{port}")
    transport.open()
    try:
        one = subscriber(context, port)
        until_clients(transport, 1)
        transport.send(message(4, HAND, FACE, crops=(b"jpeg", None)))
        transport.send(message(5, HAND, FACE))
        topic, text, *crops = one.recv_multipart()
        assert (topic, crops) == (b"rtskin", [b"jpeg", b""])
        said = json.loads(text)
        assert [roi["id"] for roi in said["rois"]] == [1, 2]
        assert "crop" not in said["rois"][0]
        assert [len(part) > 0 for part in one.recv_multipart()] == [True, True]
        assert transport.counters() == {"sent": 2, "clients": 1}
        one.close()
        until_clients(transport, 0)
    finally:
        transport.close()


def test_every_interface_another_topic_and_several_clients(context: Any, port: int) -> None:
    transport = ZmqTransport(f"zmq://*:{port}/hands")
    transport.open()
    try:
        here, there = subscriber(context, port, b"hands"), subscriber(context, port, b"faces")
        until_clients(transport, 2)
        transport.send(message(1))
        assert here.recv_multipart()[0] == b"hands"
        there.setsockopt(zmq.RCVTIMEO, 100)
        with pytest.raises(zmq.Again):
            there.recv_multipart()
    finally:
        transport.close()


def test_a_port_in_use_a_foreign_address_and_an_unknown_host(port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        for out, said in (
            (f"zmq://127.0.0.1:{port}", f"port {port} is in use; choose another"),
            (f"zmq://192.0.2.1:{port}", "the host is an address of this machine"),
            ("zmq://no-such-host.invalid:9", "is not known"),
        ):
            transport = ZmqTransport(out)
            with pytest.raises(SinkError, match=said):
                transport.open()
            transport.close()
