"""Reading files without rtskin: by PyAV, and by the programs ffmpeg and ffprobe where they are."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from rtskin.media import av, cv2

PROGRAM = shutil.which("ffmpeg") is not None and shutil.which("ffprobe") is not None


@dataclass(frozen=True)
class Film:
    """What PyAV finds in a video file. times, end: seconds. frames: av.VideoFrames. packets: of each other stream, bytes."""

    times: list[Fraction]
    ends: list[Fraction]
    tick: Fraction
    frames: list[Any]
    aspect: Fraction | None
    others: dict[str, list[bytes]]
    metadata: dict[str, str]
    chapters: list[tuple[str, float]]
    attachments: list[str]


def read_film(path: Path) -> Film:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = list(_frames(container, stream))
        aspect, tick = stream.sample_aspect_ratio, Fraction(stream.time_base)
        metadata = {key.lower(): value for key, value in {**stream.metadata, **container.metadata}.items()}
        chapters = [
            (mark["metadata"].get("title", ""), float(mark["start"] * mark["time_base"]))
            for mark in container.chapters()
        ]
        attachments = [one.metadata["filename"] for one in container.streams.attachments]
        begin = stream.start_time or 0
        length = stream.duration or 0
        ends = [(begin + length) * tick if length else _clock(metadata.get("duration", "0"))]
    # A stream without a container says no times.
    times = [Fraction(frame.pts * frame.time_base) for frame in frames if frame.pts is not None]
    # mp4 and mov add up durations in the order of decoding: where those of the source are not the distances of its pictures,
    # the sum or the last picture says when the film ends.
    ends += (
        [Fraction(max(frame.pts + frame.duration for frame in frames) * tick)]
        if path.suffix in (".mp4", ".mov")
        else []
    )
    return Film(times, ends, tick, frames, aspect, _others(path), metadata, chapters, attachments)


def _clock(text: str) -> Fraction:
    """ "00:01:02.5" in seconds."""
    return sum((Fraction(part) * 60**power for power, part in enumerate(reversed(text.split(":")))), Fraction(0))


def _frames(container: Any, stream: Any) -> Any:
    if stream.codec_context.name != "vp9":
        yield from container.decode(stream)
        return
    decoder = av.CodecContext.create("libvpx-vp9", "r")  # FFmpeg's own does not see alpha
    for packet in container.demux(stream):
        for frame in decoder.decode(packet):
            frame.time_base = stream.time_base
            yield frame


def _others(path: Path) -> dict[str, list[bytes]]:
    """Packets of sound and subtitles by "audio", "subtitle"; those before 0 left out, which Matroska has no place for."""
    found: dict[str, list[bytes]] = {}
    with av.open(str(path)) as container:
        wanted = [stream for stream in container.streams if stream.type in ("audio", "subtitle")]
        for packet in container.demux(*wanted) if wanted else ():
            if packet.size and packet.pts is not None and packet.pts >= 0:
                found.setdefault(packet.stream.type, []).append(bytes(packet))
    return found


def planes(frame: Any) -> list[Any]:
    """Every plane of a planar av.VideoFrame: uint8 or uint16."""
    dtype = np.uint8 if frame.format.components[0].bits <= 8 else np.uint16
    found = []
    for plane in frame.planes:
        rows = np.frombuffer(plane, np.uint8)[: plane.line_size * plane.height].reshape(plane.height, -1)
        found.append(rows.view(dtype)[:, : plane.width])
    return found


def program_pictures(path: Path, size: tuple[int, int], form: str = "bgr24") -> np.ndarray[Any, Any]:
    """uint8 N×H×W×C: every picture as the ffmpeg program shows it, turned as the file asks for."""
    codec = ["-c:v", "libvpx-vp9"] if path.suffix == ".webm" else []
    channels = {"bgr24": 3, "bgra": 4}[form]
    words = ["ffmpeg", "-v", "quiet", *codec, "-i", str(path), "-map", "0:v:0", "-vsync", "passthrough"]
    done = subprocess.run(
        [*words, "-sws_flags", "accurate_rnd+full_chroma_int+bicubic", "-pix_fmt", form, "-f", "rawvideo", "-"],
        capture_output=True,
        check=True,
    )
    return np.frombuffer(done.stdout, np.uint8).reshape(-1, size[1], size[0], channels)


def program_times(path: Path) -> list[float]:
    """Seconds of every picture, by the ffprobe program."""
    words = [
        "ffprobe",
        "-v",
        "error",
        "-select_streams",
        "v:0",
        "-show_entries",
        "packet=pts_time",
        "-of",
        "json",
        str(path),
    ]
    done = subprocess.run(words, capture_output=True, check=True)
    return sorted(float(packet["pts_time"]) for packet in json.loads(done.stdout)["packets"])


def image(path: Path) -> np.ndarray[Any, Any]:
    """A PNG as it is; an OpenEXR file of one channel as floats."""
    if path.suffix == ".png":
        found: np.ndarray[Any, Any] = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        return found
    decoder = av.CodecContext.create("exr", "r")
    frame = [*decoder.decode(av.Packet(path.read_bytes())), *decoder.decode(None)][0]
    kind = np.dtype(np.float16 if "f16" in frame.format.name else np.float32)
    rows = np.frombuffer(frame.planes[0], kind)[: frame.planes[0].line_size // kind.itemsize * frame.height]
    return rows.reshape(frame.height, -1)[:, : frame.width].astype(np.float64)
