"""The WebSocket server with real clients."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rtskin.errors import SinkError
from rtskin.roi.out.courier import Courier
from rtskin.roi.out.websocket import WebSocketTransport
from tests.graph.nodes import graph_threads
from tests.roi.made import many, message
from tests.roi.out.waiting import until

connect = pytest.importorskip("websockets.sync.client", reason="needs the extra feed").connect
exceptions = pytest.importorskip("websockets.exceptions")


@pytest.fixture
def serve() -> Iterator[Callable[[str], Courier]]:
    """Starts a server at an address."""
    started: list[Courier] = []

    def start(out: str) -> Courier:
        courier = Courier(WebSocketTransport(out), live=True, stopping=threading.Event())
        started.append(courier)
        courier.start()
        return courier

    yield start
    for courier in started:
        courier.close()
    assert graph_threads() == []


def clients(courier: Courier, count: int) -> None:
    until(lambda: courier.counters()["clients"] == count)


def test_each_client_gets_each_message_as_text(serve: Callable[[str], Courier], port: int) -> None:
    courier = serve(f"ws://127.0.0.1:{port}")
    with connect(f"ws://127.0.0.1:{port}/anything") as one, connect(f"ws://127.0.0.1:{port}") as two:
        clients(courier, 2)
        for seq in range(3):
            courier.put(message(seq, crops=(b"jpeg",)))
            for client in (one, two):
                text = client.recv(timeout=20)
                assert isinstance(text, str)
                said = json.loads(text)
                assert (said["seq"], said["rois"][0]["crop"]) == (seq, "anBlZw==")
        # A client may have a message before it is counted.
        until(lambda: courier.counters() == {"sent": 6, "clients": 2, "dropped": 0})
    clients(courier, 0)


def test_what_a_client_says_is_passed_over_and_its_pings_are_answered(
    serve: Callable[[str], Courier], port: int
) -> None:
    courier = serve(f"ws://127.0.0.1:{port}")
    with connect(f"ws://127.0.0.1:{port}") as client:
        for _ in range(100):
            client.send("hello")
        assert client.ping().wait(20)
        courier.put(message(1))
        assert json.loads(client.recv(timeout=20))["seq"] == 1


def test_only_the_path_of_the_address_is_served(serve: Callable[[str], Courier], port: int) -> None:
    serve(f"ws://127.0.0.1:{port}/hands")
    with pytest.raises(exceptions.InvalidStatus, match="404"), connect(f"ws://127.0.0.1:{port}/"):
        pass
    with connect(f"ws://127.0.0.1:{port}/hands?x=1"):
        pass


@pytest.mark.parametrize(
    ("query", "origin", "may"),
    [
        ("", "http://localhost:5173", True),
        ("", "http://127.0.0.1", True),
        ("", "https://example.org", False),
        ("", "http://localhost.example.org", False),
        ("", "null", False),
        ("?origin=https://example.org", "https://example.org", True),
        ("?origin=https://example.org", "http://localhost", True),
        ("?origin=null", "null", True),
        ("?origin=*", "https://anybody.example", True),
    ],
)
def test_whose_pages_may_read_what_the_camera_sees(
    serve: Callable[[str], Courier], port: int, query: str, origin: Any, may: bool
) -> None:
    serve(f"ws://127.0.0.1:{port}{query}")
    if may:
        with connect(f"ws://127.0.0.1:{port}", origin=origin):
            pass
    else:
        with (
            pytest.raises(exceptions.InvalidStatus, match="403"),
            connect(f"ws://127.0.0.1:{port}", origin=origin),
        ):
            pass


def test_a_client_that_reads_again_finds_the_newest_message_and_no_queue(
    serve: Callable[[str], Courier], port: int
) -> None:
    """What the network's own buffers hold comes first: they are kept small on both sides here."""
    courier = serve(f"ws://127.0.0.1:{port}")
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    sock.connect(("127.0.0.1", port))
    with connect(f"ws://127.0.0.1:{port}", sock=sock, max_queue=1, max_size=None) as slow:
        with connect(f"ws://127.0.0.1:{port}") as quick:
            clients(courier, 2)
            for seq in range(150):
                courier.put(message(seq, *many(20)))
                assert json.loads(quick.recv(timeout=20))["seq"] == seq
        seen = [json.loads(slow.recv(timeout=20))["seq"]]
        while seen[-1] != 149:
            seen.append(json.loads(slow.recv(timeout=20))["seq"])
        assert len(seen) < 60
        assert courier.counters()["dropped"] == 150 - len(seen)
        courier.put(message(150))
        assert json.loads(slow.recv(timeout=20))["seq"] == 150


def test_clients_get_the_last_message_and_a_farewell(serve: Callable[[str], Courier], port: int) -> None:
    courier = serve(f"ws://127.0.0.1:{port}")
    with connect(f"ws://127.0.0.1:{port}") as client:
        clients(courier, 1)
        courier.put(message(7))
        courier.end()
        courier.finish()
        assert json.loads(client.recv(timeout=20))["seq"] == 7
        with pytest.raises(exceptions.ConnectionClosed):
            client.recv(timeout=20)


@pytest.mark.parametrize("orderly", [True, False])
def test_a_client_that_never_reads_does_not_hold_the_end(
    serve: Callable[[str], Courier], port: int, orderly: bool
) -> None:
    courier = serve(f"ws://127.0.0.1:{port}")
    with socket.create_connection(("127.0.0.1", port)) as raw:
        raw.sendall(
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        clients(courier, 1)
        big = message(0, *many(100))
        until(lambda: bool(courier.put(big) or courier.counters()["dropped"] > 3))
        if orderly:
            courier.end()
            courier.finish()
        courier.close()
        assert not courier._thread.is_alive()


def test_a_port_in_use_a_foreign_address_and_an_unknown_host(port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        for out, said in (
            (f"ws://127.0.0.1:{port}", f"port {port} is in use; choose another"),
            (f"ws://192.0.2.1:{port}", "the host is an address of this machine"),
            ("ws://no-such-host.invalid:9", "is not known"),
        ):
            transport = WebSocketTransport(out)
            with pytest.raises(SinkError, match=said):
                transport.open()
            transport.close()
