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


#: Clips that are rendered whole, and the frames of each of the others; of clips from one camera a few do.
WHOLE, FRAMES = ("mpsamples_hand.mp4",), 6


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_mattes_of_all_clips_keep_every_frame_and_time(
    rtskin: Callable[..., Outcome], shared: Path, tmp_path: Path
) -> None:
    clips = sorted((shared / "data" / "videos").iterdir())
    alike = [clip for clip in clips if clip.name.startswith("intel_asl")]
    clips = [clip for clip in clips if clip not in alike[3:]]
    assert len(clips) > 10
    for number, clip in enumerate(clips):
        whole = clip.name in WHOLE
        for suffix in HALF_TICK if whole else [list(HALF_TICK)[number % 2]]:
            check(rtskin, clip, tmp_path / f"{clip.stem}{suffix}", None if whole else FRAMES)


def check(rtskin: Callable[..., Outcome], clip: Path, matte: Path, frames: int | None) -> None:
    span = [] if frames is None else ["--end", f"{frames}f"]
    outcome = rtskin("render", clip, matte, "--view", "matte", "--model", "ellipse", *span)
    assert outcome.status == 0, f"{clip.name}: {outcome.err}"
    wanted, got = times(clip, frames), times(matte)
    assert len(got) == len(wanted), matte.name
    assert np.abs(np.array(got) - wanted).max() <= HALF_TICK[matte.suffix], matte.name
    with av.open(str(matte)) as container:
        picture = next(container.decode(video=0)).to_ndarray(format="gray")
    assert 0 <= picture.min() <= 1, matte.name
    matte.unlink()
