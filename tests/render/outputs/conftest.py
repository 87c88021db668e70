"""Frames as a decoder gives them, in any pixel format, and a source with everything that is copied."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.capture.picture import AvPicture, Converter, color_of
from rtskin.frame import U8, Frame, Mask, SourceInfo
from rtskin.media import av
from rtskin.render.outputs import OutputOptions, open_output
from rtskin.render.outputs.pixels import layout_of, planes_of

from ..conftest import disc

CONVERTER = Converter()


def decoded(form: str = "yuv420p", size: tuple[int, int] = (64, 48), seq: int = 0, **tags: int) -> Frame:
    """A frame full of noise in the pixel format ``form``; tags: color_range, colorspace, color_primaries, color_trc."""
    picture = av.VideoFrame(*size, form)
    rng = np.random.default_rng(seq)
    layout = layout_of(form)
    for plane in picture.planes:
        rows = np.frombuffer(plane, np.uint8)
        rows[:] = 0
        samples = rows.view(layout.dtype)
        low, high = layout.full // 16 + 1, layout.full - layout.full // 16
        samples[:] = rng.integers(low, high, samples.size)
        if form.startswith(("p010", "p210")):
            samples[:] <<= 6
    for key, value in tags.items():
        setattr(picture, key, value)
    info = SourceInfo("noise", *size, Fraction(25), color=color_of(picture))
    return Frame(seq, AvPicture(picture, CONVERTER), info, pts=seq, time_base=Fraction(1, 25), duration=1)


def masked(frame: Frame, data: Any = None) -> Mask:
    """The frame with a disc (or ``data``) as its mask."""
    return Mask(frame, disc(frame.width, frame.height, frame.seq) if data is None else data)


def write(path: Path | str, view: str, masks: Any, **options: Any) -> Any:
    """Everything that one does with an output; the output."""
    output = open_output(path, view, OutputOptions(**options))
    try:
        for mask in masks:
            output.write(mask)
        output.finish()
    finally:
        output.abandon()
    return output


def planes(picture: Any) -> list[Any]:
    """Copies of a picture's planes."""
    return [plane.copy() for plane in planes_of(picture)]


def read(path: Path) -> list[Any]:
    """Every picture of a file; VP9 by libvpx, which alone sees its alpha."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        if stream.codec_context.name != "vp9":
            return list(container.decode(stream))
        decoder = av.CodecContext.create("libvpx-vp9", "r")
        return [frame for packet in container.demux(stream) for frame in decoder.decode(packet)]


def full_source(path: Path, frames: int = 50) -> Path:
    """A Matroska file, 64×48 at 25, with AAC, subtitles, two chapters, a title, a language and a timecode."""
    text = path.with_suffix(".srt")
    text.write_text("1\n00:00:00,200 --> 00:00:00,900\nHello\n\n2\n00:00:01,200 --> 00:00:01,800\nyou\n")
    with av.open(str(path), "w") as container, av.open(str(text)) as subtitles:
        video = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.metadata.update(timecode="10:00:00:00", language="fra")
        sound = container.add_stream("aac", rate=48000)
        sound.metadata["language"] = "deu"
        lines = container.add_stream_from_template(subtitles.streams[0])
        lines.metadata["language"] = "eng"
        container.metadata.update(title="A film", comment="of discs")
        base = Fraction(1, 1000)
        container.set_chapters(
            [
                {"id": 1, "start": 0, "end": 1000, "time_base": base, "metadata": {"title": "one"}},
                {"id": 2, "start": 1000, "end": 2000, "time_base": base, "metadata": {"title": "two"}},
            ]
        )
        for packet in subtitles.demux():
            if packet.pts is not None:
                packet.stream = lines
                container.mux(packet)
        for seq in range(frames):
            picture = decoded(seq=seq).picture.frame
            picture.pts, picture.time_base = seq, Fraction(1, 25)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        for block in range(0, frames * 1920, 1024):
            wave = np.sin((np.arange(1024) + block) / 20).astype(np.float32)
            tone = av.AudioFrame.from_ndarray(wave[None], format="fltp", layout="mono")
            tone.sample_rate, tone.pts, tone.time_base = 48000, block, Fraction(1, 48000)
            container.mux(sound.encode(tone))
        container.mux(sound.encode(None))
    return path


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return full_source(tmp_path_factory.mktemp("source") / "source.mkv")


def masks_of(path: Path, **span: float) -> Iterator[Mask]:
    """Every frame of a file (or a part of it) with a mask."""
    from rtskin.capture import open_source

    with open_source(path, **span) as capture:
        for frame in capture:
            yield masked(frame)


def half() -> U8:
    """A mask of 64×48 that is full in its left half and nothing in its right."""
    data = np.zeros((48, 64), np.uint8)
    data[:, :32] = 255
    return data
