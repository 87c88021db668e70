"""Pictures of regions: JPEG of the padded square, the same size whether or not it reaches over the frame's border."""

from __future__ import annotations

import math

import numpy as np

from rtskin.errors import SinkError
from rtskin.frame import U8, Box
from rtskin.media import cv2


def square(image: U8, box: Box, side: int) -> U8 | None:
    """The square ``box`` (x, y, w, h in pixels) of an image (uint8 H×W×3), black beyond the border; at most side×side.

    None where nothing of it lies in the picture. Larger squares are made smaller, smaller ones stay as they are.
    """
    left, top = math.floor(box[0]), math.floor(box[1])
    wide, high = max(1, round(box[2])), max(1, round(box[3]))
    x, y = max(0, left), max(0, top)
    x_end, y_end = min(image.shape[1], left + wide), min(image.shape[0], top + high)
    if x >= x_end or y >= y_end:
        return None
    inside = image[y:y_end, x:x_end]
    scale = min(1.0, side / max(wide, high))
    # The part inside is made smaller before the border is put around it: a square may reach far beyond the frame.
    target = (max(1, round(wide * scale)), max(1, round(high * scale)))
    at = (min(target[0] - 1, round((x - left) * scale)), min(target[1] - 1, round((y - top) * scale)))
    size = (
        max(1, min(target[0] - at[0], round((x_end - x) * scale))),
        max(1, min(target[1] - at[1], round((y_end - y) * scale))),
    )
    if size != (inside.shape[1], inside.shape[0]):
        inside = cv2.resize(inside, size, interpolation=cv2.INTER_AREA)
    if size == target:
        return inside
    canvas = np.zeros((target[1], target[0], 3), np.uint8)
    canvas[at[1] : at[1] + size[1], at[0] : at[0] + size[0]] = inside
    return canvas


def jpeg(image: U8, quality: int) -> bytes:
    """quality: 1 … 100. SinkError."""
    done, data = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, quality))
    if not done:
        raise SinkError(f"a crop of {image.shape[1]}×{image.shape[0]} cannot be made a JPEG")
    return data.tobytes()
