"""Pictures for other programs."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import SinkError
from rtskin.frame import Mask
from rtskin.media import av
from rtskin.render.outputs import check_output_fits
from rtskin.render.outputs.options import OutputOptions
from rtskin.render.outputs.pipe import PipeOutput
from rtskin.render.outputs.pixels import channels_of

from ..conftest import disc
from .conftest import decoded, masked, read


def sent(view: str, masks: list[Mask], pipe: Any = "y4m") -> bytes:
    stream = io.BytesIO()
    output = PipeOutput(view, OutputOptions(pipe=pipe), stream)
    for mask in masks:
        output.write(mask)
    output.finish()
    assert output.counters() == {"frames": len(masks), "bytes": len(stream.getvalue())}
    return stream.getvalue()


@pytest.mark.parametrize(
    ("form", "full"), [("yuv420p", 1), ("yuvj420p", 2), ("yuv422p10le", 1), ("yuv444p", 1), ("yuv420p10le", 1)]
)
def test_other_programs_read_the_same_samples(tmp_path: Path, form: str, full: int) -> None:
    masks = [Mask(decoded(form, seq=seq, color_range=full), np.zeros((48, 64), np.uint8)) for seq in range(3)]
    (tmp_path / "a.y4m").write_bytes(sent("overlay", masks))
    pictures = read(tmp_path / "a.y4m")
    assert len(pictures) == 3
    for picture, mask in zip(pictures, masks, strict=True):
        assert picture.format.name.replace("yuvj", "yuv") == form.replace("yuvj", "yuv")
        expected = channels_of(mask.frame.picture.frame)
        assert all(np.array_equal(a, b) for a, b in zip(channels_of(picture), expected, strict=True))
    with av.open(str(tmp_path / "a.y4m")) as container:
        assert container.streams.video[0].average_rate == 25


def test_mattes_are_grey(tmp_path: Path) -> None:
    (tmp_path / "a.y4m").write_bytes(sent("matte", [masked(decoded())]))
    [picture] = read(tmp_path / "a.y4m")
    assert np.array_equal(channels_of(picture)[0], disc())


def test_raw_is_the_samples_alone() -> None:
    assert sent("matte", [masked(decoded(size=(65, 47)))], "raw") == disc(65, 47).tobytes()
    frame = decoded("yuv422p10le")
    data = sent("alpha", [masked(frame)], "raw")
    planes = channels_of(frame.picture.frame)
    size = sum(plane.nbytes for plane in planes)
    assert data[:size] == b"".join(plane.tobytes() for plane in planes)
    assert len(data) == size + planes[0].nbytes


def test_a_reader_that_goes_away_and_what_does_not_fit() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb", buffering=0) as stream:
        output = PipeOutput("matte", OutputOptions(), stream)
        with pytest.raises(SinkError, match="reads the pipe has ended"):
            output.write(masked(decoded()))
    with pytest.raises(SinkError, match="y4m cannot hold alpha; send raw"):
        check_output_fits("-", "alpha")
    check_output_fits("-", "alpha", OutputOptions(pipe="raw"))
