"""Masks of segments against those of one run over the whole: within 1 of 255 on 99.9 % of the pixels."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.frame import U8
from rtskin.media import av, cv2
from rtskin.offline.folder import WorkFolder
from rtskin.offline.stored import stored_masks
from rtskin.offline.worker import Worker

from .conftest import Planned

SIZE, FRAMES, CUT = (192, 112), 110, 81
#: Enough where parts and whole are to be equal in every pixel.
SMALL = (96, 64)
REAL = Path(__file__).parents[3] / "shared" / "data" / "videos" / "sam2_03_blocks.mp4"


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Discs of skin colour that swing before a textured wall, under a camera's noise; another wall from CUT on."""
    path = tmp_path_factory.mktemp("moving") / "moving.mkv"
    random, (width, height) = np.random.default_rng(4), SIZE
    walls = [cv2.resize(random.integers(20, 200, (14, 24, 3)).astype(np.uint8), SIZE) for _ in range(2)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=30, options={"g": "12"})
        stream.width, stream.height, stream.pix_fmt = width, height, "bgr0"
        for number in range(FRAMES):
            picture = walls[number >= CUT].copy()
            for disc, speed in enumerate((0.05, 0.13, 0.31)):
                x = int(width * (0.5 + 0.3 * np.sin(speed * number + disc)))
                cv2.circle(picture, (x, 25 + 30 * disc), 14, (120 + 5 * disc, 150, 205), -1)
            noisy = picture + random.normal(0, 3, picture.shape)
            frame = av.VideoFrame.from_ndarray(np.clip(noisy, 0, 255).astype(np.uint8), "bgr24")
            container.mux(stream.encode(frame.reformat(format="bgr0")))
        container.mux(stream.encode(None))
    return path


def masks(folder: WorkFolder) -> list[U8]:
    assert Worker(folder).run()
    return [mask.copy() for _, mask in stored_masks(folder)]


def apart(planned: Planned, source: Path, segment: int, settings: dict[str, Any], **own: Any) -> tuple[float, list[U8]]:
    """The share of pixels that differ by more than 1, and the masks of the one run."""
    parts = masks(planned("parts", source=source, settings=settings, segment=segment, warm_up=None, **own))
    whole = masks(planned("whole", source=source, settings=settings, segment=10_000, **own))
    differ = [float((cv2.absdiff(one, other) > 1).mean()) for one, other in zip(parts, whole, strict=True)]
    return float(np.mean(differ)), whole


#: Ways of making masks: settings, and key frames every so many.
WAYS: dict[str, tuple[dict[str, Any], int | None]] = {
    "flow": ({"smooth.method": "flow"}, None),
    "adaptive": ({"smooth.method": "adaptive"}, None),
    "lookahead": ({"smooth.method": "flow", "smooth.lookahead": 2}, None),
    "every": ({"smooth.method": "flow"}, 5),
}


@pytest.mark.parametrize("way", WAYS)
def test_segments_are_as_one_run(planned: Planned, moving: Path, way: str) -> None:
    """The cut is 7 frames after a segment begins; no segment begins at a multiple of 5, but for the first."""
    settings, every = WAYS[way]
    share, whole = apart(planned, moving, 38, settings, every=every)
    assert share <= 0.001
    assert np.mean([mask.mean() for mask in whole]) > 5  # there is something to see
    assert np.mean([cv2.absdiff(*pair).mean() for pair in itertools.pairwise(whole)]) > 0.3  # and it moves


@pytest.fixture(scope="module")
def creeping(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Skin colour that turns into grey from left to right, and creeps by 0.06 pixels a frame, under a camera's noise: at
    the edge of what is skin, each frame has a mask of its own."""
    path = tmp_path_factory.mktemp("creeping") / "creeping.mkv"
    random, (width, height) = np.random.default_rng(5), SMALL
    wall = cv2.resize(random.integers(20, 200, (8, 12, 3)).astype(np.uint8), SMALL)
    skin, grey = np.array([120, 150, 205]), np.array([120, 120, 120])
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=30, options={"g": "12"})
        stream.width, stream.height, stream.pix_fmt = width, height, "bgr0"
        for number in range(FRAMES):
            share = np.clip((np.arange(width) - 20 - 0.06 * number) / 48, 0, 1)[:, None]
            picture = wall.copy()
            picture[16:48] = skin + (grey - skin) * share
            noisy = picture + random.normal(0, 1.5, picture.shape)
            frame = av.VideoFrame.from_ndarray(np.clip(noisy, 0, 255).astype(np.uint8), "bgr24")
            container.mux(stream.encode(frame.reformat(format="bgr0")))
        container.mux(stream.encode(None))
    return path


def skipped(folder: WorkFolder) -> int:
    records = [folder.record(segment) for segment in folder.segments]
    nodes = [record.statistics["nodes"] for record in records if record is not None]
    return sum(one["preprocess"]["counters"]["skip.frames"] for one in nodes)


@pytest.mark.parametrize("every", [None, 3])
def test_what_is_skipped_does_not_depend_on_the_segments(planned: Planned, creeping: Path, every: int | None) -> None:
    """No segment begins where the comparison begins anew, nor the frames before it that are looked at."""
    settings = {"smooth.method": "none", "preprocess.skip": True}
    whole = planned("whole", source=creeping, settings=settings, segment=10_000, every=every)
    wanted = masks(whole)
    looked = FRAMES if every is None else FRAMES // every
    assert 0.3 * looked < skipped(whole) < 0.95 * looked
    for segment in (24, 38):
        name = f"by {segment}"
        parts = masks(planned(name, source=creeping, settings=settings, segment=segment, warm_up=None, every=every))
        assert all(np.array_equal(one, other) for one, other in zip(parts, wanted, strict=True))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_segments_of_a_real_clip_are_as_one_run(planned: Planned) -> None:
    """All ways are tried on the made clip above."""
    if not REAL.exists():
        pytest.skip(f"needs {REAL.name}, which is not part of rtskin")
    settings, every = WAYS["every"]
    share, whole = apart(planned, REAL, 24, {**settings, "infer.model": "mobile-unet"}, every=every, end="60f")
    assert share <= 0.001
    assert len(whole) == 60
