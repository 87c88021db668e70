"""One consumer of each kind that reads nothing: the others get every message, and nothing piles up."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from rtskin.node import Context
from rtskin.roi.feed import Feed
from rtskin.roi.out import courier
from tests.graph.nodes import Count, graph_threads
from tests.roi.made import many, regions
from tests.roi.out.conftest import Broker, free_port
from tests.roi.out.waiting import until

zmq = pytest.importorskip("zmq", reason="needs the extra feed")
client = pytest.importorskip("websockets.sync.client", reason="needs the extra feed")
exceptions = pytest.importorskip("websockets.exceptions")
paho = pytest.importorskip("paho.mqtt.client", reason="needs the extra feed")
pytest.importorskip("pythonosc", reason="needs the extra feed")

#: Messages, each of some 40 kB: all of them together are far more than may pile up.
MESSAGES, REGIONS = 210, 50


class Readers:
    """One that reads for each kind; what each got, by seq."""

    def __init__(self, stack: ExitStack, folder: Path, broker: Broker) -> None:
        self.got: dict[str, list[int]] = {kind: [] for kind in ("udp", "zmq", "ws", "mqtt", "pipe")}
        self.ready = threading.Event()
        self._stack, self._over = stack, threading.Event()
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.datagrams.bind(("127.0.0.1", 0))
        self.datagrams.settimeout(0.1)
        self.pipe = folder / "reads"
        os.mkfifo(self.pipe)
        self._pipe = os.fdopen(os.open(self.pipe, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0)
        self._broker = broker
        stack.callback(self.datagrams.close)
        stack.callback(self._pipe.close)

    def start(self, zmq_port: int, ws_port: int) -> None:
        context = zmq.Context()
        subscriber = context.socket(zmq.SUB)
        subscriber.setsockopt(zmq.RCVTIMEO, 100)
        subscriber.connect(f"tcp://127.0.0.1:{zmq_port}")
        subscriber.subscribe(b"")
        socket_ = self._stack.enter_context(client.connect(f"ws://127.0.0.1:{ws_port}", max_size=None))
        listener = paho.Client(paho.CallbackAPIVersion.VERSION2)
        listener.on_message = lambda one, data, message: self._note("mqtt", message.payload)
        listener.connect("127.0.0.1", self._broker.port)
        subscribed = threading.Event()
        listener.on_subscribe = lambda *_: subscribed.set()
        listener.subscribe("feed")
        listener.loop_start()
        assert subscribed.wait(20)
        self._stack.callback(context.destroy, linger=0)
        self._stack.callback(listener.loop_stop)
        self._stack.callback(listener.disconnect)
        self._follow("udp", lambda: self.datagrams.recv(65536), TimeoutError)
        self._follow("zmq", lambda: subscriber.recv_multipart()[1], zmq.Again)
        self._follow("ws", lambda: socket_.recv(timeout=0.1), TimeoutError)
        self._follow_pipe()

    def _follow(self, kind: str, read: Callable[[], Any], nothing: type[Exception]) -> None:
        def run() -> None:
            while not self._over.is_set():
                try:
                    self._note(kind, read())
                except nothing:
                    continue
                except exceptions.ConnectionClosed:
                    return

        self._run(run)

    def _follow_pipe(self) -> None:
        def run() -> None:
            rest = b""
            while not self._over.is_set():
                rest += self._pipe.read(1 << 16) or b""
                *lines, rest = rest.split(b"\n")
                for line in lines:
                    self._note("pipe", line)
                if not lines:
                    time.sleep(0.001)

        self._run(run)

    def _run(self, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run)
        thread.start()
        self._stack.callback(thread.join)
        self._stack.callback(self._over.set)

    def _note(self, kind: str, text: bytes | str) -> None:
        start = text if isinstance(text, bytes) else text[:40].encode()
        self.got[kind].append(int(start[:40].split(b":")[2].split(b",")[0]))  # {"v":1,"seq":…


@pytest.fixture
def stalled(tmp_path: Path, broker: Broker) -> Iterator[dict[str, str]]:
    """Addresses whose consumers never read; a second broker is stopped, clients of servers come with ``connect``."""
    with ExitStack() as stack:
        second = Broker(make(tmp_path / "second"))
        second.start()
        stack.callback(second.kill)
        assert second.process is not None
        pipe = tmp_path / "stalled"
        os.mkfifo(pipe)
        stack.callback(os.close, os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))
        deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        stack.callback(deaf.close)
        deaf.bind(("127.0.0.1", 0))
        at = deaf.getsockname()[1]
        yield {
            "udp": f"udp://127.0.0.1:{at}",
            "osc": f"osc://127.0.0.1:{at}",
            "zmq": f"zmq://127.0.0.1:{free_port()}",
            "ws": f"ws://127.0.0.1:{free_port()}",
            "mqtt": f"mqtt://127.0.0.1:{second.port}/feed",
            "pipe": str(pipe),
            "pid": str(second.process.pid),
        }
        os.kill(second.process.pid, signal.SIGCONT)


def make(folder: Path) -> Path:
    folder.mkdir()
    return folder


def resident() -> int:
    """Bytes of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc to read memory from")
