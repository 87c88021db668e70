"""Capture: camera, file, network stream, image sequence, synthetic pattern, demo. ``open_source`` decides which."""

from __future__ import annotations

from rtskin.capture.base import Capture
from rtskin.capture.kinds import open_source

__all__ = ["Capture", "open_source"]
