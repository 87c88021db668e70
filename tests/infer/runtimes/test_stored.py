from __future__ import annotations

import os
from pathlib import Path

import pytest

from rtskin.infer.runtimes.stored import Stored, cache_folder


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RTSKIN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_what_was_written_comes_back_for_its_key_alone(folder: Path) -> None:
    one = Stored("engines", "net", {"shape": (416, 224), "version": "1"})
    assert one.read() is None
    assert one.write(b"a\nb\0c")
    assert Stored("engines", "net", {"version": "1", "shape": [416, 224]}).read() == b"a\nb\0c"
    assert Stored("engines", "net", {"shape": (416, 224), "version": "2"}).read() is None
    assert [path.name for path in (folder / "engines").iterdir()] == [one.path.name], "no half file stays"
    one.drop()
    one.drop()
    assert one.read() is None


@pytest.mark.parametrize("damage", [b"", b"hello", b"{}\nhello", b'{"key": {"a": 1}, "sha256": "0"}\nhello'])
def test_damage_is_said_and_nothing_is_read(damage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    one = Stored("engines", "net", {"a": 1})
    one.write(b"hello")
    one.path.write_bytes(damage)
    assert one.read() is None
    assert "is damaged; it is made anew" in caplog.text
    assert one.write(b"hello")
    assert one.read() == b"hello"


def test_a_cut_or_changed_file_is_damaged() -> None:
    one = Stored("engines", "net", {"a": 1})
    one.write(b"hello world")
    whole = one.path.read_bytes()
    for data in (whole[:-1], whole[:-1] + b"X", whole + b"X"):
        one.path.write_bytes(data)
        assert one.read() is None


def test_a_folder_that_cannot_be_written_is_said(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder.write_text("a file in the way")
    one = Stored("engines", "net", {"a": 1})
    assert one.write(b"hello") is False
    assert "is not kept for the next start" in caplog.text
    assert one.read() is None


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_said(caplog: pytest.LogCaptureFixture) -> None:
    one = Stored("engines", "net", {"a": 1})
    one.write(b"hello")
    one.path.chmod(0)
    assert one.read() is None
    assert "cannot be read" in caplog.text


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("RTSKIN_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    assert cache_folder().name == "rtskin"
