from __future__ import annotations

from pathlib import Path

import pytest

from rtskin.errors import InputError
from rtskin.roi.out.file import FileTransport
from rtskin.roi.out.table import transports
from rtskin.roi.out.udp import UdpTransport


def test_a_scheme_is_a_transport_and_what_has_none_a_file(tmp_path: Path) -> None:
    udp, file = transports(["UDP://127.0.0.1:9000", str(tmp_path / "c.jsonl")])
    assert isinstance(udp, UdpTransport)
    assert isinstance(file, FileTransport)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("-", "-"),
        ("hands.jsonl", "./hands.jsonl"),
        ("hands.jsonl", "more/../hands.jsonl"),
        ("link/hands.jsonl", "more/hands.jsonl"),
        ("udp://127.0.0.1:9000", "UDP://127.0.0.1:9000"),
        ("mqtt://anna:secret@broker/hands", "mqtt://anna:secret@broker/hands"),
    ],
)
def test_two_of_one_place_are_refused(one: str, other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "more").mkdir()
    (tmp_path / "link").symlink_to("more")
    with pytest.raises(InputError, match="is given twice") as caught:
        transports([one, other])
    assert "secret" not in str(caught.value)
    assert len(transports(["hands.jsonl", "more/hands.jsonl", "udp://127.0.0.1:9000", "udp://127.0.0.1:9001"])) == 4


def test_none_and_an_empty_one_are_refused() -> None:
    with pytest.raises(InputError, match="no output; - is standard output"):
        transports([])
    with pytest.raises(InputError, match="--out is empty"):
        transports([""])
