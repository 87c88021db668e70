"""One small video of every kind that a video tool meets, made on the spot: ``KINDS[name](folder)`` gives its path.

Each frame carries its number (rtskin.capture.pattern.read_number), counted from 0 in the order of showing. Unless its
name says otherwise, a video has 40 frames, 30 a second, 96×96, several key frames, and no sound.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np

from rtskin.media import av
from tests.capture.media import make_video, rewrite

FRAMES = 40

#: Ticks of 1/90000 s at 29.97 frames a second.
_STEP = 3003
#: Times of mpegts begin again here; a stream that begins just before has frames before zero.
_WRAP = 2**33


def _gops(options: str = "") -> dict[str, str]:
    """B-frames, a key frame every 12 frames."""
    return {"bf": "3", "x264-params": f"keyint=12:min-keyint=12:scenecut=0:{options}".rstrip(":")}


def plain(folder: Path) -> Path:
    return make_video(folder / "plain.mp4", FRAMES, options=_gops())


def vfr(folder: Path) -> Path:
    """Frames 10 to 70 ms apart."""
    steps = itertools.cycle([10, 33, 70, 17, 40])
    pts = list(itertools.accumulate(itertools.islice(steps, FRAMES - 1), initial=0))
    return make_video(folder / "vfr.mkv", FRAMES, options=_gops(), pts=pts, time_base=Fraction(1, 1000))


def rotated(folder: Path) -> Path:
    """128×96, to be shown as 96×128."""
    return make_video(folder / "rotated.mp4", FRAMES, size=(128, 96), options=_gops(), rotation=(90, False, False))


def ten_bit(folder: Path) -> Path:
    color = {"colorspace": 1, "color_primaries": 1, "color_trc": 1, "color_range": 1}
    return make_video(folder / "ten_bit.mkv", FRAMES, options=_gops(), pixels="yuv420p10le", color=color)


def ten_bit_422(folder: Path) -> Path:
    return make_video(folder / "ten_bit_422.mov", FRAMES, codec="prores_ks", pixels="yuv422p10le")


def full_range(folder: Path) -> Path:
    color = {"colorspace": 1, "color_primaries": 1, "color_trc": 1, "color_range": 2}
    return make_video(folder / "full_range.mp4", FRAMES, options=_gops(), color=color)


def with_sound(folder: Path) -> Path:
    return make_video(folder / "with_sound.mp4", FRAMES, options=_gops(), audio=True)


def odd_size(folder: Path) -> Path:
    """97×95, 4:2:0."""
    return make_video(folder / "odd_size.mkv", FRAMES, size=(97, 95), codec="ffv1", options={"g": "10"})


def starts_late(folder: Path) -> Path:
    """The first frame is at three seconds."""
    return make_video(folder / "starts_late.mkv", FRAMES, options=_gops(), pts=range(90, 90 + FRAMES))


def starts_before_zero(folder: Path) -> Path:
    """The first seven frames have negative times."""
    pts = [_WRAP + _STEP * n for n in range(-7, FRAMES - 7)]
    options = {"mpegts_copyts": "1"}
    return make_video(
        folder / "starts_before_zero.ts",
        FRAMES,
        options=_gops(),
        pts=pts,
        time_base=Fraction(1, 90000),
        container=options,
    )


def single_key(folder: Path) -> Path:
    """Only the first frame is a key frame."""
    return make_video(
        folder / "single_key.mp4", FRAMES, options={"bf": "3", "x264-params": "keyint=infinite:scenecut=0"}
    )


def open_gop(folder: Path) -> Path:
    """Its key frames are followed by frames that are shown before them and need the group before."""
    return make_video(folder / "open_gop.mkv", FRAMES, options=_gops("open-gop=1"))


def open_gop_stream(folder: Path) -> Path:
    return make_video(folder / "open_gop.ts", FRAMES, options=_gops("open-gop=1"))


def intra_refresh(folder: Path) -> Path:
    """After what its container calls key frames, pictures become right little by little."""
    return make_video(folder / "intra_refresh.mkv", FRAMES, options=_gops("intra-refresh=1"))


def mpeg2(folder: Path) -> Path:
    return make_video(folder / "mpeg2.ts", FRAMES, codec="mpeg2video", options={"bf": "2", "g": "12"})


def mpeg4(folder: Path) -> Path:
    return make_video(folder / "mpeg4.avi", FRAMES, codec="mpeg4", options={"bf": "2", "g": "12"})


def hevc(folder: Path) -> Path:
    options = {"x265-params": "keyint=12:min-keyint=12:open-gop=1:log-level=none:pools=none"}
    return make_video(folder / "hevc.mp4", FRAMES, codec="libx265", options=options)


def vp9(folder: Path) -> Path:
    options = {"g": "12", "cpu-used": "8", "deadline": "realtime"}
    return make_video(folder / "vp9.webm", FRAMES, codec="libvpx-vp9", options=options)


def raw(folder: Path) -> Path:
    """A stream without a container, so without times."""
    return make_video(folder / "raw.h264", FRAMES, options=_gops())


def interlaced(folder: Path) -> Path:
    return make_video(folder / "interlaced.mp4", FRAMES, options=_gops("tff=1"))


KINDS: dict[str, Callable[[Path], Path]] = {
    make.__name__: make
    for make in (
        plain, vfr, rotated, ten_bit, ten_bit_422, full_range, with_sound, odd_size, starts_late, starts_before_zero,
        single_key, open_gop, open_gop_stream, intra_refresh, mpeg2, mpeg4, hevc, vp9, raw, interlaced,
    )
}  # fmt: skip


def _hdr(path: Path, transfer: int) -> Path:
    color = {"colorspace": 9, "color_primaries": 9, "color_trc": transfer, "color_range": 1}
    return make_video(path, FRAMES, options=_gops(), pixels="yuv420p10le", color=color)


def pq(folder: Path) -> Path:
    """BT.2020, SMPTE ST 2084."""
    return _hdr(folder / "pq.mkv", 16)


def hlg(folder: Path) -> Path:
    """BT.2020, hybrid log-gamma."""
    return _hdr(folder / "hlg.mp4", 18)


def wide(folder: Path) -> Path:
    """Pixels of 16:11."""
    return make_video(folder / "wide.mp4", FRAMES, options=_gops("sar=16\\:11"))


def film(folder: Path) -> Path:
    """Beside its pictures: AAC, subtitles, two chapters, a title, a timecode, a font."""
    text = folder / "film.srt"
    text.write_text("1\n00:00:00,200 --> 00:00:00,600\nHello\n\n2\n00:00:00,800 --> 00:00:01,200\nyou\n")
    pictures, path = make_video(folder / "pictures.mp4", FRAMES, options=_gops(), audio=True), folder / "film.mkv"
    with av.open(str(pictures)) as one, av.open(str(text)) as other, av.open(str(path), "w") as writer:
        streams = [*one.streams, *other.streams]
        copies = {stream: writer.add_stream_from_template(stream) for stream in streams}
        copies[one.streams.video[0]].metadata["timecode"] = "10:00:00:00"
        copies[one.streams.audio[0]].metadata["language"] = "fra"
        writer.add_attachment("letters.ttf", "font/ttf", b"letters")
        writer.metadata["title"] = "A film"
        base = Fraction(1, 1000)
        marks = (("one", 0, 500), ("two", 500, 1333))
        writer.set_chapters(
            [
                {"id": number, "start": start, "end": end, "time_base": base, "metadata": {"title": title}}
                for number, (title, start, end) in enumerate(marks, 1)
            ]
        )
        packets = [packet for container in (one, other) for packet in container.demux() if packet.dts is not None]
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            packet.stream = copies[packet.stream]
            writer.mux(packet)
    pictures.unlink()
    return path


def corrupt(folder: Path) -> Path:
    """160×128; of the pictures 20 to 23 in the order of decoding the second half is noise: some cannot be decoded, others
    come out with holes that the decoder fills."""
    whole = make_video(folder / "whole.mp4", FRAMES, size=(160, 128), options=_gops())

    def spoilt(number: int, data: bytes) -> bytes:
        noise = np.random.default_rng(number).integers(0, 256, len(data), dtype=np.uint8).tobytes()
        return data[: len(data) // 2] + noise[len(data) // 2 :] if number in range(20, 24) else data

    path = rewrite(whole, folder / "corrupt.mp4", spoilt)
    whole.unlink()
    return path


def trimmed(folder: Path) -> Path:
    """Its edit list begins at the frame number 7, which is the first to be shown: 33 frames, with the numbers 7 to 39."""
    return make_video(folder / "trimmed.mp4", FRAMES, options=_gops(), pts=range(-7, FRAMES - 7))


#: More of them, for what comes after capture.
MORE: dict[str, Callable[[Path], Path]] = {make.__name__: make for make in (pq, hlg, wide, film, trimmed)}


def resized(folder: Path) -> Path:
    """20 frames of 96×96, then 20 of 128×96 (numbers 0 to 19 again)."""
    parts = []
    for part, size in enumerate([(96, 96), (128, 96)]):
        pts = [_STEP * n for n in range(20 * part, 20 * part + 20)]
        file = make_video(
            folder / f"part{part}.ts", 20, size=size, options=_gops(), pts=pts, time_base=Fraction(1, 90000)
        )
        parts.append(file.read_bytes())
        file.unlink()
    path = folder / "resized.ts"
    path.write_bytes(b"".join(parts))  # transport streams may be put one behind the other
    return path


def hour(folder: Path) -> Path:
    """3600 frames of 3840×2160, one a second: the same ten again and again, so that it is made in seconds."""
    ten = make_video(folder / "ten.mp4", 10, size=(3840, 2160), rate=1, options={"preset": "ultrafast", "crf": "30"})
    path = folder / "hour.mkv"
    with av.open(str(ten)) as reader, av.open(str(path), "w") as writer:
        stream = writer.add_stream_from_template(reader.streams.video[0])
        packets = [packet for packet in reader.demux(video=0) if packet.size]
        for number in range(3600):
            source = packets[number % 10]
            copy = av.Packet(bytes(source))
            copy.time_base = Fraction(1, 1)
            copy.pts = copy.dts = number
            copy.duration, copy.is_keyframe, copy.stream = 1, source.is_keyframe, stream
            writer.mux(copy)
    ten.unlink()
    return path
