"""rtskin render of a video of which a stretch is damaged."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from rtskin.capture.table import frame_table
from tests.cli.conftest import Outcome
from tests.matrix import FRAMES, corrupt
from tests.render.matrix.reading import read_film


def test_a_corrupt_stretch_leaves_no_gap(rtskin: Callable[..., Outcome], tmp_path: Path) -> None:
    path, matte, overlay = corrupt(tmp_path), tmp_path / "m.mkv", tmp_path / "o.mp4"
    outcome = rtskin("render", path, "--matte", matte, "--overlay", overlay, "--model", "ellipse")
    table = frame_table(path)
    times = [Fraction(int(pts)) * table.time_base for pts in table.pts]
    assert len(times) == FRAMES
    assert read_film(overlay).times == times
    assert max(abs(a - b) for a, b in zip(read_film(matte).times, times, strict=True)) <= Fraction(1, 1000)
    lines = [line for line in outcome.err.splitlines() if "decoded" in line]
    assert lines == [
        f"rtskin: {path.name} is damaged; what cannot be decoded is passed over",
        f"rtskin: 2 frames of {path} could not be decoded, the first at 0.63 s; they show the picture and the mask before",
    ]
