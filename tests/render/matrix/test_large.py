"""Pictures as large as they come."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from rtskin.capture import open_source
from rtskin.frame import Mask
from rtskin.media import av
from rtskin.render.outputs import OutputOptions, open_output
from tests.render.matrix.reading import planes, read_film

SIZE = WIDTH, HEIGHT = 7680, 4320
#: Y, Cb, Cr of what fills the picture, and of a square in it.
GROUND, SQUARE = (150, 110, 140), (60, 90, 160)


def make(path: Path) -> Path:
    """Two pictures of 8K."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "30"})
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        for seq in range(2):
            picture = av.VideoFrame(*SIZE, "yuv420p")
            for plane, ground, square in zip(planes(picture), GROUND, SQUARE, strict=True):
                plane[:] = ground
                plane[: plane.shape[0] // 8, : plane.shape[1] // 8] = square
            picture.pts, picture.time_base = seq, Fraction(1, 25)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
    return path


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_8k_goes_through_matte_and_overlay(tmp_path: Path) -> None:
    data = np.zeros((HEIGHT, WIDTH), np.uint8)
    data[2000:3000, 3000:5000] = 255
    names = {"matte": tmp_path / "m.mkv", "overlay": tmp_path / "o.mp4"}
    outputs = [open_output(path, view, OutputOptions()) for view, path in names.items()]
    with open_source(make(tmp_path / "8k.mp4"), threads=1) as source:
        for frame in source:
            for output in outputs:
                output.write(Mask(frame, data))
    for output in outputs:
        output.finish()
    mattes, overlays = (read_film(path) for path in names.values())
    assert mattes.times == overlays.times == [0, Fraction(1, 25)]
    assert [np.array_equal(planes(frame)[0], data) for frame in mattes.frames] == [True, True]
    for frame in overlays.frames:
        assert (frame.width, frame.height) == SIZE
        for plane, ground, square in zip(planes(frame), GROUND, SQUARE, strict=True):
            rows, columns = plane.shape[0] // 16, plane.shape[1] // 16
            assert abs(int(plane[rows, columns]) - square) <= 2
            assert abs(int(plane[-rows, columns]) - ground) <= 2
        assert abs(int(planes(frame)[2][1250, 2000]) - GROUND[2]) > 10  # tinted
