"""Cuts among flashes, exposure jumps and waved hands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.evaluate.datasets import load_pairs, load_skinless
from rtskin.evaluate.motion import MotionClip, motion_clips, subjects_of
from rtskin.evaluate.video.shots import EVENT, FRAMES, Shots, count, measure_cuts
from rtskin.frame import Frame
from rtskin.smooth.cuts import CutDetector


@pytest.fixture
def clips(people: Path, hands: Path, walls: Path) -> list[MotionClip]:
    subjects = [subjects_of(load_pairs(folder)) for folder in (people, hands)]
    ground, kinds = load_skinless(walls), ["still", "slow", "pan", "wave"]
    return motion_clips(subjects, ground, 8, frames=FRAMES, size=(160, 96), kinds=kinds)


class Says:
    """A detector that says what it was told to, or yes to everything."""

    def __init__(self, what: list[str] | None = None) -> None:
        self._what = what

    def __call__(self, frame: Frame) -> bool:
        return self._what is None or self._what[frame.seq] == "cut"


def test_what_was_going_on_is_known(clips: list[MotionClip]) -> None:
    shots = Shots(clips)
    pictures = list(shots.pictures())
    assert len(pictures) == len(shots.what) == 8 * FRAMES
    assert [number for number, what in enumerate(shots.what) if what == "cut"] == [FRAMES * n for n in range(1, 8)]
    assert shots.what.count("flash") == 2  # shots 0 and 6; 3 and 7 are waves
    assert shots.what.count("jump") == 2
    assert shots.what.count("wave") == 2 * FRAMES - 2
    before, flash, after = (pictures[EVENT + step].mean() for step in (-1, 0, 1))
    assert flash > 1.5 * before
    assert after < 1.2 * before
    jump = FRAMES + EVENT
    ratio = pictures[jump].mean() / pictures[jump - 1].mean()
    assert ratio < 0.8 or ratio > 1.2
    assert pictures[jump + 3].mean() / pictures[jump].mean() == pytest.approx(1, abs=0.1)


def test_a_detector_that_knows_is_perfect_and_one_that_always_says_yes_is_not(clips: list[MotionClip]) -> None:
    shots = Shots(clips)
    list(shots.pictures())
    what = list(shots.what)
    steps: list[tuple[int, int]] = []
    good = measure_cuts(shots, lambda: Says(what), lambda *step: steps.append(step))
    assert (good.cuts, good.found, good.precision, good.recall) == (7, 7, 1, 1)
    assert steps[-1] == (8 * FRAMES, 8 * FRAMES)
    bad = measure_cuts(shots, Says)
    assert bad.recall == 1
    assert bad.precision == pytest.approx(7 / (8 * FRAMES))
    assert bad.resets["flash"] == 2 * 3  # the frames after it are the flash's too
    assert bad.resets["wave"] == bad.events["wave"]


def test_the_shipped_detector_finds_cuts(clips: list[MotionClip]) -> None:
    figures = measure_cuts(Shots(clips), CutDetector)
    assert figures.recall is not None
    assert figures.recall > 0.5
    assert figures.resets.get("wave", 0) == 0


def test_counting() -> None:
    what = ["nothing", "cut", "flash", "after flash", "jump", "wave"]
    figures = count(what, [False, True, False, True, True, False])
    assert (figures.cuts, figures.found, figures.false) == (1, 1, 2)
    assert figures.precision == pytest.approx(1 / 3)
    assert figures.resets == {"flash": 1, "jump": 1}
    assert figures.events == {"nothing": 1, "flash": 1, "jump": 1, "wave": 1}
    none = count(["nothing"] * 3, [False] * 3)
    assert none.precision is None
    assert none.recall is None
    with pytest.raises(ValueError):
        count(what, [False])


def test_one_shot_has_no_cut(clips: list[MotionClip]) -> None:
    with pytest.raises(InputError, match="two at least"):
        measure_cuts(Shots(clips[:1]), CutDetector)
    assert np.mean([clip.frames for clip in clips]) == FRAMES
