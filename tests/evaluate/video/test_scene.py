"""Motion clips: exact truth, exact flow, the same each time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtskin.capture.file import FileCapture
from rtskin.errors import InputError
from rtskin.evaluate.datasets import load_pairs, load_skinless
from rtskin.evaluate.motion import MotionClip, motion_clips, subjects_of
from rtskin.evaluate.video.delay import centroid
from rtskin.evaluate.video.paths import MOTIONS
from rtskin.evaluate.video.temporal import along
from tests.evaluate.video.conftest import SIZE, SKIN


@pytest.mark.parametrize("kind", MOTIONS)
def test_the_truth_moves_along_the_flow(clip_of, kind: str) -> None:  # type: ignore[no-untyped-def]
    clip: MotionClip = clip_of(kind)
    for number in (0, 5, 11):
        truth, after, flow = clip.truth(number), clip.truth(number + 1), clip.flow(number)
        moved, inside = along(after.astype(np.float32), flow)
        # Only where this frame shows the subject itself: the next one may cover background.
        skin = (truth > 250) & inside
        assert skin.sum() > 200
        assert np.abs(moved - truth)[skin].mean() < 3


def test_pictures_show_skin_where_the_truth_says_so(clip_of) -> None:  # type: ignore[no-untyped-def]
    clip: MotionClip = clip_of("turn")
    for number in (0, 9):
        picture, truth = clip.picture(number).astype(float), clip.truth(number)
        assert np.abs(picture[truth > 250].mean(axis=0) - SKIN).max() < 0.06 * 205
        assert np.abs(picture[truth == 0] - SKIN).sum(axis=1).mean() > 100


def test_speeds_are_those_stated(clip_of) -> None:  # type: ignore[no-untyped-def]
    for kind, speed in (("still", 0), ("slow", 2), ("fast", 24)):
        clip = clip_of(kind)
        (x, _), (then, _) = (centroid(clip.truth(number)) for number in (1, 2))
        assert then - x == pytest.approx(speed * SIZE[1] / 720, abs=0.1)


def test_a_still_subject_has_a_still_truth_and_pictures_that_differ(clip_of) -> None:  # type: ignore[no-untyped-def]
    clip: MotionClip = clip_of("still")
    assert (clip.truth(0) == clip.truth(7)).all()
    assert np.abs(clip.flow(3)).max() < 1e-4
    one, two = clip.picture(3).astype(float), clip.picture(4).astype(float)
    assert 2 < np.std(one - two) < 8
    light = [clip.picture(number).mean() for number in range(12)]
    assert 0.005 < np.std(light) / np.mean(light) < 0.05


def test_the_same_seed_makes_the_same_clip(clip_of) -> None:  # type: ignore[no-untyped-def]
    one, same, other = clip_of("fast", 6, 0), clip_of("fast", 6, 0), clip_of("fast", 6, 1)
    for number in (0, 5, 2):  # in any order
        assert (one.picture(number) == same.picture(number)).all()
        assert (one.truth(number) == same.truth(number)).all()
    assert (one.picture(0) != other.picture(0)).any()


def test_what_is_decoded_is_what_was_drawn(clip_of, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    clip: MotionClip = clip_of("pan", 8)
    clip.write(tmp_path / "a.mp4")
    with FileCapture(tmp_path / "a.mp4") as source:
        assert source.info.rate == 30
        frames = [frame.bgr for frame in source]
    assert len(frames) == 8
    for number, frame in enumerate(frames):
        off = np.abs(frame.astype(float) - clip.picture(number)).mean()
        assert 0 < off < 6  # not the same: it went through a codec
    away = np.abs(frames[0].astype(float) - clip.picture(7)).mean()
    assert away > np.abs(frames[0].astype(float) - clip.picture(0)).mean()


def test_kinds_in_turn_with_subjects_and_backgrounds_of_their_own(people: Path, hands: Path, walls: Path) -> None:
    subjects = [subjects_of(load_pairs(folder)) for folder in (people, hands)]
    clips = motion_clips(subjects, load_skinless(walls), 7, frames=4, size=SIZE)
    assert [clip.kind for clip in clips] == list(MOTIONS)
    assert len({clip.name for clip in clips}) == 7
    assert {clip.name.split("-")[1] for clip in clips[:2]} == {"p0", "p1"}
    assert not (clips[0].ground.image == clips[1].ground.image).all()
    assert "wave" not in [clip.kind for clip in motion_clips(subjects[:1], load_skinless(walls), 9, size=SIZE)]


def test_what_cannot_be_made_is_refused(people: Path, hands: Path, walls: Path) -> None:
    person, hand, ground = subjects_of(load_pairs(people)), subjects_of(load_pairs(hands)), load_skinless(walls)
    with pytest.raises(InputError, match="'wave' needs a set of hands"):
        motion_clips([person], ground, 1, kinds=["wave"])
    with pytest.raises(InputError, match="'fast' needs people"):
        motion_clips([hand], ground, 1, kinds=["fast"])
    with pytest.raises(InputError, match="no motion called 'jump'"):
        motion_clips([hand], ground, 1, kinds=["jump"])
    with pytest.raises(InputError, match="nobody to cut out"):
        motion_clips([], ground, 1)
    for path in (people / "masks").iterdir():
        path.write_bytes((people / "labels" / path.name).read_bytes())  # 41 and 38: no skin from one half on
    with pytest.raises(InputError, match="not one of 2 subjects shows enough skin"):
        motion_clips([person], ground, 1, kinds=["slow"])
