"""Decoding by an NVIDIA GPU (NVDEC), for sources that are asked to: strict, as devices are everywhere here.

FFmpeg's decoders hand the work on to the GPU, and PyAV copies each picture down. Its chroma samples stand in pairs there,
and all of more than 8 bits are the high bits of 16; what leaves here has the pixel format that the processor would have
decoded to, sample for sample, so that nothing behind it has to know. Not run on a GPU yet: the refusals are tested, and all
that happens to a picture once it is down.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from rtskin.capture.semiplanar import planar
from rtskin.driver import ffmpeg_said, not_built, require_driver
from rtskin.errors import InputError, NoFramesError, RuntimeUnavailableError, reason
from rtskin.media import av

_NAMES = re.compile(r"cpu|cuda(?::(\d+))?")
#: Codecs that people meet and a GPU may know: which can hand work to one is asked of the build. (AV1 is not among them: a
#: GPU may know it, but containers are opened with dav1d, which hands on nothing.)
_CODECS = ("h264", "hevc", "vp8", "vp9", "mpeg2video", "mpeg4", "vc1", "mjpeg")
#: Key frames, and packets, that may fail before the first picture: one may be damaged, and a stream may begin in the middle.
_KEYS, _PACKETS = 3, 300


def check_decode(decode: str) -> int | None:
    """The GPU of "cuda" or "cuda:N"; None for "cpu". InputError for anything else."""
    found = _NAMES.fullmatch(decode) if isinstance(decode, str) else None
    if found is None:
        raise InputError(f"decode is cpu, cuda, or cuda:0, cuda:1 … for one of several GPUs, not {decode!r}")
    return None if decode == "cpu" else int(found[1] or 0)


def hardware_for(decode: str | None) -> Hardware | None:
    """What decodes where ``decode`` says; None: the processor. RuntimeUnavailableError where that cannot be had here."""
    gpu = None if decode is None else check_decode(decode)
    if gpu is None:
        return None
    return Hardware(str(decode), _accelerator(str(decode), gpu))


class Hardware:
    """A GPU that decodes one source. accelerator: av.codec.hwaccel.HWAccel, to open containers with.

    RuntimeUnavailableError, from its methods, for a video that the GPU cannot decode.
    """

    def __init__(self, decode: str, accelerator: Any) -> None:
        self.accelerator = accelerator
        self._decode = decode
        self._scaler = av.video.reformatter.VideoReformatter()
        self._begin()

    def _begin(self) -> None:
        self._came, self._keys, self._packets = False, 0, 0

    def takes(self, stream: Any, name: str) -> None:
        """Refuses a video stream whose codec is not for a GPU."""
        self._begin()
        if not stream.codec_context.is_hwaccel:
            raise self.no_codec(name, stream.codec_context.name)

    def refused(self, packet: Any, context: Any, name: str) -> None:
        """The decoder could not take a packet: raises where nothing came so far, and nothing seems to come."""
        self._keys += bool(packet.is_keyframe)
        self._packets += 1
        if not self._came and (self._keys == _KEYS or self._packets == _PACKETS):
            raise self.nothing(context, name)

    def down(self, frame: Any) -> Any:
        """A picture that came down, in the pixel format that software decodes to."""
        self._came = True
        return planar(frame, self._scaler)

    def nothing(self, context: Any, name: str) -> RuntimeUnavailableError:
        """Not one picture came, although the codec is one for GPUs."""
        kind = " ".join(filter(None, (context.name, context.profile)))
        return RuntimeUnavailableError(
            f"decode {self._decode!r}: no picture of {name} came from the GPU; it may not know this kind of video ({kind}): "
            "leave --decode out"
        )

    def no_codec(self, name: str, codec: str | None = None) -> RuntimeUnavailableError:
        """Its codec is none for GPUs; None: it is not known which it is."""
        what = f"the video in {name}" if codec is None else f"{codec}, as which {name} is decoded,"
        return RuntimeUnavailableError(
            f"decode {self._decode!r}: {what} is none that PyAV decodes on a GPU ({', '.join(_known())} are); "
            "leave --decode out"
        )


def open_accelerated(hardware: Hardware | None, name: str, source: Any, **options: Any) -> Any:
    """``av.open`` of ``source``, with what decodes it; its errors, and Hardware.no_codec's."""
    if hardware is None:
        return av.open(source, **options)
    try:
        return av.open(source, hwaccel=hardware.accelerator, **options)
    except RuntimeError:  # of PyAV: there is no stream for it
        raise hardware.no_codec(name) from None


def none_came(hardware: Hardware | None, context: Any, name: str, otherwise: str) -> Exception:
    """The error for a source of which no picture could be decoded."""
    return NoFramesError(otherwise) if hardware is None else hardware.nothing(context, name)


def _accelerator(decode: str, gpu: int) -> Any:
    if "cuda" not in av.codec.hwaccel.hwdevices_available():
        raise not_built(f"decode {decode!r}", "CUDA")
    require_driver(f"decode {decode!r}", "compute", "decode")
    make = av.codec.hwaccel.HWAccel
    accelerator = make(device_type="cuda", device=str(gpu), allow_software_fallback=False)
    try:  # now, not at the first packet: whether there is a GPU
        with ffmpeg_said() as said:
            av.CodecContext.create("h264", "r", accelerator)
    except (av.error.FFmpegError, RuntimeError) as error:
        why = "; ".join(said) or reason(error)
        raise RuntimeUnavailableError(
            f"decode {decode!r}: CUDA does not start on GPU {gpu} ({why}); check the driver with nvidia-smi"
        ) from None
    return accelerator


@lru_cache(maxsize=1)
def _known() -> list[str]:
    """Codecs of this build whose decoder can hand work to CUDA."""
    cuda = av.codec.hwaccel.HWDeviceType.cuda
    codecs = [av.Codec(name, "r") for name in _CODECS if name in av.codecs_available]
    return [one.canonical_name for one in codecs if any(way.device_type == cuda for way in one.hardware_configs)]
