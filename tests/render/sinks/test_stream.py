"""Streams to real servers: the program ffmpeg listens."""

from __future__ import annotations

import logging
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.frame import Rendered
from rtskin.graph import Graph
from rtskin.media import av, cv2
from rtskin.node import Context
from rtskin.render.sinks import stream as module
from rtskin.render.sinks import uplink
from rtskin.render.sinks.choose import sink_for
from rtskin.render.sinks.stream import StreamSink
from tests.ports import free_port

from ..conftest import make_frame

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="the program ffmpeg is not installed")

#: How the program ffmpeg listens, by scheme.
_LISTEN = {
    "rtmp": ["-f", "flv", "-listen", "1", "-i", "rtmp://127.0.0.1:{port}/live/skin"],
    "rtsp": ["-rtsp_flags", "listen", "-i", "rtsp://127.0.0.1:{port}/live/skin"],
    "srt": ["-i", "srt://127.0.0.1:{port}?mode=listener"],
}
_URL = {
    "rtmp": "rtmp://127.0.0.1:{port}/live/skin",
    "rtsp": "rtsp://127.0.0.1:{port}/live/skin",
    "srt": "srt://127.0.0.1:{port}",
}


class Server:
    """Records what is sent to it."""

    def __init__(self, scheme: str, port: int, out: Path) -> None:
        listen = [word.format(port=port) for word in _LISTEN[scheme]]
        self.out = out
        self.process = subprocess.Popen(
            ["ffmpeg", "-loglevel", "error", "-y", *listen, "-c", "copy", "-flush_packets", "1", str(out)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def has(self, size: int) -> bool:
        return self.out.exists() and self.out.stat().st_size > size

    def end(self) -> None:
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.terminate()
            self.process.wait(10)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(scheme: str, port: int, name: str = "out.mkv") -> Server:
        servers.append(Server(scheme, port, tmp_path / name))
        return servers[-1]

    yield start
    for server in servers:
        server.kill()


@pytest.fixture(autouse=True)
def _eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE", 0.1)
    monkeypatch.setattr(module, "_LONGEST_PAUSE", 0.2)


def rendered(step: int, width: int = 160, height: int = 120) -> Rendered:
    pixels = np.full((height, width, 3), 40, np.uint8)
    cv2.circle(pixels, (20 + step % 120, 60), 15, (60, 120, 220), -1)
    return Rendered(make_frame(pixels, seq=step, captured_ns=time.monotonic_ns()), pixels)


def opened(url: str, **options: Any) -> StreamSink:
    node = StreamSink(url=url, **options)
    node.open(Context())
    return node


def feed(node: StreamSink, until: Callable[[], Any], seconds: float = 40) -> None:
    """Pictures at 50 a second, until that holds."""
    step, give_up = 0, time.monotonic() + seconds
    while not until():
        assert time.monotonic() < give_up, node.counters()
        begun = time.monotonic()
        node.process(rendered(step))
        assert time.monotonic() - begun < 5  # the sink never holds up who feeds it
        step += 1
        time.sleep(0.02)


@needs_ffmpeg
@pytest.mark.parametrize("scheme", ["rtmp", "rtsp", "srt"])
def test_a_server_gets_the_pictures(scheme: str, serve: Callable[..., Server]) -> None:
    port = free_port()
    server = serve(scheme, port)
    node = opened(_URL[scheme].format(port=port), bitrate=2000, key_every=0.4)
    feed(node, lambda: int(node.counters()["sent"]) >= 60 and server.has(0))
    node.close()
    server.end()
    assert "rtskin-stream" not in {thread.name for thread in threading.enumerate()}
    with av.open(str(server.out)) as container:
        frames = list(container.decode(video=0))
    assert len(frames) >= 20
    times = [float(frame.pts * frame.time_base) for frame in frames]
    assert times == sorted(times)
    assert sum(frame.key_frame for frame in frames) >= 2
    image = frames[-1].to_ndarray(format="bgr24")
    assert image.shape == (120, 160, 3)
    assert np.abs(image[5, 5].astype(int) - 40).max() <= 6
    assert image[..., 2].max() > 180  # the disc


@needs_ffmpeg
def test_a_server_that_dies_is_connected_to_again(
    serve: Callable[..., Server], caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    first = serve("rtmp", port, "first.mkv")
    node = opened(_URL["rtmp"].format(port=port))
    with caplog.at_level(logging.WARNING, "rtskin.render"):
        feed(node, lambda: first.has(2000))
        first.kill()
        feed(node, lambda: "connecting again" in caplog.text)
        second = serve("rtmp", port, "second.mkv")
        feed(node, lambda: second.has(2000))
    node.close()
    assert int(node.counters()["connects"]) >= 2


@needs_ffmpeg
def test_srt_is_connected_to_again_too(serve: Callable[..., Server], caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    first = serve("srt", port, "first.ts")
    node = opened(_URL["srt"].format(port=port))
    with caplog.at_level(logging.WARNING, "rtskin.render"):
        feed(node, lambda: first.has(2000))
        first.kill()
        feed(node, lambda: "connecting again" in caplog.text)
        second = serve("srt", port, "second.ts")
        feed(node, lambda: second.has(2000))
    node.close()


@pytest.mark.parametrize("scheme", ["rtmp", "rtsp"])
def test_a_server_that_never_answers_holds_nothing_up(
    scheme: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(uplink, "_FIRST_PATIENCE", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent, caplog.at_level(logging.WARNING, "rtskin.render"):
        node = opened(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/live/skin")
        feed(node, lambda: "no answer within 1 s; connecting again" in caplog.text)
        begun = time.monotonic()
        node.close()
        assert time.monotonic() - begun < 10
    assert node.counters()["connects"] == node.counters()["sent"] == 0
    assert "rtskin-stream" not in {thread.name for thread in threading.enumerate()}


@needs_ffmpeg
def test_another_shape_is_a_new_connection(serve: Callable[..., Server]) -> None:
    """From a view in colour to the matte, and to another size."""
    port = free_port()
    first = serve("rtmp", port, "first.mkv")
    node = opened(_URL["rtmp"].format(port=port))
    feed(node, lambda: int(node.counters()["sent"]) >= 5)
    gray = np.full((60, 80), 200, np.uint8)
    node.process(Rendered(make_frame(gray, captured_ns=time.monotonic_ns()), gray))
    first.end()
    second = serve("rtmp", port, "second.mkv")
    give_up = time.monotonic() + 40
    while not second.has(500):
        assert time.monotonic() < give_up
        node.process(Rendered(make_frame(gray, captured_ns=time.monotonic_ns()), gray))
        time.sleep(0.05)
    node.close()
    assert node.counters()["connects"] == 2


def test_a_key_in_the_path_is_not_shown() -> None:
    assert uplink.shown("rtmp://a.rtmp.youtube.com/live2/abcd-key") == "rtmp://a.rtmp.youtube.com/live2/***"
    assert uplink.shown("rtmp://me:pw@host/live") == "rtmp://***@host/live"
    assert uplink.shown("srt://host:9?passphrase=secret") == "srt://host:9?passphrase=***"
    with pytest.raises(InputError) as refused:
        StreamSink(url="rtmp://user:secret@/live")
    assert "secret" not in str(refused.value)


def test_a_server_that_is_not_there_holds_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    node = opened(f"rtmp://anna:secret@127.0.0.1:{free_port()}/live/skin")
    with caplog.at_level(logging.WARNING, "rtskin.render"):
        feed(node, lambda: caplog.text.count("connecting again") >= 2)
    node.close()
    figures = node.counters()
    assert figures["connects"] == 0
    assert int(figures["dropped"]) >= int(figures["frames"]) - 5
    assert "rtmp://***@127.0.0.1" in caplog.text
    assert "secret" not in caplog.text


@needs_ffmpeg
def test_the_last_picture_is_sent_again_where_no_new_one_comes(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SILENCE", 0.02)
    port = free_port()
    serve("rtmp", port)
    node = opened(_URL["rtmp"].format(port=port))
    feed(node, lambda: int(node.counters()["sent"]) >= 1)
    sent, give_up = int(node.counters()["sent"]), time.monotonic() + 20
    while int(node.counters()["sent"]) < sent + 10:
        assert time.monotonic() < give_up
        time.sleep(0.01)
    node.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://example.com/x", r"write rtmp://, rtmps://, rtsp:// or srt://"),
        ("rtmp:///live", "names no server"),
        ("rtmp://u:pw@host/live", None),
    ],
)
def test_what_can_be_streamed_to(url: str, said: str | None) -> None:
    if said is None:
        assert sink_for(url) == ("stream", {"url": url})
        return
    with pytest.raises(InputError, match=said):
        sink_for(url)
    with pytest.raises(InputError, match=said):
        StreamSink(url=url)


def test_srt_without_ffmpeg_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(InputError, match="program ffmpeg, which is not installed"):
        StreamSink(url="srt://host:1")


@needs_ffmpeg
def test_live_streams(serve: Callable[..., Server]) -> None:
    port = free_port()
    server = serve("rtmp", port)
    graph = Graph.from_toml(
        "live_overlay",
        {
            "source.uri": "pattern:161x121@30?frames=90",
            "infer.model": "ellipse",
            "sink": {"kind": "stream", "url": _URL["rtmp"].format(port=port)},
        },
    )
    statistics = graph.run()
    server.end()
    assert statistics.state == "done"
    with av.open(str(server.out)) as container:
        first = next(container.decode(video=0))
    assert (first.width, first.height) == (160, 120)  # 4:2:0 wants even sizes
