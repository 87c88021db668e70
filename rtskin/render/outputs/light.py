"""What HDR pictures say of the screen that they were made on, and of how bright they become: SMPTE ST 2086, CTA-861.3."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from rtskin.capture.picture import AvPicture
from rtskin.frame import Frame

#: AVMasteringDisplayMetadata: red, green, blue, white (x, y each), least and largest luminance, as fractions; two flags.
_DISPLAY = struct.Struct("=20i2i")
_LEVEL = struct.Struct("=2I")
#: Units of H.264's and HEVC's own messages: chromaticity, candela per square metre.
_CHROMATICITY, _LUMINANCE = 50_000, 10_000
_DYNAMIC = {"DYNAMIC_HDR_PLUS": "HDR10+", "DOVI_METADATA": "Dolby Vision", "DYNAMIC_HDR_VIVID": "HDR Vivid"}


@dataclass(frozen=True, slots=True)
class Light:
    """display: x, y of red, green, blue and white in 50000ths, least and largest cd/m² in 10000ths. level: MaxCLL, MaxFALL,
    cd/m². dynamic: names of what else is said of each picture."""

    display: tuple[int, ...] | None = None
    level: tuple[int, int] | None = None
    dynamic: tuple[str, ...] = ()

    @classmethod
    def of(cls, frame: Frame) -> Light:
        """As the frame's own picture says."""
        picture = frame.picture
        if not isinstance(picture, AvPicture):
            return cls()
        said = picture.frame.side_data
        level = said.get("CONTENT_LIGHT_LEVEL")
        return cls(
            _display(said.get("MASTERING_DISPLAY_METADATA")),
            None if level is None else _LEVEL.unpack(bytes(level)[: _LEVEL.size]),
            tuple(name for key, name in _DYNAMIC.items() if said.get(key) is not None),
        )

    @property
    def x264(self) -> dict[str, str]:
        """Options of libx264 that say it."""
        parts = []
        if self.display is not None:
            rx, ry, gx, gy, bx, by, wx, wy, least, most = self.display
            parts.append(f"mastering-display=G({gx},{gy})B({bx},{by})R({rx},{ry})WP({wx},{wy})L({most},{least})")
        if self.level is not None:
            parts.append(f"cll={self.level[0]},{self.level[1]}")
        return {"x264-params": ":".join(parts)} if parts else {}

    def __bool__(self) -> bool:
        return self.display is not None or self.level is not None


def _display(data: Any) -> tuple[int, ...] | None:
    if data is None:
        return None
    *numbers, primaries, luminance = _DISPLAY.unpack(bytes(data)[: _DISPLAY.size])
    if not (primaries and luminance) or 0 in numbers[1::2]:
        return None
    units = [_CHROMATICITY] * 8 + [_LUMINANCE] * 2
    pairs = zip(numbers[::2], numbers[1::2], units, strict=True)
    return tuple(round(number * unit / base) for number, base, unit in pairs)
