"""What may be written after --out, and what is said of the rest; never a password."""

from __future__ import annotations

import pytest

from rtskin.errors import InputError
from rtskin.roi.out.address import parse, scheme_of, shown
from rtskin.roi.out.file import FileTransport
from rtskin.roi.out.table import transports


def test_the_parts_of_an_address() -> None:
    address = parse("mqtt://anna:s%40cret@broker.local/home/hands?qos=1", default_port=1883, options=("qos",))
    assert (address.host, address.port, address.path) == ("broker.local", 1883, "home/hands")
    assert (address.user, address.password, address.options) == ("anna", "s@cret", {"qos": "1"})
    assert address.shown == "mqtt://***@broker.local/home/hands?qos=1"
    assert "s@cret" not in repr(address)
    assert parse("zmq://*:5556").host == "*"
    assert parse("ws://[::1]:8000/feed").host == "::1"


def test_files_are_no_addresses() -> None:
    for name in ("-", "feed.jsonl", "folder/feed.jsonl", r"C:\feed.jsonl", "mqtt:feed", "a://b"):
        assert (scheme_of(name) is None) == (name != "a://b")


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("udp://127.0.0.1", "names no port"),
        ("udp://:9000", "names no host"),
        ("udp://127.0.0.1:0", "0 is no port"),
        ("udp://127.0.0.1:70000", "port out of range"),
        ("udp://127.0.0.1:x", "port could not be cast"),
        ("udp://127.0.0.1:9000/path", "udp:// takes no path"),
        ("osc://127.0.0.1:9000/rtskin", "osc:// takes no path"),
        ("udp://anna:secret@127.0.0.1:9000", "knows no user and password"),
        ("ws://127.0.0.1:9000/a?token=1", "no option 'token'; there are: origin"),
        ("zmq://127.0.0.1:9000?token=1", "no option 'token'"),
        ("mqtt://127.0.0.1", "names no topic"),
        ("mqtt://127.0.0.1/", "names no topic"),
        ("mqtt://127.0.0.1/hands/+", "cannot hold # or"),
        ("mqtt://127.0.0.1/hands#", "nothing may follow"),
        ("mqtt://127.0.0.1/hands?qos=3", "qos is 0, 1 or 2"),
        ("mqtt://127.0.0.1/hands?retain=1", "no option 'retain'; there are: qos"),
        ("kafka://127.0.0.1/hands", "there is no kafka://"),
        ("osc:127.0.0.1:9000", "write osc://127.0.0.1:9000, or, for a file of that name, ./"),
        ("OSC:/127.0.0.1:9000", "write osc://127.0.0.1:9000"),
        ("mqtt:anna:secret@broker/hands", "write mqtt://***@broker/hands"),
        ("ws://[::1:9000", "invalid ipv6"),
        ("mqtt://anna:se/cret@host:port/hands", "mqtt://"),
        ("mqtt://anna:se#cret@host:port/hands", "mqtt://"),
    ],
)
def test_addresses_that_cannot_be(out: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        transports([out])
    text = str(raised.value)
    assert message in text
    assert "--out" in text
    assert "\n" not in text
    assert "cret" not in text


def test_no_password_is_shown_whatever_it_holds() -> None:
    assert shown("mqtt://a:b/c@d@host/t") == "mqtt://***@host/t"


def test_a_file_may_have_a_colon() -> None:
    for name in ("./osc:127.0.0.1:9000", "C:/feed.jsonl", "a:b.jsonl"):
        (transport,) = transports([name])
        assert isinstance(transport, FileTransport)
