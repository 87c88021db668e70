"""Flow over many frames: put together of what was found from frame to frame."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.frame import F32, Frame
from rtskin.smooth.track import REMEMBERED, Composer, StepFlow, Track

from .test_motion import HEIGHT, WIDTH, texture
from .test_prior import frame

MIDDLE = (slice(30, -30), slice(60, -30))


def shifted(pixels: int) -> np.ndarray:
    return np.roll(texture(), pixels, axis=1)


def add(track: Track, one: Frame) -> F32 | None:
    track.add(one)
    return track.step()


@pytest.mark.parametrize("shift", [1, 4, 8])
def test_a_step_leads_back(shift: int) -> None:
    flow = StepFlow()(texture(), shifted(shift))
    assert np.abs(flow[MIDDLE] - (-shift, 0)).mean() < 0.15


def test_a_step_is_searched_from_where_it_is_told() -> None:
    """Further than the search finds alone."""
    start = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    start[..., 0] = -38
    alone, told = (StepFlow()(texture(), shifted(40), one) for one in (None, start))
    assert np.abs(alone[MIDDLE] - (-40, 0)).mean() > 3
    assert np.abs(told[MIDDLE] - (-40, 0)).mean() < 1


def test_flows_are_put_together_where_they_lead() -> None:
    """The second is looked up at the place that the first leads to, between pixels too, and at the edge beyond it."""
    step, before = np.zeros((2, 4, 2), np.float32), np.zeros((2, 4, 2), np.float32)
    step[..., 0] = 1.5
    before[..., 1] = np.arange(4)
    both = Composer()(step, before)
    assert both[..., 0].tolist() == [[1.5] * 4] * 2
    assert both[..., 1].tolist() == [[1.5, 2.5, 3, 3]] * 2
    assert Composer()(step, None) is step


def test_the_way_back_to_a_frame_that_passed() -> None:
    track = Track()
    frames = [frame(number, shifted(6 * number)) for number in range(9)]
    steps = [add(track, one) for one in frames]
    assert steps[0] is None
    assert all(step is not None for step in steps[1:])
    assert track.back_to(frames[8]) is None
    for key in (7, 5, 1):
        back = track.back_to(frames[key])
        assert back is not None
        assert np.abs(back[MIDDLE][:, 60:] - (-6 * (8 - key), 0)).mean() < 0.3


def test_a_frame_that_did_not_pass_is_joined() -> None:
    """The network saw it, the display did not."""
    track = Track()
    frames = [frame(number, shifted(6 * number)) for number in range(9)]
    for one in frames[:3] + frames[4:]:
        track.add(one)
    back = track.back_to(frames[3])
    assert back is not None
    assert np.abs(back[MIDDLE][:, 60:] - (-30, 0)).mean() < 0.3


def test_what_is_forgotten_is_joined_to_the_oldest_that_is_not() -> None:
    track, still = Track(), texture()
    first = frame(0, still)
    for number in range(REMEMBERED + 5):
        track.add(frame(number, still))
    assert len(track._passed) == REMEMBERED
    back = track.back_to(first)
    assert back is not None
    assert np.abs(back).max() < 0.2
    track.forget()
    assert add(track, frame(100, still)) is None


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (15, 200), (16, 16), (17, 40), (144, 33)])
def test_any_size(size: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 255, size).astype(np.uint8)
    flow = StepFlow()(picture, picture)
    assert flow.shape == (*size, 2)
    assert np.isfinite(flow).all()
    assert np.isfinite(Composer()(flow, flow)).all()
