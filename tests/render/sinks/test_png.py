"""PNG sequences."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError, OutputExistsError, SinkError
from rtskin.frame import Rendered
from rtskin.media import cv2
from rtskin.render.sinks.null import NullSink
from rtskin.render.sinks.png import PngSink

from ..conftest import disc, make_frame, make_mask, picture, run


def rendered(seq: int, number: int | None = None) -> Rendered:
    pixels = picture(step=seq)
    return Rendered(make_frame(pixels, seq=seq, number=number), pixels)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_pattern_counts_by_seq_and_keeps_gaps(tmp_path: Path) -> None:
    sink = run(PngSink(path=tmp_path / "out.%04d.png"), [rendered(0), rendered(3)])
    assert names(tmp_path) == ["out.0000.png", "out.0003.png"]
    assert np.array_equal(cv2.imread(str(tmp_path / "out.0003.png")), picture(step=3))
    assert sink.counters() == {"frames": 2, "bytes": sum(path.stat().st_size for path in tmp_path.iterdir())}


def test_numbers_of_the_source_are_kept(tmp_path: Path) -> None:
    run(PngSink(path=tmp_path / "x%d.png"), [rendered(0, number=17), rendered(1, number=1023)])
    assert names(tmp_path) == ["x1023.png", "x17.png"]


def test_a_folder_is_made_and_mattes_are_grey(tmp_path: Path) -> None:
    run(PngSink(path=tmp_path / "frames"), [make_mask(disc(3, 5), seq=2)])
    assert names(tmp_path / "frames") == ["000002.png"]
    back = cv2.imread(str(tmp_path / "frames/000002.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(back, disc(3, 5))


def test_an_existing_picture_is_kept_unless_told(tmp_path: Path) -> None:
    (tmp_path / "0.png").write_text("mine")
    with pytest.raises(OutputExistsError):
        run(PngSink(path=tmp_path / "%d.png"), [rendered(0)])
    assert (tmp_path / "0.png").read_text() == "mine"
    run(PngSink(path=tmp_path / "%d.png", overwrite=True), [rendered(0)])
    assert cv2.imread(str(tmp_path / "0.png")) is not None
    assert names(tmp_path) == ["0.png"]


def test_a_full_disk_leaves_no_half_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.FileIO):
        def write(self, data: Any) -> int:
            super().write(bytes(data)[:10])
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "open", lambda path, mode: Full(path, mode))
    with pytest.raises(SinkError, match="no space left"):
        run(PngSink(path=tmp_path / "%d.png"), [rendered(0)])
    assert names(tmp_path) == []


def test_places_and_patterns_that_will_not_do(tmp_path: Path) -> None:
    for name in ("a/%d.png", "a/b"):
        with pytest.raises(SinkError, match="there is no folder"):
            run(PngSink(path=tmp_path / name), [])
    with pytest.raises(SinkError, match="cannot make the folder /proc/frames"):
        run(PngSink(path="/proc/frames"), [])
    for name in ("%d-%d.png", "%s.png", "100%.png", "%04d.jpg"):
        with pytest.raises(InputError, match="not a pattern"):
            PngSink(path=tmp_path / name)


def test_the_null_sink_counts() -> None:
    sink = run(NullSink(), [rendered(0), make_mask(disc())])
    assert sink.counters() == {"frames": 2, "bytes": 64 * 48 * 4}
