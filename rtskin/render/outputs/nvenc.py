"""Encoding by an NVIDIA GPU (NVENC): whether it can be had here. Not run on a GPU yet: the refusals are tested."""

from __future__ import annotations

from fractions import Fraction

from rtskin.driver import ffmpeg_said, not_built, require_driver
from rtskin.errors import RuntimeUnavailableError, reason
from rtskin.media import av
from rtskin.render.outputs.options import NVENC, Codec

#: Pixels in a row and in a column of the picture that is asked for to see whether one would be encoded: every GPU takes it.
_SIZE = 256


def require_encoder(codec: Codec) -> None:
    """RuntimeUnavailableError where ``codec`` is one of a GPU's, and this machine or build of PyAV does not have it."""
    if codec not in NVENC:
        return
    if codec not in av.codecs_available:
        raise not_built(f"codec {codec!r}", "it")
    require_driver(f"codec {codec!r}", "compute", "encode")
    context = av.CodecContext.create(codec, "w")
    context.width = context.height = _SIZE
    context.pix_fmt, context.time_base = "yuv420p", Fraction(1, 25)
    try:
        with ffmpeg_said() as said:
            context.open()
    except av.error.FFmpegError as error:
        why = "; ".join(said) or reason(error)
        raise RuntimeUnavailableError(
            f"codec {codec!r}: the GPU does not encode it ({why}); check the driver with nvidia-smi, or use the codec h264"
        ) from None
