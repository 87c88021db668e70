"""Which cameras there are, without opening one."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

_SYSTEM = Path("/sys/class/video4linux")
_DEVICES = Path("/dev")


@dataclass(frozen=True, slots=True)
class Camera:
    """index: what to give to ``open_source``. path: the device. name: what the driver calls it ("" if it does not)."""

    index: int
    path: str
    name: str


def list_cameras(devices: Path = _DEVICES, system: Path = _SYSTEM) -> list[Camera]:
    """The video devices of this machine, by index. Empty where the system does not list them (macOS, Windows).

    A camera often has a second device for its metadata, which gives no pictures; it is listed too where the driver does
    not mark it.
    """
    if not sys.platform.startswith("linux") or not devices.is_dir():
        return []
    found = []
    for path in devices.glob("video*"):
        match = re.fullmatch(r"video(\d+)", path.name)
        if match and _line(system / path.name / "index") in ("", "0"):
            found.append(Camera(int(match[1]), str(path), _line(system / path.name / "name")))
    return sorted(found, key=lambda camera: camera.index)


def _line(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
