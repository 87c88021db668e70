"""Masks on disk: every bit, or an error."""

from __future__ import annotations

import hashlib
import resource
from pathlib import Path

import numpy as np
import pytest

from rtskin.errors import SinkError, SourceError
from rtskin.offline.mattes import MatteWriter, file_digest, read_mattes


def masks(width: int, height: int, count: int = 5) -> list[np.ndarray]:  # type: ignore[type-arg]
    noise = np.random.default_rng(width)
    return [noise.integers(0, 256, (height, width), np.uint8) for _ in range(count)]


def write(path: Path, what: list[np.ndarray]) -> str:  # type: ignore[type-arg]
    return write_all(MatteWriter(path), what)


def write_all(writer: MatteWriter, what: list[np.ndarray]) -> str:  # type: ignore[type-arg]
    for mask in what:
        writer.write(mask)
    return writer.finish()


@pytest.mark.parametrize("size", [(1, 1), (1, 4), (3, 5), (64, 48), (321, 241)])
def test_masks_come_back_bit_for_bit(tmp_path: Path, size: tuple[int, int]) -> None:
    wanted, path = masks(*size), tmp_path / "a.mkv"
    digest = write(path, wanted)
    assert all(np.array_equal(one, other) for one, other in zip(read_mattes(path), wanted, strict=True))
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest() == file_digest(path)


def test_the_same_masks_are_the_same_bytes_whatever_was_there(tmp_path: Path) -> None:
    wanted = masks(64, 48)
    (tmp_path / "b.mkv").write_text("old")
    assert write(tmp_path / "a.mkv", wanted) == write(tmp_path / "b.mkv", wanted)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mkv", "b.mkv"]


def test_what_is_abandoned_leaves_nothing(tmp_path: Path) -> None:
    writer = MatteWriter(tmp_path / "a.mkv")
    writer.write(masks(64, 48)[0])
    writer.abandon()
    writer.abandon()
    assert not list(tmp_path.iterdir())


def test_no_masks_are_an_empty_file(tmp_path: Path) -> None:
    write(tmp_path / "a.mkv", [])
    assert list(read_mattes(tmp_path / "a.mkv")) == []


def test_another_size_is_refused(tmp_path: Path) -> None:
    writer = MatteWriter(tmp_path / "a.mkv")
    writer.write(masks(64, 48)[0])
    with pytest.raises(SinkError, match="changes from 64x48 to 32x48"):
        writer.write(masks(32, 48)[0])
    writer.abandon()


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    writer = MatteWriter(tmp_path / "a.mkv")
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(SinkError, match="no space left for"):
            write_all(writer, masks(320, 240, 20))
    finally:
        writer.abandon()
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())


def test_damage_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    write(path, masks(64, 48))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(SourceError, match="cannot be read"):
        list(read_mattes(path))
