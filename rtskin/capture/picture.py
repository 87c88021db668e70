"""AvPicture: a decoded av.VideoFrame as a picture, with its colours told and converted the way they are meant."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from rtskin.capture.hdr import is_hdr, tone_map
from rtskin.capture.lift import lift
from rtskin.capture.semiplanar import planar
from rtskin.frame import U8, Color, Yuv
from rtskin.media import av, cv2
from rtskin.pool import BufferPool

# FFmpeg's AVColor* numbers by name (libavutil/pixdesc.c). What is not listed has no name that anybody writes.
_RANGES = {1: "tv", 2: "pc"}
_MATRICES = {
    0: "gbr",
    1: "bt709",
    4: "fcc",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "ycgco",
    9: "bt2020nc",
    10: "bt2020c",
    14: "ictcp",
}
_PRIMARIES = {
    1: "bt709",
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "film",
    9: "bt2020",
    11: "smpte431",
    12: "smpte432",
    22: "ebu3213",
}
_TRANSFERS = {
    1: "bt709",
    4: "gamma22",
    5: "gamma28",
    6: "smpte170m",
    7: "smpte240m",
    8: "linear",
    11: "iec61966-2-4",
    13: "iec61966-2-1",
    14: "bt2020-10",
    15: "bt2020-12",
    16: "smpte2084",
    18: "arib-std-b67",
}

#: swscale's numbers for the matrices it converts with.
_SWSCALE = {"bt709": 1, "fcc": 4, "bt470bg": 5, "smpte170m": 5, "smpte240m": 7, "bt2020nc": 9, "bt2020c": 9}
_MPEG, _JPEG = 1, 2


def color_of(frame: Any) -> Color:
    """What an av.VideoFrame says of its colours; "unknown" where it says nothing."""
    full = frame.format.name.startswith("yuvj")
    return Color(
        range="pc" if full else _RANGES.get(frame.color_range, "unknown"),
        matrix=_MATRICES.get(frame.colorspace, "unknown"),
        primaries=_PRIMARIES.get(frame.color_primaries, "unknown"),
        transfer=_TRANSFERS.get(frame.color_trc, "unknown"),
    )


def resolve(color: Color, format: str, width: int, height: int) -> tuple[str, bool]:
    """Matrix (a name that swscale knows) and whether the range is full, guessed where nothing is said.

    The guess is the one players make: BT.709 from 1280 pixels width or more than 576 lines, else BT.601; limited range
    for YCbCr, full for grey and RGB.
    """
    matrix = color.matrix
    if matrix not in _SWSCALE:
        matrix = "bt709" if width >= 1280 or height > 576 else "smpte170m"
    if color.range != "unknown":
        return matrix, color.range == "pc"
    return matrix, not format.startswith(("yuv", "nv", "p0", "p2", "p4", "uyvy", "yvyu", "y2", "xyz"))


class Converter:
    """Frames of one source to BGR. It keeps the scaler's tables, so the frames of a source share one.

    At 1280×720 a conversion takes 0.6 ms on one thread, most of it swscale. Its output lies in FFmpeg's memory and is
    used where it is; a copy into a pooled buffer (0.13 ms more) is made only where FFmpeg pads the rows, because
    everybody may rely on ``frame.bgr`` being contiguous.

    swscale cuts fractions off where it does not interpolate the chroma: colours of limited range come out too dark by 1.0
    (blue, red) and 1.5 (green) of 255 on average. Its accurate rounding leaves that as it is and takes 1.5 ms; adding 1
    afterwards (0.1 ms) leaves 0.0 and 0.5. Interpolated chroma would be exact, for 5 ms.
    """

    def __init__(self) -> None:
        self._scaler = av.video.reformatter.VideoReformatter()
        self._unpairer = av.video.reformatter.VideoReformatter()
        self._pool = BufferPool()
        # One at a time: the scaler's tables are shared, and the frame's colour fields are rewritten while it works.
        self._lock = threading.Lock()

    def bgr(self, frame: Any) -> U8:
        """uint8 H×W×3, C-contiguous, full range; alpha is dropped, high dynamic range tone-mapped, fields blended."""
        color = color_of(frame)
        pixels = self._tone_mapped(frame, color) if is_hdr(color) else self._plain(frame)
        return _blended(pixels) if frame.interlaced_frame else pixels

    def _plain(self, frame: Any) -> U8:
        if _deep_rgb(frame.format):
            return _rounded(frame)
        converted, full = self._convert(frame, "bgr24")
        pixels: U8 = converted.to_ndarray()
        if not pixels.flags.c_contiguous:
            whole = self._pool.take(pixels.shape, np.uint8)
            np.copyto(whole, pixels)
            pixels = whole
        if _cut_off(frame.format, full):
            lift(pixels.reshape(-1))
        return pixels

    def _tone_mapped(self, frame: Any, color: Color) -> U8:
        deep = np.ascontiguousarray(self._convert(frame, "bgr48le")[0].to_ndarray())
        pixels = self._pool.take(deep.shape, np.uint8)
        tone_map(deep, color, pixels)
        return pixels

    def _convert(self, frame: Any, form: str) -> tuple[Any, bool]:
        """The frame in a format of BGR, full range; and whether its own range was full."""
        matrix, full = resolve(color_of(frame), frame.format.name, frame.width, frame.height)
        with self._lock:
            # swscale converts chroma that stands in pairs in another way: off by up to 2 of 255.
            frame = planar(frame, self._unpairer)
            converted = self._scaler.reformat(
                frame,
                format=form,
                src_colorspace=_SWSCALE[matrix],
                dst_colorspace=_SWSCALE[matrix],
                src_color_range=_JPEG if full else _MPEG,
                dst_color_range=_JPEG,
                threads=1,  # the default starts a thread for each processor, for every source
            )
        return converted, full


def _deep_rgb(format: Any) -> bool:
    """Planar RGB of more than 8 bits, which swscale makes too dark by up to 1.5 of 255."""
    return bool(format.name.startswith("gbrp") and format.name.endswith("le") and 8 < format.components[0].bits <= 16)


def _rounded(frame: Any) -> U8:
    largest = (1 << frame.format.components[0].bits) - 1
    green, blue, red = (
        np.frombuffer(plane, np.uint16)[: plane.line_size // 2 * plane.height].reshape(plane.height, -1)[
            :, : plane.width
        ]
        for plane in frame.planes[:3]
    )
    pixels: U8 = cv2.merge([cv2.convertScaleAbs(plane, alpha=255 / largest) for plane in (blue, green, red)])
    return pixels


def _blended(pixels: U8) -> U8:
    """Each line half itself and half its neighbours, which are of the other field: what moves has no comb's teeth."""
    weights = np.array([0.25, 0.5, 0.25])
    blended: U8 = cv2.sepFilter2D(pixels, -1, np.ones(1), weights, borderType=cv2.BORDER_REPLICATE)
    return blended


