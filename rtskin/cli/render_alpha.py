"""A source that is transparent in places: that is lost, and said."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from rtskin.capture.images import ImageCapture
from rtskin.capture.kinds import kind_of
from rtskin.media import av, cv2
from rtskin.offline.manifest import OutputPart
from rtskin.render.outputs.pixels import layout_of

log = logging.getLogger("rtskin.render")


def warn_of_alpha(source: str, parts: Sequence[OutputPart]) -> None:
    """Outputs that show the source's pictures show them opaque, or with the mask for their alpha."""
    if any(part.view != "matte" for part in parts) and has_alpha(source):
        log.warning("the alpha of %s is left out: what was transparent is shown as if it were not", source)


def has_alpha(source: str) -> bool:
    """Of a file or the first of several images. False where it cannot be told."""
    kind = kind_of(source)
    if kind == "file":
        return _of_video(source)
    return kind in ("image", "images") and _of_images(source)


def _of_video(path: str) -> bool:
    try:
        with av.open(path) as container:
            stream = container.streams.video[0]
            # VP8 and VP9 keep it beside the picture, and say so here.
            return stream.metadata.get("alpha_mode") == "1" or layout_of(stream.codec_context.pix_fmt).alpha
    except (av.error.FFmpegError, OSError, IndexError, ValueError):
        return False


def _of_images(source: str) -> bool:
    with ImageCapture(source) as images:
        picture = cv2.imread(str(images.paths[0]), cv2.IMREAD_UNCHANGED)
    return picture is not None and picture.ndim == 3 and picture.shape[2] == 4
