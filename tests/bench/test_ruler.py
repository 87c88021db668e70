"""bench.ruler: a still exact mask has no error, one whose edges tremble has, and each flow has its line."""

from __future__ import annotations

import re
from pathlib import Path

from bench.ruler import FRAMES, report
from rtskin.evaluate.datasets import load_pairs, load_skinless
from rtskin.evaluate.motion import motion_clips, subjects_of
from tests.evaluate.video.conftest import people, walls

__all__ = ["people", "walls"]


def test_every_flow_has_its_line(people: Path, walls: Path) -> None:
    subjects = [subjects_of(load_pairs(people))]
    clips = motion_clips(subjects, load_skinless(walls), 1, frames=FRAMES, size=(160, 96), kinds=["still"])
    text = report(clips)
    lines = [line for line in text.splitlines() if re.match(r"\| (RLOF|TV-L1|DIS, medium|Farnebäck) ", line)]
    assert len(lines) == 4
    for line in lines:
        exact, drawn = (float(cell) for cell in line.strip("| ").split(" | ")[2:])
        assert 0 <= exact < 0.5 * drawn, line
