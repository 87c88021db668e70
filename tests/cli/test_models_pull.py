"""``rtskin models pull``, against a server on this machine; the real files are not to be had in a test."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from rtskin import assets
from rtskin.assets import HAND_LANDMARKER, Asset
from tests.cli.conftest import Outcome
from tests.https import Https

Rtskin = Callable[..., Outcome]

DATA = b"five fingers" * 10_000


@pytest.fixture(autouse=True)
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of models: an empty one."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for name in ("RTSKIN_OFFLINE", "RTSKIN_MODELS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "data" / "rtskin" / "models"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Https]:
    running = Https(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(running.certificate))
    yield running
    running.close()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Asset:
    """An asset that a test can have."""
    asset = Asset("made", "made.task", (), hashlib.sha256(DATA).hexdigest(), len(DATA), "", "")
    monkeypatch.setitem(assets.ASSETS, "made", asset)
    return asset


def test_it_says_where_it_is_now(rtskin: Rtskin, server: Https, made: Asset, user: Path) -> None:
    url = server.gives("/made", DATA)
    first = rtskin("models", "pull", "made", "--url", url)
    assert first.status == 0
    assert f"made is now at {user}/made/made.task" in first.out
    assert (user / "made/made.task").read_bytes() == DATA
    assert "already at" in rtskin("models", "pull", "made", "--url", url).out
    assert server.asked == ["/made"]


def test_without_a_name_it_lists_what_there_is(rtskin: Rtskin, made: Asset, user: Path) -> None:
    outcome = rtskin("models", "pull")
    assert outcome.status == 0
    assert outcome.out.count("not here") == len(assets.ASSETS)
    (user / "made").mkdir(parents=True)
    (user / "made/made.task").write_bytes(DATA)
    assert f"{user}/made/made.task" in rtskin("models", "pull").out


def test_the_offline_folder(rtskin: Rtskin, made: Asset, user: Path, tmp_path: Path) -> None:
    (tmp_path / "made.task").write_bytes(DATA)
    assert rtskin("models", "pull", "made", "--offline", tmp_path).status == 0
    assert (user / "made/made.task").read_bytes() == DATA


def test_what_cannot_be_is_said_in_one_line(rtskin: Rtskin, server: Https, made: Asset, user: Path) -> None:
    wrong = server.gives("/wrong", b"!")
    for arguments, status, message in (
        (["hand-landmark"], 2, "did you mean hand-landmarker"),
        (["made", "--url", "http://host/made"], 2, "not an address of https"),
        (["made", "hand-landmarker", "--url", wrong], 2, "one asset at a time"),
        (["hand-landmarker", "--url", wrong], 1, HAND_LANDMARKER.sha256),
    ):
        outcome = rtskin("models", "pull", *arguments)
        assert outcome.status == status
        assert message in outcome.err
        assert outcome.err.strip().count("\n") == 0
    assert not list(user.rglob("*"))


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_ended_half_way_there_is_no_file_of_that_name(server: Https, user: Path, stop: signal.Signals) -> None:
    def half(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(HAND_LANDMARKER.size))
        request.end_headers()
        request.wfile.write(bytes(1 << 20))
        time.sleep(20)

    server.answers["/half"] = half
    command = [sys.executable, "-m", "rtskin", "models", "pull", "hand-landmarker", "--url", server.url("/half")]
    with subprocess.Popen(command, env=os.environ, stderr=subprocess.PIPE, text=True) as process:
        try:
            _until(lambda: any(path.stat().st_size > 100_000 for path in user.rglob("*.part")))
            process.send_signal(stop)
            errors = process.communicate(timeout=20)[1]
        finally:
            process.kill()
    assert process.returncode != 0
    assert "Traceback" not in errors
    assert not list(user.rglob("*.task"))
    if stop is signal.SIGINT:
        assert not list(user.rglob("*"))


def _until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not done():
        assert time.monotonic() < end, "it did not come so far"
        time.sleep(0.02)
