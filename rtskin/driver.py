"""NVIDIA's driver, asked whether it is there before FFmpeg is; and what FFmpeg says when it cannot work with it."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from rtskin.errors import RuntimeUnavailableError

Part = Literal["compute", "decode", "encode"]

#: Its libraries, by what they do; those of Windows, and those of everything else.
LIBRARIES: dict[Part, tuple[str, str]] = {
    "compute": ("nvcuda.dll", "libcuda.so.1"),
    "decode": ("nvcuvid.dll", "libnvcuvid.so.1"),
    "encode": ("nvEncodeAPI64.dll", "libnvidia-encode.so.1"),
}


def require_driver(asked: str, *parts: Part) -> None:
    """RuntimeUnavailableError, naming the library, where a part of the driver is not here. asked: what needs it."""
    for part in parts:
        library = library_of(part)
        if not _loads(library):
            raise RuntimeUnavailableError(
                f"{asked}: {library} is not here; it comes with NVIDIA's driver (a container gets it with --gpus all and "
                "NVIDIA_DRIVER_CAPABILITIES=compute,video,utility)"
            )


def not_built(asked: str, what: str) -> RuntimeUnavailableError:
    """What to raise where this build of PyAV has no ``what``. asked: what needs it."""
    return RuntimeUnavailableError(
        f"{asked}: this PyAV was built without {what}; the wheels for Linux and Windows have it: "
        "pip install --force-reinstall --no-deps --only-binary av av"
    )


def library_of(part: Part) -> str:
    """What that part of the driver is called on this system."""
    windows, others = LIBRARIES[part]
    return windows if sys.platform == "win32" else others


@contextmanager
def ffmpeg_said() -> Iterator[list[str]]:
    """What FFmpeg complains of in this thread within a ``with``, filled in at its end."""
    from rtskin.media import av  # late: there is no need of it to find a driver missing

    said: list[str] = []
    before = av.logging.get_level()
    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture() as lines:
            yield said
    finally:
        av.logging.set_level(before)
        said += [text.strip() for _, _, text in lines]


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
