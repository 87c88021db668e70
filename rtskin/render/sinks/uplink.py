"""One connection to a streaming server: an encoder here, and a program that sends what it makes."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import subprocess
import sys
import threading
import time
from fractions import Fraction
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from rtskin.capture.redact import redact
from rtskin.errors import InputError, SinkError, reason
from rtskin.frame import U8
from rtskin.media import av

#: The muxer of the sending program, by scheme. FFmpeg inside PyAV's wheel has no SRT: there an installed ffmpeg sends.
_MUXERS = {"rtmp": "flv", "rtmps": "flv", "rtsp": "rtsp", "srt": "mpegts"}
#: Seconds without an answer until a connection counts as broken; of the first one, the program's start included.
_PATIENCE, _FIRST_PATIENCE = 5.0, 20.0
#: Seconds that the program gets to send the rest.
_END_SECONDS = 1.0
#: Bits a pixel and frame at 30 frames a second, for a bitrate where none is said.
_BITS = 0.1
_MILLISECOND = Fraction(1, 1000)


def check_url(url: str) -> str:
    """The URL; InputError where it is none that can be streamed to."""
    parts = urlsplit(url)
    if parts.scheme not in _MUXERS:
        raise InputError(f"cannot stream to {shown(url)}; write rtmp://, rtmps://, rtsp:// or srt:// and the server")
    if not parts.hostname:
        raise InputError(f"{shown(url)} names no server; write e.g. {parts.scheme}://localhost/live/skin")
    if parts.scheme == "srt" and shutil.which("ffmpeg") is None:
        raise InputError(
            "srt:// is sent by the program ffmpeg, which is not installed; install it, or stream by rtmp://"
        )
    return url


def shown(url: str) -> str:
    """The URL without what is secret in it: a password, and the last part of the path, where services have a stream key."""
    hidden = redact(url)
    head, slash, key = hidden.rpartition("/")
    return f"{head}/***" if slash and key and hidden.startswith("rtmp") and head.count("/") > 2 else hidden


class Uplink:
    """Sends pictures of one shape. SinkError where it cannot begin; OSError where the connection breaks off, or never is.

    options: url, bitrate, preset, key_every (see StreamSink.Options). shape: of the pictures, H×W×3 or H×W. connected: the
    server has answered.
    """

    def __init__(self, options: Any, shape: tuple[int, ...]) -> None:
        self._url = options.url
        # H.264 of 4:2:0 wants even sizes: an odd last row or column is left out.
        self._size = (shape[1] // 2 * 2, shape[0] // 2 * 2)
        self._format = "bgr24" if len(shape) == 3 else "gray"
        self._begin: int | None = None
        self._last = -1
        self._key_every, self._next_key = round(1000 * options.key_every), 0
        self.connected = threading.Event()
        self._container: Any = None
        self._stream: Any = None
        muxer = _MUXERS[urlsplit(options.url).scheme]
        self._program = _start(muxer, options.url)
        self._since = time.monotonic()
        threading.Thread(target=self._listen, name="rtskin-stream-answer", daemon=True).start()
        try:
            form = "mpegts" if muxer == "mpegts" else "flv"
            # Each packet at once: a buffer that fills before it goes out is a picture that comes late.
            self._container = av.open(_Pipe(self._program), "w", format=form, options={"flush_packets": "1"})
            self._stream = self._add_stream(options)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            self.close()
            raise SinkError(f"cannot stream to {shown(options.url)}: {reason(error)}") from None

    def send(self, image: U8, captured_ns: int) -> int:
        """Answers the bytes that went out."""
        self._check()
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
        """Ends the stream, as far as the other side still takes it; the program is gone when this returns."""
        if self._program.poll() is None and self.connected.is_set():
            with contextlib.suppress(OSError, ValueError, av.error.FFmpegError):
                self._mux(self._stream.encode(None))
        with contextlib.suppress(OSError, ValueError, av.error.FFmpegError):
            if self._container is not None:
                self._container.close()
        _end(self._program, _END_SECONDS if self.connected.is_set() else 0.0)

    def _check(self) -> None:
        if self._program.poll() is not None:
            raise ConnectionError(self._last_words())
        if not self.connected.is_set() and time.monotonic() - self._since > _FIRST_PATIENCE:
            raise TimeoutError(f"no answer within {_FIRST_PATIENCE:g} s")

    def _mux(self, packets: list[Any]) -> int:
        size = 0
        for packet in packets:
            size += packet.size
            self._container.mux(packet)
        return size

    def _listen(self) -> None:
        """The first thing that the program says is that the server has answered."""
        assert self._program.stdout is not None
        if self._program.stdout.readline():
            self.connected.set()
        while self._program.stdout.readline():  # ffmpeg goes on saying how far it is
            pass

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

    def _last_words(self) -> str:
        text = self._program.stderr.read().decode(errors="replace").strip() if self._program.stderr is not None else ""
        last = text.splitlines()[-1] if text else f"the sender ended with status {self._program.returncode}"
        return last.replace(self._url, shown(self._url))


class _Pipe:
    """The program's standard input, which counts as broken when nothing was taken for seconds."""

    def __init__(self, program: subprocess.Popen[bytes]) -> None:
        assert program.stdin is not None
        self._descriptor = program.stdin.fileno()
        os.set_blocking(self._descriptor, False)

    def write(self, data: bytes) -> int:
        left = memoryview(data)
        while left:
            _, ready, _ = select.select([], [self._descriptor], [], _PATIENCE)
            if not ready:
                raise TimeoutError(f"nothing was taken for {_PATIENCE:g} s")
            left = left[os.write(self._descriptor, left) :]
        return len(data)


def _start(muxer: str, url: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "rtskin.render.sinks.relay", muxer, url]
    if muxer == "mpegts":
        told = ["-loglevel", "error", "-progress", "pipe:1", "-stats_period", "0.5"]
        taken = ["-fflags", "nobuffer", "-analyzeduration", "100000", "-f", "mpegts", "-i", "-"]
        command = ["ffmpeg", *told, *taken, "-c", "copy", "-f", "mpegts", url]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, start_new_session=True)


def _end(program: subprocess.Popen[bytes], seconds: float) -> None:
    with contextlib.suppress(OSError):
        if program.stdin is not None:
            program.stdin.close()
    try:
        program.wait(seconds)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()
    if program.stderr is not None:
        program.stderr.close()