def _cut_off(format: Any, full: bool) -> bool:
    """Whether swscale cuts fractions off (see :class:`Converter`): 8-bit full range has few, 4:4:4 is rounded."""
    return bool(format.chroma_width(2) == 1 and (not full or format.components[0].bits > 8))


def _plane(plane: Any) -> U8:
    """uint8 h×w, a view of it."""
    stride = plane.line_size
    rows: U8 = np.frombuffer(plane, np.uint8)[: stride * plane.height].reshape(plane.height, stride)
    return rows[:, : plane.width]


class AvPicture:
    """A picture as it was decoded. ``frame`` is the av.VideoFrame: planes, pixel format and colour fields untouched."""

    __slots__ = ("_bgr", "_converter", "_lock", "frame")

    def __init__(self, frame: Any, converter: Converter) -> None:
        self.frame = frame
        self._converter = converter
        self._lock = threading.Lock()
        self._bgr: U8 | None = None

    @property
    def width(self) -> int:
        return int(self.frame.width)

    @property
    def height(self) -> int:
        return int(self.frame.height)

    @property
    def format(self) -> str:
        return str(self.frame.format.name)

    @property
    def color(self) -> Color:
        """What the frame itself says of its colours."""
        return color_of(self.frame)

    def bgr(self) -> U8:
        """uint8 H×W×3, converted once, also when two threads ask at the same time."""
        with self._lock:
            if self._bgr is None:
                self._bgr = self._converter.bgr(self.frame)
            return self._bgr

    def luma(self) -> U8 | None:
        """uint8 H×W as it was decoded, a view of the frame's first plane; None where no 8-bit plane holds just luma."""
        components = self.frame.format.components
        first = components[0]
        if not first.is_luma or first.bits != 8 or first.plane != 0 or self.frame.format.is_bit_stream:
            return None
        plane = self.frame.planes[0]
        if plane.line_size < plane.width or any(other.plane == 0 for other in components[1:]):  # flipped, or packed
            return None
        return _plane(plane)

    def yuv(self) -> Yuv | None:
        """The planes; None for other formats than 8-bit Y, U, V, and where ``bgr`` is more than their colours: fields that
        are blended, and pictures of high dynamic range."""
        frame, format = self.frame, self.frame.format
        if not format.name.startswith("yuv") or len(format.components) != 3 or len(frame.planes) != 3:
            return None
        if any(component.bits != 8 for component in format.components) or frame.interlaced_frame:
            return None
        if is_hdr(color := color_of(frame)) or any(plane.line_size < plane.width for plane in frame.planes):
            return None
        matrix, full = resolve(color, format.name, frame.width, frame.height)
        y, u, v = map(_plane, frame.planes)
        return Yuv(y, u, v, matrix, full)

    def __repr__(self) -> str:
        return f"<AvPicture {self.format} {self.width}×{self.height}>"
