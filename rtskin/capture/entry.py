"""Where decoding may begin: key frames after which every picture comes out as if the whole file had been decoded.

Containers and parsers call more than that a key frame. In H.264 it is also the start of an intra refresh, after which
pictures become right little by little, and a recovery point that is right only roughly. So H.264 and HEVC are asked
themselves (ITU-T H.264, 7.4.1.2.4 and D.2.8; H.265, 7.4.2.2); for other codecs the flag is taken at its word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

#: NAL unit types. H.264: slices are 1 … 5, 5 of an instant refresh, 6 is SEI. HEVC: pictures to enter at are 16 … 21.
_SLICES, _IDR, _SEI = range(1, 6), 5, 6
_HEVC_PICTURES, _HEVC_ENTRIES = range(32), range(16, 22)
_RECOVERY_POINT = 6


def entry_test(stream: Any) -> Callable[[Any], bool]:
    """The question for packets of ``stream`` (an av.VideoStream): may decoding begin at this one?

    All pictures from the packet's own time on are then exact; those that are shown before it need an earlier entry.
    """
    context = stream.codec_context
    extra = bytes(context.extradata or b"")
    if context.name == "h264":
        size = (extra[4] & 3) + 1 if len(extra) > 4 and extra[0] == 1 else 0
        return lambda packet: packet.is_keyframe and _enters_h264(_units(bytes(packet), size))
    if context.name == "hevc":
        size = (extra[21] & 3) + 1 if len(extra) > 21 and extra[0] == 1 else 0
        return lambda packet: packet.is_keyframe and _enters_hevc(_units(bytes(packet), size))
    return lambda packet: bool(packet.is_keyframe)


def _enters_h264(units: Iterator[bytes]) -> bool:
    exact = False
    for unit in units:
        kind = unit[0] & 31
        if kind == _SEI:
            exact = exact or _recovers_at_once(unit[1:])
        elif kind in _SLICES:
            return kind == _IDR or exact
    return False


def _enters_hevc(units: Iterator[bytes]) -> bool:
    kinds = (unit[0] >> 1 & 63 for unit in units)
    return next((kind in _HEVC_ENTRIES for kind in kinds if kind in _HEVC_PICTURES), False)


def _units(data: bytes, size: int) -> Iterator[bytes]:
    """NAL units, none empty. size: bytes of the length before each; 0: they stand between start codes (Annex B)."""
    if not size:
        yield from (part for part in data.split(b"\0\0\1")[1:] if part)
        return
    place = 0
    while place + size < len(data):
        length = int.from_bytes(data[place : place + size], "big")
        place += size
        if length:
            yield data[place : place + length]
        place += length


def _recovers_at_once(sei: bytes) -> bool:
    """Whether an SEI unit holds a recovery point that is exact from its own picture on."""
    data = sei.replace(b"\0\0\3", b"\0\0")  # the 3 only keeps start codes from appearing by chance
    place = 0
    while place + 2 < len(data):
        kind, place = _sum_of_bytes(data, place)
        length, place = _sum_of_bytes(data, place)
        if kind == _RECOVERY_POINT and place < len(data):
            # recovery_frame_cnt 0 is the bit 1 (an Exp-Golomb code); exact_match_flag is the bit after it.
            return data[place] >> 6 == 0b11
        place += length
    return False


def _sum_of_bytes(data: bytes, place: int) -> tuple[int, int]:
    """SEI's numbers: bytes of 255 and a last one that is less, added up; and the place behind them."""
    total = 0
    while place < len(data) and data[place] == 255:
        total, place = total + 255, place + 1
    return total + (data[place] if place < len(data) else 0), place + 1
