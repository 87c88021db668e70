"""What every sink sees of a packet: one finished picture."""

from __future__ import annotations

from rtskin.frame import U8, Mask, Rendered


def image_of(packet: Rendered | Mask) -> U8:
    """uint8 H×W×3 (BGR), or H×W for a matte; shared, do not write into it."""
    return packet.data if isinstance(packet, Mask) else packet.image
