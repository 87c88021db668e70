"""Files that are whole or not there."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rtskin.errors import OutputExistsError, SinkError, reason
from rtskin.files import OutputFile, check_output, write_bytes, write_text


def test_the_name_is_there_only_when_the_file_is_complete(tmp_path: Path) -> None:
    with OutputFile(tmp_path / "out.bin") as file:
        file.write(b"whole")
        assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
        file.commit()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"out.bin": b"whole"}


def test_what_was_not_committed_does_not_stay(tmp_path: Path) -> None:
    def interrupted() -> None:
        with OutputFile(tmp_path / "out.bin") as file:
            file.write(b"half", sync=True)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_kept_or_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    out.write_text("precious")
    with pytest.raises(OutputExistsError, match=r"out\.txt exists already; .*--overwrite"):
        write_text(out, "new")
    assert out.read_text() == "precious"
    write_text(out, "new é", overwrite=True)
    assert out.read_bytes().decode() == "new é"
    assert list(tmp_path.iterdir()) == [out]


def no_links(source: object, target: object) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("late", ["before", "in the gap"])
def test_what_appears_meanwhile_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool, late: str
) -> None:
    if not links:
        monkeypatch.setattr("os.link", no_links)
    out = tmp_path / "out.bin"
    with OutputFile(out) as file:
        file.write(b"new")
        out.write_bytes(b"precious")
        if late == "in the gap":  # after the last look
            monkeypatch.setattr("rtskin.files.check_output", lambda path, overwrite: None)
        with pytest.raises(OutputExistsError, match="exists already"):
            file.commit()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"out.bin": b"precious"}


def test_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.link", no_links)
    write_bytes(tmp_path / "out.bin", b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"out.bin": b"new"}

    def broken(source: object, target: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("os.replace", broken)
    with pytest.raises(SinkError, match=r"cannot write .*other\.bin: Input/output error"):
        write_bytes(tmp_path / "other.bin", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["out.bin"]


def test_a_part_of_the_user_is_not_touched(tmp_path: Path) -> None:
    own = tmp_path / "out.bin.part"
    own.write_bytes(b"mine")
    write_bytes(tmp_path / "out.bin", b"new")
    assert own.read_bytes() == b"mine"


def test_a_long_name_in_letters_of_four_bytes(tmp_path: Path) -> None:
    name = "𝒎" * 60 + ".bin"
    write_bytes(tmp_path / name, b"new")
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.mkdir(), "is a folder; name a file in it"),
        (lambda path: os.mkfifo(path), "is a device or a pipe"),
        (lambda path: path.symlink_to("/dev/null"), "is a device or a pipe"),
    ],
)
@pytest.mark.skipif(os.name != "posix", reason="asks for pipes and links")
def test_what_is_no_file_is_refused(tmp_path: Path, make: Callable[[Path], None], message: str) -> None:
    make(tmp_path / "out")
    with pytest.raises(SinkError, match=message):
        check_output(tmp_path / "out", overwrite=True)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"there is no folder .*none; make it first"):
        write_bytes(tmp_path / "none" / "out.bin", b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    with OutputFile(tmp_path / "out.bin") as file:
        file.temporary.unlink()
        file.temporary.symlink_to("/dev/full")
        with pytest.raises(SinkError, match=r"^no space left for .*out\.bin: free some"):
            file.write(b"much")
    assert list(tmp_path.iterdir()) == []


def test_reason_is_one_line_without_the_path() -> None:
    assert reason(OSError(errno.ENOENT, "No such file", "rtsp://user:secret@camera")) == "No such file"
    assert reason(ValueError("first\nsecond")) == "first"
    assert reason(KeyError()) == "KeyError"
