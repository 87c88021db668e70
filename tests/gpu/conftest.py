"""A video of a person, made here: she moves, and in the middle the shot changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtskin.frame import U8
from rtskin.media import av, cv2

#: Frames of each shot.
SHOT = 5


def portrait() -> U8:
    data = pytest.importorskip("skimage.data", reason="the portrait comes with scikit-image")
    return np.ascontiguousarray(data.astronaut()[:, :, ::-1])


def pictures(width: int, height: int) -> list[U8]:
    """BGR: a face that wanders, then the same room mirrored, darker and elsewhere."""
    whole = portrait()
    wide = cv2.resize(whole[:300], (2 * width, 2 * height), interpolation=cv2.INTER_AREA)
    other = np.ascontiguousarray(wide[:, ::-1] // 2)
    shots = []
    for number in range(2 * SHOT):
        at = 4 * (number % SHOT)
        source, left = (wide, width // 3 + at) if number < SHOT else (other, width // 2 - at)
        shots.append(np.ascontiguousarray(source[at : at + height, left : left + width]))
    return shots


def write_video(path: Path, width: int, height: int) -> Path:
    """The pictures as H.264, 4:2:0, limited range."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "12", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for picture in pictures(width, height):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())
    return path
