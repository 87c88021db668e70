"""A program that reads one transport of the feed: ``python -m bench.feed_reader udp 5005`` prints "seq nanoseconds" lines.

Nanoseconds are of the monotonic clock, which on Linux is the same in every process. The first line says "ready": what it
reads from is open, or, of a server, will be tried until it answers.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable, Iterator


def main() -> None:
    kind, where = sys.argv[1:]
    for seq in READERS[kind](where):
        print(seq, time.monotonic_ns(), flush=True)


def _ready() -> None:
    print("ready", flush=True)


def _seq(text: bytes | str) -> int:
    """Whoever reads the feed parses it, so this does too."""
    return int(json.loads(text)["seq"])


def read_pipe(where: str) -> Iterator[int]:
    """JSON Lines from a named pipe."""
    _ready()
    with open(where, "rb") as lines:
        for line in lines:
            yield _seq(line)


def read_udp(where: str) -> Iterator[int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(("127.0.0.1", int(where)))
        _ready()
        while True:
            yield _seq(datagrams.recv(65536))


def read_osc(where: str) -> Iterator[int]:
    """Parsed by python-osc; the frame comes first in a bundle."""
    from pythonosc.osc_packet import OscPacket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(("127.0.0.1", int(where)))
        _ready()
        while True:
            for one in OscPacket(datagrams.recv(65536)).messages:
                if one.message.address == "/rtskin/frame":
                    yield one.message.params[0]


def read_zmq(where: str) -> Iterator[int]:
    import zmq

    subscriber = zmq.Context().socket(zmq.SUB)
    subscriber.setsockopt(zmq.RECONNECT_IVL, 20)
    subscriber.connect(f"tcp://127.0.0.1:{where}")
    subscriber.subscribe(b"")
    _ready()
    while True:
        yield _seq(subscriber.recv_multipart()[1])


def read_ws(where: str) -> Iterator[int]:
    from websockets.sync.client import connect

    _ready()
    while True:
        try:
            with connect(f"ws://127.0.0.1:{where}", max_size=None, compression=None) as messages:
                for text in messages:
                    yield _seq(text)
                return
        except OSError:
            time.sleep(0.02)


def read_mqtt(where: str) -> Iterator[int]:
    import queue

    import paho.mqtt.client as paho

    heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.on_connect = lambda client, *_: client.subscribe("feed")
    client.on_subscribe = lambda *_: _ready()
    client.on_message = lambda client, data, message: heard.put(message.payload)
    client.connect("127.0.0.1", int(where))
    client.loop_start()
    while True:
        yield _seq(heard.get())


READERS: dict[str, Callable[[str], Iterator[int]]] = {
    "pipe": read_pipe,
    "udp": read_udp,
    "osc": read_osc,
    "zmq": read_zmq,
    "ws": read_ws,
    "mqtt": read_mqtt,
}

if __name__ == "__main__":
    main()
