"""Keeping OpenCV's own complaints off the terminal: what matters of them becomes an error or a warning of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rtskin.media import cv2

_SILENT = 0


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """OpenCV logs nothing inside. The level is one for the whole process, so keep it short."""
    logging = cv2.utils.logging
    before = logging.setLogLevel(_SILENT)
    try:
        yield
    finally:
        logging.setLogLevel(before)
