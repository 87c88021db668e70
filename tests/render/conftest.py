"""Frames, masks and small video files for the tests of the render stage."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.frame import U8, BgrPicture, Frame, Mask, SourceInfo
from rtskin.media import av, cv2
from rtskin.node import Context, Node


def picture(width: int = 64, height: int = 48, step: int = 0) -> U8:
    """A smooth, colourful picture that differs from step to step."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = [np.sin((x + 3 * step) / 9 + k) + np.cos(y / 7 - k) for k in range(3)]
    return np.clip(np.stack(waves, axis=2) * 50 + 128, 0, 255).astype(np.uint8)


def disc(width: int = 64, height: int = 48, step: int = 0) -> U8:
    """A mask: a disc that moves, with a soft edge."""
    mask = np.zeros((height, width), np.uint8)
    cv2.circle(mask, (width // 2 + step, height // 2), min(width, height) // 4, 255, -1, cv2.LINE_AA)
    return mask


def make_frame(pixels: U8 | None = None, seq: int = 0, **fields: Any) -> Frame:
    pixels = picture() if pixels is None else pixels
    height, width = pixels.shape[:2]
    source = fields.pop("source", None) or SourceInfo("test", width, height, fields.pop("rate", None))
    return Frame(seq, BgrPicture(pixels), source, **fields)


def make_mask(data: U8, **fields: Any) -> Mask:
    return Mask(make_frame(picture(data.shape[1], data.shape[0]), **fields), data)


def run(sink: Node, packets: Any, context: Context | None = None) -> Node:
    """What a graph does with a sink, in one thread."""
    try:
        sink.open(context or Context())
        for packet in packets:
            sink.process(packet)
        list(sink.flush())
        sink.finish()
    finally:
        sink.close()
    return sink


def decode(path: Path, **convert: Any) -> list[Any]:
    """(time in seconds, av frame) of every picture in a file."""
    with av.open(str(path)) as container:
        return [(frame.pts * frame.time_base, frame) for frame in container.decode(video=0)]


@pytest.fixture
def make_video(tmp_path: Path) -> Callable[..., Path]:
    """Writes a small video with a tone, by PyAV alone; returns its path."""

    def make(name: str = "source.mp4", seconds: int = 2, audio: str | None = "aac", rate: int = 25) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w") as container:
            video = container.add_stream("libx264", rate=rate, options={"preset": "ultrafast", "bf": "2"})
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            sound = container.add_stream(audio, rate=48000) if audio else None
            for index in range(seconds * rate):
                container.mux(video.encode(av.VideoFrame.from_ndarray(picture(step=index), format="bgr24")))
            container.mux(video.encode(None))
            for block in range(0, seconds * 48000, 1024) if sound else ():
                wave = np.sin((np.arange(1024) + block) / 20).astype(np.float32)
                tone = av.AudioFrame.from_ndarray(np.stack([wave, wave]), format="fltp", layout="stereo")
                tone.sample_rate, tone.pts, tone.time_base = 48000, block, Fraction(1, 48000)
                container.mux(sound.encode(tone))
            if sound:
                container.mux(sound.encode(None))
        return path

    return make
