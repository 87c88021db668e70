"""What numbers mean: FFmpeg's numbers for colour tags, and the codes that a colour has in a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtskin.frame import Color
from rtskin.render.outputs.pixels import Layout
from rtskin.render.views import Bgr

LIMITED, FULL = 1, 2
UNSPECIFIED = 2

#: FFmpeg's names → (number in the bitstream, weight of red, weight of blue): ITU-T H.273, table 4.
_MATRICES = {
    "bt709": (1, 0.2126, 0.0722),
    "fcc": (4, 0.30, 0.11),
    "bt470bg": (5, 0.299, 0.114),
    "smpte170m": (6, 0.299, 0.114),
    "smpte240m": (7, 0.212, 0.087),
    "bt2020nc": (9, 0.2627, 0.0593),
    # Constant luminance is another formula; tinting by the plain one is right for greys and near for the rest.
    "bt2020c": (10, 0.2627, 0.0593),
}
_PRIMARIES = {
    "bt709": 1, "bt470m": 4, "bt470bg": 5, "smpte170m": 6, "smpte240m": 7, "film": 8, "bt2020": 9,
    "smpte428": 10, "smpte431": 11, "smpte432": 12, "ebu3213": 22,
}  # fmt: skip
_TRANSFERS = {
    "bt709": 1, "gamma22": 4, "bt470m": 4, "gamma28": 5, "bt470bg": 5, "smpte170m": 6, "smpte240m": 7, "linear": 8,
    "iec61966-2-4": 11, "iec61966-2-1": 13, "bt2020-10": 14, "bt2020-12": 15, "smpte2084": 16, "arib-std-b67": 18,
}  # fmt: skip
_OTHER_MATRICES = {"gbr": 0, "ycgco": 8, "ictcp": 14}

#: Linear BT.709 to linear BT.2020: ITU-R BT.2087.
_TO_2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
#: Luminance of a white surface in HDR pictures, candela per square metre: ITU-R BT.2408.
_WHITE = 203.0


@dataclass(frozen=True, slots=True)
class Matrix:
    """A YUV matrix: its number in the bitstream, and the weights of red and blue in the luma."""

    number: int
    red: float
    blue: float


@dataclass(frozen=True, slots=True)
class Tags:
    """What a file says of its colours, in FFmpeg's numbers (2: nothing; range 0: nothing)."""

    range: int = 0
    matrix: int = UNSPECIFIED
    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED


def matrix_for(color: Color, width: int, height: int) -> Matrix:
    """The source's own matrix; where it says nothing, BT.709 for HD and BT.601 below, as players assume."""
    default = "bt709" if height >= 720 or width >= 1280 else "smpte170m"
    return Matrix(*_MATRICES.get(color.matrix, _MATRICES[default]))


def tags_of(color: Color) -> Tags:
    """What a source says of its colours, as it says it: nothing stays nothing."""
    known = {name: entry[0] for name, entry in _MATRICES.items()} | _OTHER_MATRICES
    return Tags(
        {"tv": LIMITED, "pc": FULL}.get(color.range, 0),
        known.get(color.matrix, UNSPECIFIED),
        _PRIMARIES.get(color.primaries, UNSPECIFIED),
        _TRANSFERS.get(color.transfer, UNSPECIFIED),
    )


def is_full(color: Color, layout: Layout) -> bool:
    """Whether codes go over the full range: as the source says, else limited for YUV and full for grey and RGB."""
    if color.range != "unknown":
        return color.range == "pc"
    return layout.rgb or layout.gray


def codes_of(bgr: Bgr, color: Color, layout: Layout, matrix: Matrix, full: bool) -> tuple[float, ...]:
    """The codes of a colour (sRGB, 0 … 255) in each plane of a picture, in the order of its planes (or channels).

    In HDR pictures (PQ, HLG) the colour is as bright as a surface of that colour would be, not as a lamp.
    """
    red, green, blue = _signal(bgr, color)
    if layout.rgb:
        order = (blue, green, red) if layout.name.startswith("bgr") else (green, blue, red)
        return tuple(value * layout.full for value in order)
    y = matrix.red * red + (1 - matrix.red - matrix.blue) * green + matrix.blue * blue
    cb, cr = (blue - y) / (2 * (1 - matrix.blue)), (red - y) / (2 * (1 - matrix.red))
    # Over the full range the purest red and blue lie half a code above the largest one.
    return tuple(min(code, layout.full) for code in from_unit(y, cb, cr, layout, full))


def from_unit(y: float, cb: float, cr: float, layout: Layout, full: bool) -> tuple[float, float, float]:
    """Codes of luma 0 … 1 and chroma -0.5 … 0.5 (ITU-R BT.709, BT.2100)."""
    step, middle = 1 << (layout.bits - 8), 1 << (layout.bits - 1)
    if full:
        return y * layout.full, cb * layout.full + middle, cr * layout.full + middle
    return (16 + 219 * y) * step, 224 * step * cb + middle, 224 * step * cr + middle


def _signal(bgr: Bgr, color: Color) -> tuple[float, float, float]:
    """Red, green and blue of a colour, 0 … 1, as the source's transfer curve codes them."""
    signal = np.array(bgr[::-1]) / 255
    if color.transfer in ("smpte2084", "arib-std-b67"):
        linear = np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)
        if color.primaries == "bt2020":
            linear = np.clip(_TO_2020 @ linear, 0, 1)
        signal = _pq(linear * _WHITE / 10_000) if color.transfer == "smpte2084" else _hlg(linear)
    red, green, blue = (float(value) for value in signal)
    return red, green, blue


def _pq(light: np.ndarray) -> np.ndarray:
    """SMPTE ST 2084; light: of 10 000 cd/m²."""
    power = light**0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def _hlg(light: np.ndarray) -> np.ndarray:
    """ITU-R BT.2100 HLG; light: of a white surface, whose signal is 0.75 (BT.2408)."""
    scene = light * 0.265
    return np.where(
        scene <= 1 / 12, np.sqrt(3 * scene), 0.17883277 * np.log(np.maximum(12 * scene, 1) - 0.28466892) + 0.55991073
    )
