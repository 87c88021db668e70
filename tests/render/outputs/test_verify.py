"""Files that do not hold what was written are found out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import SinkError
from rtskin.frame import Mask
from rtskin.render.outputs import encoder, fit

from .conftest import decoded, masked, write

ALL = [("a.mkv", "alpha"), ("a.mov", "alpha"), ("a.webm", "alpha"), ("a.mp4", "overlay"), ("a.mov", "matte")]


def flat(seq: int) -> Mask:
    """Pictures that every codec holds well, and that differ."""
    mask = masked(decoded(seq=seq))
    for plane in mask.frame.picture.frame.planes:
        np.frombuffer(plane, np.uint8)[:] = 60 + 20 * seq
    return mask


@pytest.mark.parametrize(("name", "view"), ALL)
def test_a_picture_that_is_another(tmp_path: Path, name: str, view: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write_one = encoder.VideoWriter.write

    def spoil(self: Any, picture: Any, pts: int, duration: int) -> None:
        for plane in picture.planes:
            np.frombuffer(plane, np.uint8)[:] ^= 0x55 if self._end else 0
        write_one(self, picture, pts, duration)

    monkeypatch.setattr(encoder.VideoWriter, "write", spoil)
    with pytest.raises(SinkError, match=rf"picture 1 of {name} does not decode to what was written .*not kept"):
        write(tmp_path / name, view, [flat(seq) for seq in range(3)])
    assert list(tmp_path.iterdir()) == []


def test_a_picture_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_one = encoder.VideoWriter.write

    def lose(self: Any, picture: Any, pts: int, duration: int) -> None:
        if pts != 1024:
            write_one(self, picture, pts, duration)

    monkeypatch.setattr(encoder.VideoWriter, "write", lose)
    with pytest.raises(SinkError, match=r"a\.mp4 holds 3 pictures of the 4 written"):
        write(tmp_path / "a.mp4", "overlay", [flat(seq) for seq in range(4)])
    assert list(tmp_path.iterdir()) == []


def test_a_time_that_is_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_one = encoder.VideoWriter.write

    def late(self: Any, picture: Any, pts: int, duration: int) -> None:
        write_one(self, picture, pts + 500 * (pts > 1000), duration)

    monkeypatch.setattr(encoder.VideoWriter, "write", late)
    with pytest.raises(SinkError, match=r"a\.mkv shows picture \d at another time"):
        write(tmp_path / "a.mkv", "matte", [flat(seq) for seq in range(4)])


def test_few_pictures_are_kept_of_many(tmp_path: Path) -> None:
    from rtskin.render.outputs.formats import encoding_for
    from rtskin.render.outputs.verify import Written

    written = Written(encoding_for("ffv1", "matte", "gray", True, (64, 48)), fit.av.time_base)
    frame = decoded("gray").picture.frame
    for pts in range(1000):
        written.add(frame, pts)
    assert 6 <= len(written._kept) <= 12
    assert sorted(written._kept)[:3] == [0, written._step, 2 * written._step]
    assert all(rows[0].shape == (3, 64) for rows in written._kept.values())