def test_the_others_lose_nothing_and_memory_stays_flat(
    tmp_path: Path, broker: Broker, stalled: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "LOSSLESS_SLOTS", 50)
    monkeypatch.setattr(courier, "STALLED_SECONDS", 0.5)
    broker.start()
    pid = int(stalled.pop("pid"))
    with ExitStack() as stack:
        readers = Readers(stack, tmp_path, broker)
        zmq_port, ws_port = free_port(), free_port()
        reading = {
            "udp": f"udp://127.0.0.1:{readers.datagrams.getsockname()[1]}",
            "zmq": f"zmq://127.0.0.1:{zmq_port}",
            "ws": f"ws://127.0.0.1:{ws_port}",
            "mqtt": f"mqtt://127.0.0.1:{broker.port}/feed",
            "pipe": str(readers.pipe),
        }
        out = tmp_path / "feed.jsonl"
        feed = Feed(out=[*stalled.values(), *reading.values(), str(out)])
        feed.bind({"source": Count(live=True)})
        feed.open(Context())
        stack.callback(feed.close)
        readers.start(zmq_port, ws_port)
        connect_and_never_read(stack, stalled)
        until(
            lambda: all(feed.counters()[f"{one[kind]} clients"] for one in (stalled, reading) for kind in ("zmq", "ws"))
        )
        before = feed.counters()[f"{stalled['mqtt']} sent"]
        until(lambda: bool(feed.process(regions(0)) or feed.counters()[f"{stalled['mqtt']} sent"] > before))
        until(lambda: bool(feed.process(regions(0)) or readers.got["mqtt"]))
        os.kill(pid, signal.SIGSTOP)
        memory = []
        for seq in range(1, MESSAGES + 1):
            feed.process(regions(seq, *many(REGIONS)))
            # A camera's pace, quicker: the next frame comes when those who read have read this one.
            until(lambda seq=seq: all(got and got[-1] == seq for got in readers.got.values()))  # type: ignore[misc]
            if seq % (MESSAGES // 3) == 0:
                memory.append(resident())
        feed.finish()
        feed.close()
        counted = feed.counters()
    for kind, got in readers.got.items():
        assert [seq for seq in got if seq] == list(range(1, MESSAGES + 1)), kind
        assert counted[f"{reading[kind]} dropped"] == 0 or kind == "mqtt"  # before it was connected
    assert [json.loads(line)["seq"] for line in out.read_text().splitlines() if '"seq":0,' not in line] == list(
        range(1, MESSAGES + 1)
    )
    for kind in ("ws", "mqtt", "pipe"):
        assert counted[f"{stalled[kind]} dropped"] > MESSAGES // 4, kind
    assert memory[2] - memory[0] < 3e6, memory  # what they hold would be 5.6
    assert graph_threads() == []


def connect_and_never_read(stack: ExitStack, stalled: dict[str, str]) -> None:
    context = zmq.Context()
    stack.callback(context.destroy, linger=0)
    subscriber = context.socket(zmq.SUB)
    subscriber.setsockopt(zmq.RCVHWM, 1)
    subscriber.connect(stalled["zmq"].replace("zmq", "tcp"))
    subscriber.subscribe(b"")
    stack.callback(subscriber.close, 0)
    port = int(stalled["ws"].rpartition(":")[2])
    raw = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
    raw.sendall(
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
