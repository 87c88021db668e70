"""Cameras by RTSP: a real server that answers, stalls, dies, comes back otherwise, and one that sends nonsense."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from rtskin.capture import network as module
from rtskin.capture import open_source
from rtskin.capture.network import NetworkCapture
from rtskin.errors import SourceError
from rtskin.media import av
from tests.cli.conftest import Outcome, rtskin  # noqa: F401
from tests.ports import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

#: A Python with GStreamer's bindings: that of the system has them where the packages below are installed.
_PYTHONS = ("/usr/bin/python3", "python3")
_PROGRAM = Path(__file__).with_name("rtsp_server.py")
_NEEDS = "needs gir1.2-gst-rtsp-server-1.0, python3-gi, gstreamer1.0-plugins-good and gstreamer1.0-plugins-ugly"


class Server:
    """A server in a process of its own."""

    def __init__(self, python: str, port: int, width: int, height: int) -> None:
        words = [python, str(_PROGRAM), str(port), str(width), str(height)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        self.ready = self.process.stdout.readline().strip() == "ready"
        self.address = f"rtsp://127.0.0.1:{port}/cam"

    def resize(self, width: int, height: int) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{width} {height}\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.communicate()


Serve = Callable[..., Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """``serve(width, height, port)``; skips where there is no such server."""
    running: list[Server] = []

    def start(width: int = 320, height: int = 240, port: int | None = None) -> Server:
        for python in _PYTHONS:
            if shutil.which(python):
                running.append(Server(python, port or free_port(), width, height))
                if running[-1].ready:
                    return running[-1]
        pytest.skip(_NEEDS)

    yield start
    for one in running:
        one.kill()


@pytest.fixture(autouse=True)
def _eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE", 0.2)
    monkeypatch.setattr(module, "_LONGEST_PAUSE", 0.5)


@contextmanager
def opened(address: str, **options: float) -> Iterator[NetworkCapture]:
    with open_source(address, **options) as source:
        assert isinstance(source, NetworkCapture)
        yield source


def sizes(source: NetworkCapture, until: Callable[[list[tuple[int, int]]], bool]) -> list[tuple[int, int]]:
    """Of the frames that come, until they are as wanted; times grow."""
    seen: list[tuple[int, int]] = []
    before = -1.0
    while not until(seen):
        frame = source.read()
        assert frame is not None
        assert frame.time is not None
        assert frame.time > before
        before = frame.time
        seen.append((frame.width, frame.height))
    return seen


def test_its_pictures_come(serve: Serve) -> None:
    with opened(serve().address) as source:
        assert source.live
        assert (source.info.width, source.info.height) == (320, 240)
        frames = list(itertools.islice(source, 30))
        assert (source.counters()["damaged"], source.counters()["reconnects"]) == (0, 0)
    assert max(int(frame.bgr.max()) for frame in frames) > 200, "the ball"


def test_one_that_stalls_is_connected_to_again(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    server = serve()
    with opened(server.address, read_timeout=1, open_timeout=1, reconnect=20) as source:
        sizes(source, lambda seen: len(seen) > 10)
        server.process.send_signal(signal.SIGSTOP)
        waking = threading.Timer(3, server.process.send_signal, (signal.SIGCONT,))
        waking.start()
        sizes(source, lambda seen: source.counters()["reconnects"] != 0 and len(seen) > 10)
    assert "no answer within 1 s" in caplog.text


def test_one_that_dies_comes_back_in_another_size(serve: Serve) -> None:
    server = serve()
    port = int(server.address.split(":")[2].split("/")[0])
    with opened(server.address, read_timeout=1, open_timeout=1, reconnect=20) as source:
        sizes(source, lambda seen: len(seen) > 10)
        server.kill()
        serve(480, 270, port)
        seen = sizes(source, lambda seen: (480, 270) in seen)
        assert source.counters()["reconnects"] == 1
    assert set(seen) == {(320, 240), (480, 270)} or set(seen) == {(480, 270)}


def test_the_size_changes_while_it_runs(serve: Serve) -> None:
    server = serve()
    with opened(server.address) as source:
        sizes(source, lambda seen: len(seen) > 10)
        server.resize(160, 120)
        sizes(source, lambda seen: seen[-5:] == [(160, 120)] * 5)
        assert source.counters()["reconnects"] == 0


def test_one_that_stays_away_is_told(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    server = serve()
    with opened(server.address, read_timeout=1, open_timeout=1, reconnect=2) as source:
        sizes(source, lambda seen: len(seen) > 5)
        server.kill()
        list(source)
    assert "connecting again (2 of 2)" in caplog.text
    assert "Connection refused; it did not come back" in caplog.text


@contextmanager
def between(server: str, spoil_after: int) -> Iterator[str]:
    """The address of a relay that sends nonsense for a while, once so many bytes of the first connection are through."""
    port = int(server.split(":")[2].split("/")[0])
    listener = socket.create_server(("127.0.0.1", 0))
    count = itertools.count()

    def pump(source: socket.socket, target: socket.socket, spoil: bool) -> None:
        passed = 0
        with closing(source), closing(target):
            while data := _received(source):
                if spoil and spoil_after <= passed < spoil_after + 20_000:
                    data = os.urandom(len(data))
                passed += len(data)
                try:
                    target.sendall(data)
                except OSError:
                    return

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            upstream = socket.create_connection(("127.0.0.1", port))
            first = next(count) == 0
            threading.Thread(target=pump, args=(client, upstream, False), daemon=True).start()
            threading.Thread(target=pump, args=(upstream, client, first), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    with closing(listener):
        yield f"rtsp://127.0.0.1:{listener.getsockname()[1]}/cam"


def _received(source: socket.socket) -> bytes:
    try:
        return source.recv(4096)
    except OSError:
        return b""


def test_nonsense_in_the_stream_is_survived(serve: Serve) -> None:
    options = {"read_timeout": 1, "open_timeout": 2, "reconnect": 20}
    with between(serve().address, 60_000) as address, opened(address, **options) as source:
        times = [frame.time for frame in itertools.islice(source, 150)]
        counters = source.counters()
    gaps = [after - before for before, after in itertools.pairwise(time for time in times if time is not None)]
    assert len(gaps) == 149
    assert min(gaps) > 0
    # FFmpeg may skip to the next packet that it knows: then the pictures between are missing, and nothing is made up.
    told = int(counters["damaged"]) + int(counters["reconnects"])
    assert told > 0 or max(gaps) > 0.1, "it was noticed"


def test_one_that_talks_nonsense_is_no_rtsp_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            client, _ = listener.accept()
            with closing(client):
                client.sendall(os.urandom(4096))

        threading.Thread(target=answer, daemon=True).start()
        address = f"rtsp://127.0.0.1:{listener.getsockname()[1]}/cam"
        with pytest.raises(SourceError, match="cannot be opened") as caught:
            open_source(address, open_timeout=2)
    assert "\n" not in str(caught.value)


def test_live_takes_it(rtskin: Callable[..., Outcome], serve: Serve, tmp_path: Path) -> None:  # noqa: F811
    out = tmp_path / "out.mkv"
    outcome = rtskin("live", serve().address, "--model", "ellipse", "--sink", out, "--view", "matte", "--duration", 2)
    assert outcome.status == 0, outcome.err
    with av.open(str(out)) as container:
        frames = list(container.decode(video=0))
    assert len(frames) > 20
    assert (frames[0].width, frames[0].height) == (320, 240)
