"""The readers that the README shows, as programs of their own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rtskin.node import Context
from rtskin.roi.feed import Feed
from tests.roi.made import HAND, regions
from tests.roi.out.conftest import Broker, free_port

TEXT = (Path(__file__).resolve().parents[3] / "README.md").read_text("utf-8")
#: By language and what they read: "python zmq".
READERS = {f"{language} {kind}": code for language, kind, code in re.findall(r"```(\w+) (\w+)\n(.*?)```", TEXT, re.S)}
#: What each needs that may be missing.
NEEDS = {"osc": "pythonosc", "zmq": "zmq", "ws": "websockets", "mqtt": "paho.mqtt"}


def test_there_is_one_for_each_transport_of_some_ten_lines() -> None:
    assert set(READERS) == {*(f"python {kind}" for kind in ("stdin", "udp", "osc", "zmq", "ws", "mqtt")), "js ws"}
    assert all(len([line for line in code.splitlines() if line.strip()]) <= 13 for code in READERS.values())


@pytest.mark.parametrize("name", READERS)
def test_it_prints_what_the_feed_sends(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    language, kind = name.split()
    if kind in NEEDS:
        pytest.importorskip(NEEDS[kind], reason="needs the extra feed")
    code, out, stdin = READERS[name], "", None
    if kind == "mqtt":
        broker: Broker = request.getfixturevalue("broker")
        broker.start()
        code = code.replace("1883", str(broker.port))
        out = f"mqtt://127.0.0.1:{broker.port}/studio/rois"
    elif kind == "stdin":
        out = str(tmp_path / "pipe")
        os.mkfifo(out)
        stdin = os.open(out, os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(stdin, True)
    else:
        (shown,) = re.findall(r"[:\s](\d{4})\b", code)
        port = free_port()
        code = code.replace(shown, str(port))
        out = f"{kind}://127.0.0.1:{port}"
    command = [sys.executable, "-u", "-c", code] if language == "python" else node(code)
    feed = Feed(out=out)
    feed.open(Context())
    reader = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        assert first_line(reader, feed).startswith(b"1 hand [")
    finally:
        reader.kill()
        reader.communicate()
        feed.close()
        if stdin is not None:
            os.close(stdin)


def first_line(reader: subprocess.Popen[bytes], feed: Feed) -> bytes:
    """What it prints first, while messages come; it may take its time to start."""
    assert reader.stdout is not None
    heard: list[bytes] = []
    listener = threading.Thread(target=lambda: heard.append(reader.stdout.readline()))  # type: ignore[union-attr]
    listener.start()
    for seq in range(1000):
        feed.process(regions(seq, HAND))
        listener.join(0.03)
        if heard:
            return heard[0]
        if seq == 900:
            reader.kill()
    raise AssertionError("it prints nothing")


def node(code: str) -> list[str]:
    """Node with the WebSocket that browsers have."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is not installed")
    for flags in ([], ["--experimental-websocket"]):
        if subprocess.run([program, *flags, "-e", "WebSocket"], capture_output=True, check=False).returncode == 0:
            return [program, *flags, "-e", code]
    pytest.skip("this node has no WebSocket")
