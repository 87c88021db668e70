"""Masks to standard output, for other programs: y4m (YUV4MPEG2), or the samples alone."""

from __future__ import annotations

import logging
import sys
from fractions import Fraction
from typing import Any, BinaryIO

from rtskin.errors import SinkError, reason
from rtskin.frame import Frame, Mask
from rtskin.render.outputs.compose import Composer, composer_for
from rtskin.render.outputs.fit import Fit, fitting
from rtskin.render.outputs.native import color_of
from rtskin.render.outputs.options import OutputOptions
from rtskin.render.outputs.pixels import describe, layout_of, planes_of
from rtskin.render.outputs.shown import shown_by
from rtskin.render.views.chain import ALPHA

_log = logging.getLogger("rtskin.render")

#: Pixel formats as y4m names them.
_Y4M = {
    "gray": "mono",
    "gray16le": "mono16",
    "yuv420p": "420mpeg2",
    "yuv411p": "411",
    "yuv422p": "422",
    "yuv444p": "444",
    **{f"yuv{c}p{b}le": f"{c}p{b}" for c in ("420", "422", "444") for b in (9, 10, 12, 14, 16)},
}
_RATE = Fraction(25)


class PipeOutput:
    """An Output to a stream of bytes (standard output unless another is given), which cannot be taken back.

    y4m says one rate and no times: every frame is there once, in order. raw says nothing: planes one after another, rows
    without padding, in the source's pixel format (a warning tells which), uint16 little-endian beyond 8 bits.
    """

    def __init__(self, view: str, options: OutputOptions, stream: BinaryIO | None = None) -> None:
        check_pipe(view, options)
        self._view, self._options = view, options
        self._stream = sys.stdout.buffer if stream is None else stream
        self._compose: Composer | None = None
        self._fit: Fit | None = None
        self._frames = self._bytes = 0

    def write(self, mask: Mask) -> None:
        if self._compose is None:
            self._compose = composer_for(self._view, mask.frame, self._options)
        picture = self._compose(mask)
        if self._fit is None:
            self._fit = self._begin(picture, mask.frame)
        picture = self._fit(picture)
        if self._options.pipe == "y4m":
            self._send(b"FRAME\n")
        for plane in planes_of(picture):
            self._send(plane.tobytes())
        self._frames += 1

    def finish(self) -> None:
        if not self._frames:
            raise SinkError("not one picture was there to be written to the pipe")
        try:
            self._stream.flush()
        except OSError as error:
            raise _broken(error) from error

    def abandon(self) -> None:
        """What was sent stays sent."""
        compose, self._compose = self._compose, None
        if compose is not None:
            compose.close()

    def counters(self) -> dict[str, int | float | str]:
        """frames; bytes sent."""
        return {"frames": self._frames, "bytes": self._bytes}

    def _begin(self, picture: Any, frame: Frame) -> Fit:
        """Sends what comes before the first picture; gives what turns pictures into what is sent."""
        assert self._compose is not None
        size, form, full = (picture.width, picture.height), picture.format.name, self._compose.full
        if self._options.pipe == "raw":
            _log.warning("raw pictures: %s, %dx%d, at %s a second", form, *size, frame.source.rate or "no known rate")
            return fitting(form, full, form, full, color_of(frame), size)
        target = form if form in _Y4M else "yuv444p" if layout_of(form).bits <= 8 else "yuv444p16le"
        if target != form:
            _log.warning("y4m holds no pictures of %s; they become %s", describe(form), describe(target))
            full = full and not layout_of(form).rgb
        self._send(self._header(target, full, frame, size))
        return fitting(form, self._compose.full, target, full, color_of(frame), size)

    def _header(self, form: str, full: bool, frame: Frame, size: tuple[int, int]) -> bytes:
        rate = frame.source.rate or self._options.rate or _RATE
        depth = "FULL" if full else "LIMITED"
        name = "420jpeg" if form == "yuv420p" and full else _Y4M[form]
        aspect, order = (
            frame.source.pixel_aspect or Fraction(1),
            {"tff": "t", "bff": "b"}.get(frame.source.fields or "", "p"),
        )
        text = (
            f"YUV4MPEG2 W{size[0]} H{size[1]} F{rate.numerator}:{rate.denominator} I{order} "
            f"A{aspect.numerator}:{aspect.denominator} C{name} XCOLORRANGE={depth}\n"
        )
        return text.encode("ascii")

    def _send(self, data: bytes) -> None:
        try:
            self._stream.write(data)
        except OSError as error:
            raise _broken(error) from error
        self._bytes += len(data)


def check_pipe(view: str, options: OutputOptions) -> None:
    """SinkError for what a pipe does not hold."""
    if shown_by(view).native == ALPHA and options.pipe == "y4m":
        raise SinkError("y4m cannot hold alpha; send raw pictures, or write to a file (.mov, .mkv, .webm, .%04d.png)")


def _broken(error: OSError) -> SinkError:
    if isinstance(error, BrokenPipeError):
        return SinkError("the program that reads the pipe has ended; the rest was not written")
    return SinkError(f"cannot write to the pipe: {reason(error)}")
