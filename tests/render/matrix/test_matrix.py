"""Kinds of sources through every output, verified by decoding; ``python -m tests.render.matrix`` does all of them whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtskin.render.outputs import clock
from tests.render.matrix import cells
from tests.render.matrix.reading import PROGRAM
from tests.render.matrix.run import results

#: Enough for B-frames to be out of order.
FRAMES = 6
_IMAGES = (".png", ".exr", "16")


@pytest.mark.parametrize(
    "kind", ["vfr", "with_sound", "starts_before_zero", "single_key", "interlaced", "pq", "wide", "odd_size"]
)
def test_every_output_holds_what_it_should(kind: str, tmp_path: Path) -> None:
    found = results(kind, tmp_path, FRAMES, program=False)
    assert {title: what for title, what in found.items() if what} == {}


@pytest.mark.slow
@pytest.mark.skipif(not PROGRAM, reason="the programs ffmpeg and ffprobe are not here")
@pytest.mark.parametrize("kind", ["rotated", "full_range"])
def test_other_programs_see_it_too(kind: str, tmp_path: Path) -> None:
    found = results(kind, tmp_path, FRAMES, program=True)
    assert {title: what for title, what in found.items() if what} == {}


def test_everything_of_a_whole_film_is_copied(tmp_path: Path) -> None:
    assert not any(results("film", tmp_path, program=False).values())


def test_the_matrix_sees_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without this, the others would say nothing."""
    ticks = clock.Clock.ticks

    def late(self: clock.Clock, frame: object) -> tuple[int, int]:
        pts, duration = ticks(self, frame)  # type: ignore[arg-type]
        return pts + duration // 2, duration

    monkeypatch.setattr(clock.Clock, "ticks", late)
    found = results("plain", tmp_path, FRAMES, program=False)
    films = [what for title, what in found.items() if "ffv1" in title or not title.endswith(_IMAGES)]
    assert len(films) == 15
    assert all("times are off" in what[0] for what in films)
    assert "times are off by 0.016667 s" in found["matte .mp4"]


def test_masks_leave_the_numbers_alone() -> None:
    for step in range(9):
        mask = cells.soft_mask(96, 96, step)
        assert (mask[:32].max(), mask.max()) == (0, 255)
