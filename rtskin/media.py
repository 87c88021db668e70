"""The one place that imports cv2 and av, in the order that works.

With av imported first, ``cv2.imshow`` hangs on Linux (both bring their own copies of the same libraries). Everybody
writes ``from rtskin.media import av, cv2``.
"""

from __future__ import annotations

from rtskin.errors import RtskinError


class SystemLibraryError(RtskinError, ImportError):
    """A library of the operating system is missing."""


#: Debian and Ubuntu packages that hold what the OpenCV wheel expects of the system.
_PACKAGES = {
    "libGL.so.1": "libgl1",
    "libxcb.so.1": "libxcb1",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libSM.so.6": "libsm6",
    "libXext.so.6": "libxext6",
}


def explain(error: ImportError) -> ImportError:
    """The error to raise for a failed import of cv2: names the Debian package where a system library is missing."""
    library = str(error).split(":", 1)[0].strip()
    if ".so" not in library:
        return error
    package = _PACKAGES.get(library, "libgl1 libglib2.0-0 libxcb1")
    return SystemLibraryError(f"OpenCV needs the system library {library}: apt-get install {package}")


try:
    import cv2
except ImportError as error:
    raise explain(error) from error
import av
import av.error

# libav prints decoding complaints straight to stderr; what matters of them reaches the caller as errors and counters.
av.logging.set_level(None)

__all__ = ["SystemLibraryError", "av", "cv2"]
