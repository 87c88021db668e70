"""One connection to a streaming server: an encoder, a muxer and where they write to."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from fractions import Fraction
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from rtskin.capture.redact import redact
from rtskin.errors import InputError, SinkError, reason
from rtskin.frame import U8
from rtskin.media import av

#: Muxer and its options by scheme.
_MUXERS: dict[str, tuple[str, dict[str, str]]] = {
    "rtmp": ("flv", {"flvflags": "no_duration_filesize"}),
    "rtmps": ("flv", {"flvflags": "no_duration_filesize"}),
    "rtsp": ("rtsp", {"rtsp_transport": "tcp"}),
    # FFmpeg inside PyAV's wheel has no SRT: an installed ffmpeg sends on what we mux.
    "srt": ("mpegts", {}),
}
#: Seconds without an answer until a connection counts as broken.
_PATIENCE = 5.0
#: Bits a pixel and frame at 30 frames a second, for a bitrate where none is said.
_BITS = 0.1
_MILLISECOND = Fraction(1, 1000)


def check_url(url: str) -> str:
    """The URL; InputError where it is none that can be streamed to."""
    parts = urlsplit(url)
    if parts.scheme not in _MUXERS:
        raise InputError(f"cannot stream to {redact(url)!r}; write rtmp://, rtmps://, rtsp:// or srt:// and the server")
    if not parts.hostname:
        raise InputError(f"{redact(url)!r} names no server; write e.g. {parts.scheme}://localhost/live/skin")
    if parts.scheme == "srt" and shutil.which("ffmpeg") is None:
        raise InputError(
            "srt:// is sent by the program ffmpeg, which is not installed; install it, or stream by rtmp://"
        )
    return url


class Uplink:
    """Sends pictures of one shape. SinkError where the server cannot be reached; OSError where it breaks off.

    options: url, bitrate, preset, key_every (see StreamSink.Options). shape: of the pictures, H×W×3 or H×W.
    """

    def __init__(self, options: Any, shape: tuple[int, ...]) -> None:
        name, own = _MUXERS[urlsplit(options.url).scheme]
        # H.264 of 4:2:0 wants even sizes: an odd last row or column is left out.
        self._size = (shape[1] // 2 * 2, shape[0] // 2 * 2)
        self._format = "bgr24" if len(shape) == 3 else "gray"
        self._begin: int | None = None
        self._last = -1
        self._key_every, self._next_key = round(1000 * options.key_every), 0
        self._program: subprocess.Popen[bytes] | None = None
        self._container: Any = None
        self._stream: Any = None
        try:
            target: Any = options.url if name != "mpegts" else self._through_ffmpeg(options.url)
            self._container = av.open(target, "w", format=name, options=own, timeout=_PATIENCE)
            self._stream = self._add_stream(options)
            self._container.start_encoding()
        except (av.error.FFmpegError, OSError, ValueError) as error:
            self._stream = None  # nothing was begun that could be ended
            self.close()
            raise SinkError(f"cannot stream to {redact(options.url)}: {reason(error)}") from None

    def send(self, image: U8, captured_ns: int) -> int:
        """Answers the bytes that went out."""
        self._begin = captured_ns if self._begin is None else self._begin
        picture = av.VideoFrame.from_ndarray(
            np.ascontiguousarray(image[: self._size[1], : self._size[0]]), self._format
        )
        # Times of a stream must rise; two pictures may have been taken in the same millisecond.
        self._last = max(self._last + 1, (captured_ns - self._begin) // 1_000_000)
        picture.pts, picture.time_base = self._last, _MILLISECOND
        if self._last >= self._next_key:  # by time, since the rate is that of the camera, whatever it is
            picture.pict_type = av.video.frame.PictureType.I
            self._next_key = self._last + self._key_every
        return self._mux(self._stream.encode(picture))

    def close(self) -> None:
        """Ends the stream, as far as the other side still takes it."""
        with contextlib.suppress(OSError):
            if self._stream is not None:
                self._mux(self._stream.encode(None))
        with contextlib.suppress(OSError):
            if self._container is not None:
                self._container.close()
        if self._program is not None:
            _end(self._program)

    def _mux(self, packets: list[Any]) -> int:
        size = 0
        for packet in packets:
            size += packet.size
            self._container.mux(packet)
        if self._program is not None and self._program.poll() is not None:
            raise ConnectionError(_last_words(self._program))
        return size

    def _add_stream(self, options: Any) -> Any:
        stream = self._container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = *self._size, "yuv420p"
        stream.codec_context.time_base = _MILLISECOND
        bitrate = 1000 * options.bitrate if options.bitrate else int(_BITS * 30 * self._size[0] * self._size[1])
        stream.bit_rate = max(100_000, bitrate)
        stream.options = {
            "preset": options.preset,
            "tune": "zerolatency",
            "forced-idr": "1",
            "x264-params": f"keyint=infinite:vbv-maxrate={stream.bit_rate // 1000}:vbv-bufsize={stream.bit_rate // 1000}",
        }
        return stream

    def _through_ffmpeg(self, url: str) -> Any:
        command = ["ffmpeg", "-loglevel", "error", "-f", "mpegts", "-i", "-", "-c", "copy", "-f", "mpegts", url]
        self._program = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, bufsize=0
        )
        return self._program.stdin


def _end(program: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        if program.stdin is not None:
            program.stdin.close()
    try:
        program.wait(1.0)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()
    if program.stderr is not None:
        program.stderr.close()


def _last_words(program: subprocess.Popen[bytes]) -> str:
    text = program.stderr.read().decode(errors="replace").strip() if program.stderr is not None else ""
    return text.splitlines()[-1] if text else f"ffmpeg ended with status {program.returncode}"
