"""Mattes of every real clip: each source frame once, at its own time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rtskin.media import av
from tests.cli.conftest import Outcome, times

#: The most that rounding to the container's ticks may move a frame (Matroska counts milliseconds).
HALF_TICK = {".mp4": 1e-6, ".mkv": 0.0005 + 1e-6}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("suffix", HALF_TICK)
def test_mattes_of_all_clips_keep_every_frame_and_time(
    rtskin: Callable[..., Outcome], shared: Path, tmp_path: Path, suffix: str
) -> None:
    clips = sorted((shared / "data" / "videos").iterdir())
    assert clips
    for clip in clips:
        matte = tmp_path / f"{clip.stem}{suffix}"
        outcome = rtskin("render", clip, matte, "--view", "matte", "--model", "ellipse")
        assert outcome.status == 0, f"{clip.name}: {outcome.err}"
        wanted = times(clip)
        got = times(matte)
        assert len(got) == len(wanted), clip.name
        assert np.abs(np.array(got) - wanted).max() <= HALF_TICK[suffix], clip.name
        with av.open(str(matte)) as container:
            picture = next(container.decode(video=0)).to_ndarray(format="gray")
        assert 0 <= picture.min() <= 1, clip.name
        matte.unlink()
