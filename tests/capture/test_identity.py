from __future__ import annotations

import os
from pathlib import Path

import pytest

from rtskin.capture.identity import Identity
from rtskin.errors import SourceError


def test_the_same_file_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(200_000))
    before = Identity.of(path)
    os.utime(path, (1, 1))
    before.require_same(path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (bytes(200_001), "grew from 200000 to 200001 bytes"),
        (b"", "shrank from 200000 to 0 bytes"),
        (b"1" + bytes(199_999), "was written to"),
    ],
)
def test_what_changed_is_said(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(200_000))
    before = Identity.of(path)
    path.write_bytes(data)
    with pytest.raises(SourceError, match=f"a {said} while it was read; wait until it is complete"):
        before.require_same(path)


def test_another_file_of_that_name(tmp_path: Path) -> None:
    path, other = tmp_path / "a", tmp_path / "b"
    for file in (path, other):
        file.write_bytes(b"alike")
    before = Identity.of(path)
    os.replace(other, path)
    with pytest.raises(SourceError, match="a was replaced"):
        before.require_same(path)
    path.unlink()
    with pytest.raises(SourceError, match="is gone since it was opened"):
        before.require_same(path)
