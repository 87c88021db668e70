"""Pulling from a real server of https on this machine."""

from __future__ import annotations

import hashlib
import os
import resource
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from rtskin import paths
from rtskin.assets import Asset, place
from rtskin.errors import InputError, ModelError, OutputExistsError, SinkError
from rtskin.pull import ATTEMPTS, Pulled, pull
from tests.https import Https

DATA = bytes(range(256)) * 1200  # more than one chunk
MADE = Asset(
    "made", "made.task", ("https://127.0.0.1:1/made.task",), hashlib.sha256(DATA).hexdigest(), len(DATA), "", ""
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Https]:
    server = Https(tmp_path_factory.mktemp("https"))
    yield server
    server.close()


@pytest.fixture
def server(running: Https, monkeypatch: pytest.MonkeyPatch) -> Https:
    """The server, trusted, and asked for nothing yet."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(running.certificate))
    running.asked.clear()
    return running


@pytest.fixture(autouse=True)
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "user_folder", lambda kind: tmp_path / "user" / kind)
    for name in ("RTSKIN_OFFLINE", "RTSKIN_MODELS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "user" / "models"


def refused(user: Path, *urls: str, match: str, error: type[Exception] = ModelError) -> str:
    """What the message says; nothing may be left, neither under the final name nor under another."""
    with pytest.raises(error, match=match) as caught:
        pull(MADE, urls=urls, wait=0)
    assert not list(user.rglob("*"))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_it_is_fetched_once_and_readable_as_any_file(server: Https, user: Path) -> None:
    url = server.gives("/made", DATA)
    told: list[int] = []
    pulled = pull(MADE, urls=[url], progress=lambda done, of: told.append(done))
    assert pulled == Pulled(place(MADE, user), new=True)
    assert pulled.path.read_bytes() == DATA
    assert told[-1] == len(DATA)
    assert len(told) > 2
    mask = os.umask(0)
    os.umask(mask)
    assert pulled.path.stat().st_mode & 0o777 == 0o666 & ~mask
    assert os.listdir(pulled.path.parent) == ["made.task"]
    assert pull(MADE, urls=[url]) == Pulled(pulled.path, new=False)
    assert server.asked == ["/made"]


def test_another_file_is_refused_and_says_what_it_should_be(server: Https, user: Path) -> None:
    message = refused(user, server.gives("/wrong", DATA[:-1] + b"!"), match="gave another file")
    assert server.asked == ["/wrong"]  # the same would come again
    assert MADE.urls[0] in message
    assert MADE.sha256 in message
    assert str(place(MADE, user)) in message


def test_a_broken_transfer_is_tried_again(server: Https, user: Path) -> None:
    refused(user, server.gives("/short", DATA[:100_000], promised=len(DATA)), match="the transfer broke off")
    assert server.asked == ["/short"] * ATTEMPTS


def test_a_server_that_recovers(server: Https, user: Path) -> None:
    url = server.gives("/tired", b"", status=503)
    server.gives("/good", DATA)
    tired, full = server.answers["/tired"], server.answers["/good"]
    server.answers["/tired"] = lambda request: (tired if len(server.asked) < 3 else full)(request)
    assert pull(MADE, urls=[url], wait=0).new
    assert server.asked == ["/tired"] * 3


def test_a_file_without_end_is_ended(server: Https, user: Path) -> None:
    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        try:
            while True:
                request.wfile.write(bytes(1 << 16))
        except OSError:
            pass  # the other side has had enough

    server.answers["/endless"] = endless
    refused(user, server.url("/endless"), match=f"sends more than the {len(DATA)} bytes")


def test_what_is_not_there_is_asked_for_once(server: Https, user: Path) -> None:
    refused(user, server.url("/nothing"), match="404 Not Found")
    assert server.asked == ["/nothing"]


def test_mirrors_are_asked_in_turn(server: Https, user: Path) -> None:
    mirrors = [server.url("/nothing"), server.gives("/wrong", b"!"), server.gives("/made", DATA), server.url("/never")]
    assert pull(MADE, urls=mirrors, wait=0).new
    assert server.asked == ["/nothing", "/wrong", "/made"]


def test_it_follows_to_https_only(server: Https, user: Path) -> None:
    server.gives("/made", DATA)
    refused(user, server.sends_to("/down", server.url("/made", "http")), match="not by https")
    assert server.asked == ["/down"]
    assert pull(MADE, urls=[server.sends_to("/on", "/made")]).new


@pytest.mark.parametrize("url", ["http://host/made", "file:///etc/passwd", "made", "https://"])
def test_other_addresses_are_refused(user: Path, url: str) -> None:
    refused(user, url, match="is not an address of https://", error=InputError)


def test_no_server_says_what_to_do_by_hand(user: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # nobody listens there
        message = refused(user, f"https://me:secret@127.0.0.1:{free.getsockname()[1]}/made", match="cannot be reached")
    assert "secret" not in message
    assert "--offline" in message


def test_a_certificate_that_nobody_vouches_for(running: Https, user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    refused(user, running.gives("/made", DATA), match="REQUESTS_CA_BUNDLE")


def test_no_space_leaves_nothing(server: Https, user: Path) -> None:
    url = server.gives("/made", DATA)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
        refused(user, url, match="no space left", error=SinkError)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_another_file_stays_until_it_may_be_replaced(server: Https, user: Path) -> None:
    path = place(MADE, user)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"mine")
    with pytest.raises(OutputExistsError, match="--overwrite"):
        pull(MADE, urls=[server.gives("/made", DATA)])
    with pytest.raises(ModelError):
        pull(MADE, urls=[server.url("/nothing")], overwrite=True)
    assert path.read_bytes() == b"mine"
    assert pull(MADE, urls=[server.url("/made")], overwrite=True).new
    assert path.read_bytes() == DATA


def test_one_in_another_folder_of_models_will_do(tmp_path: Path, user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RTSKIN_MODELS", str(tmp_path / "ours"))
    path = place(MADE, tmp_path / "ours")
    path.parent.mkdir(parents=True)
    path.write_bytes(DATA)
    assert pull(MADE) == Pulled(path, new=False)


def test_a_folder_may_be_named(server: Https, tmp_path: Path, user: Path) -> None:
    url = server.gives("/made", DATA)
    pull(MADE, urls=[url])
    assert pull(MADE, urls=[url], folder=tmp_path / "there").path == place(MADE, tmp_path / "there")


@pytest.mark.parametrize("by", ["option", "variable"])
@pytest.mark.parametrize("where", ["made.task", "made/made.task"])
def test_offline_takes_it_from_a_folder(
    tmp_path: Path, user: Path, monkeypatch: pytest.MonkeyPatch, by: str, where: str
) -> None:
    stick = tmp_path / "stick"
    (stick / where).parent.mkdir(parents=True)
    (stick / where).write_bytes(DATA)
    if by == "variable":
        monkeypatch.setenv("RTSKIN_OFFLINE", str(stick))
    pulled = pull(MADE, offline=stick if by == "option" else None)
    assert pulled == Pulled(place(MADE, user), new=True)
    assert pulled.path.read_bytes() == DATA


def test_offline_never_asks_the_network(server: Https, tmp_path: Path, user: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    url = server.gives("/made", DATA)
    with pytest.raises(ModelError, match=rf"made is not in {stick}.*{MADE.sha256}"):
        pull(MADE, urls=[url], offline=stick)
    (stick / "made.task").write_bytes(b"another")
    with pytest.raises(ModelError, match="is not made"):
        pull(MADE, urls=[url], offline=stick)
    with pytest.raises(InputError, match="there is no folder"):
        pull(MADE, urls=[url], offline=tmp_path / "none")
    assert server.asked == []
    assert not list(user.rglob("*"))


def test_two_pulls_at_once_are_one(server: Https, user: Path) -> None:
    server.gives("/made", DATA)
    full = server.answers["/made"]

    def answer(request: BaseHTTPRequestHandler) -> None:
        server.answers["/made"] = full
        assert pull(MADE, urls=[server.url("/made")]).new  # somebody else is quicker
        full(request)

    server.answers["/made"] = answer
    assert pull(MADE, urls=[server.url("/made")]) == Pulled(place(MADE, user), new=False)
