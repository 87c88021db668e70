"""Pictures of high dynamic range (PQ, HLG) as a standard screen would show them: what networks have learned to look at.

Only ``Frame.bgr`` is made this way; the decoded picture stays as it is. Light is reckoned in units of reference white,
203 cd/m² (ITU-R BT.2408, table 1): PQ is turned into it by SMPTE ST 2084, HLG by ITU-R BT.2100 for a display of
1000 cd/m². Colours go from their primaries to those of BT.709 (ITU-R BT.2087; what lies outside is cut off). Up to the
knee all stays as it is, so that faces look as in a standard picture; what is brighter is pressed together, all three
colours alike, below white. BT.1886 turns light into code values.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from rtskin.frame import F32, U8, Color
from rtskin.kernels.jit import njit

U16 = npt.NDArray[np.uint16]

_PQ, _HLG = "smpte2084", "arib-std-b67"
_WHITE = 203.0
_HLG_PEAK, _HLG_GAMMA = 1000.0, 1.2
#: Of reference white. Skin in full light reflects less than this.
_KNEE = 0.75
_GAMMA = 2.4

#: Linear light, red first, to BT.709.
_TO_709 = {
    "bt709": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "bt2020": [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    "smpte432": [[1.2249, -0.2247, -0.0002], [-0.0420, 1.0419, 0.0001], [-0.0197, -0.0786, 1.0983]],
}

#: Steps of the table of code values; the finest of 8 bits near black is a millionth of white.
_STEPS = 1 << 20


def is_hdr(color: Color) -> bool:
    """Whether a picture of these colours is of high dynamic range."""
    return color.transfer in (_PQ, _HLG)


def tone_map(deep: U16, color: Color, out: U8) -> None:
    """BGR code values of 16 bits (uint16 H×W×3, full range) of a picture of ``color`` into out (uint8 H×W×3)."""
    matrix = np.array(_TO_709.get(color.primaries, _TO_709["bt2020"]), np.float32)
    hlg = color.transfer == _HLG
    _map(deep.reshape(-1, 3), _light(hlg), matrix, hlg, _codes(), out.reshape(-1, 3))


@lru_cache
def _light(hlg: bool) -> F32:
    """Light of every 16-bit code value, reference white 1; for HLG that of the scene, 0 … 1."""
    value = np.arange(1 << 16) / 65535
    if hlg:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        return np.where(value <= 0.5, value**2 / 3, (np.exp((value - c) / a) + b) / 12).astype(np.float32)
    m1, m2, c1, c2, c3 = 1305 / 8192, 2523 / 32, 107 / 128, 2413 / 128, 2392 / 128
    root = value ** (1 / m2)
    light = 10000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
    return (light / _WHITE).astype(np.float32)


@lru_cache
def _codes() -> U8:
    """The 8-bit code value of light from 0 to 1."""
    codes: U8 = np.rint(255 * (np.arange(_STEPS) / (_STEPS - 1)) ** (1 / _GAMMA)).astype(np.uint8)
    return codes


@njit(nogil=True, cache=True)
def _map(deep: U16, light: F32, matrix: F32, hlg: bool, codes: U8, out: U8) -> None:
    for place in range(deep.shape[0]):
        b, g, r = light[deep[place, 0]], light[deep[place, 1]], light[deep[place, 2]]
        if hlg:  # from the scene to the screen
            luminance = 0.2627 * r + 0.6780 * g + 0.0593 * b
            gain = _HLG_PEAK / _WHITE * luminance ** (_HLG_GAMMA - 1)
            r, g, b = r * gain, g * gain, b * gain
        red = max(0.0, matrix[0, 0] * r + matrix[0, 1] * g + matrix[0, 2] * b)
        green = max(0.0, matrix[1, 0] * r + matrix[1, 1] * g + matrix[1, 2] * b)
        blue = max(0.0, matrix[2, 0] * r + matrix[2, 1] * g + matrix[2, 2] * b)
        brightest = max(red, green, blue)
        scale = 1.0
        if brightest > _KNEE:
            # The curve leaves the knee with slope 1 and nears white.
            room = 1.0 - _KNEE
            scale = (1.0 - room * np.exp((_KNEE - brightest) / room)) / brightest
        top = _STEPS - 1
        out[place, 0] = codes[int(blue * scale * top + 0.5)]
        out[place, 1] = codes[int(green * scale * top + 0.5)]
        out[place, 2] = codes[int(red * scale * top + 0.5)]
