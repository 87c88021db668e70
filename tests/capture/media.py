"""Small videos that the tests make for themselves."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from rtskin.capture.pattern import PatternCapture
from rtskin.media import av


def make_video(
    path: Path,
    frames: int = 30,
    *,
    size: tuple[int, int] = (96, 96),
    codec: str = "libx264",
    pixels: str = "yuv420p",
    rate: int = 30,
    pts: Sequence[int] | None = None,
    time_base: Fraction | None = None,
    rotation: tuple[int, bool, bool] | None = None,
    options: dict[str, str] | None = None,
    container: dict[str, str] | None = None,
    audio: bool = False,
    color: dict[str, int] | None = None,
) -> Path:
    """Frames of ``pattern:``, so that each carries its number. color: what the codec context says of colours."""
    with av.open(str(path), "w", options=container or {}) as output:
        stream = output.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        if codec == "libx264":
            stream.codec_context.gop_size = 10
        for field, value in (color or {}).items():
            setattr(stream.codec_context, field, value)
        if time_base:
            stream.codec_context.time_base = time_base
        if rotation:
            stream.set_display_rotation(rotation[0], hflip=rotation[1], vflip=rotation[2])
        sound = output.add_stream("aac", rate=48000) if audio else None
        source = PatternCapture(f"pattern:{size[0]}x{size[1]}@{rate}?frames={frames}")
        for frame in source:
            picture = av.VideoFrame.from_ndarray(frame.bgr, format="bgr24")
            picture.pts = pts[frame.seq] if pts else frame.pts
            picture.time_base = time_base or Fraction(1, rate)
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
        if sound is not None:
            _add_silence(output, sound, frames / rate)
    return path


def make_sound(path: Path) -> Path:
    with av.open(str(path), "w") as output:
        _add_silence(output, output.add_stream("aac", rate=48000), 1.0)
    return path


def _add_silence(output: Any, stream: Any, seconds: float) -> None:
    for index in range(int(seconds * 48000 / 1024) + 1):
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 2048), np.int16), format="s16", layout="stereo")
        sound.rate, sound.pts = 48000, index * 1024
        output.mux(stream.encode(sound))
    output.mux(stream.encode(None))


def rewrite(source: Path, target: Path, change: Callable[[int, bytes], bytes]) -> Path:
    """Copies the packets of a video; ``change`` gets the number and the bytes of each, and gives those to write."""
    with av.open(str(source)) as reader, av.open(str(target), "w") as writer:
        stream = writer.add_stream_from_template(reader.streams.video[0])
        packets = (packet for packet in reader.demux(video=0) if packet.size)
        for number, packet in zip(itertools.count(), packets):
            copy = av.Packet(change(number, bytes(packet)))
            copy.pts, copy.dts, copy.duration, copy.time_base = (
                packet.pts,
                packet.dts,
                packet.duration,
                packet.time_base,
            )
            copy.is_keyframe, copy.stream = packet.is_keyframe, stream
            writer.mux(copy)
    return target


def cut(source: Path, target: Path, part: float) -> Path:
    """The first part of a file's bytes."""
    data = source.read_bytes()
    target.write_bytes(data[: int(len(data) * part)])
    return target
