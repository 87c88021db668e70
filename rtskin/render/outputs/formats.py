"""Which codec, pixel format and settings a file gets, by its extension and by what is to be written."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Literal

from rtskin.errors import InputError, SinkError
from rtskin.media import av
from rtskin.render.outputs.options import NVENC, Codec
from rtskin.render.outputs.pixels import layout_of, nearest, planar_like
from rtskin.render.outputs.x264 import same_bytes

#: matte: the mask alone. alpha: a picture with the mask as its alpha. picture: everything else.
Kind = Literal["matte", "picture", "alpha"]

_PRESET = "veryfast"
_CRF = {"h264": 18, "vp9": 20, "h264_nvenc": 18, "hevc_nvenc": 18, "av1_nvenc": 22}
#: Smallest and largest that they have; a GPU's take 0 for "as you like".
_CRFS = {"h264": (0, 51), "vp9": (0, 63), "h264_nvenc": (1, 51), "hevc_nvenc": (1, 51), "av1_nvenc": (1, 63)}
#: Of a GPU's encoders: the formats that pictures are brought into, and how an encoder wants the samples of some.
_OFFERS = {
    "h264_nvenc": ("yuv420p", "yuv444p"),
    "hevc_nvenc": ("yuv420p", "yuv444p", "yuv420p10le", "yuv444p10le"),
    "av1_nvenc": ("yuv420p", "yuv420p10le"),
}
_TAKEN = {"yuv420p10le": "p010le", "yuv444p10le": "yuv444p10msble"}
#: A matte's edge is where errors are seen.
_CRF_ALPHA = 8
#: Of FFV1, in the order in which they are tried; 0: the first number from 4 on that goes.
_SLICES = ("4", "0", "1")


@dataclass(frozen=True)
class Container:
    """name: FFmpeg's. The codecs that "auto" means for each kind (none: it cannot hold that), and all that it may hold."""

    name: str
    auto: Mapping[Kind, Codec]
    codecs: tuple[Codec, ...]


CONTAINERS: dict[str, Container] = {
    ".mp4": Container("mp4", {"matte": "h264", "picture": "h264"}, ("h264", *NVENC)),
    ".mov": Container(
        "mov",
        {"matte": "prores", "picture": "prores", "alpha": "prores"},
        ("prores", "h264", "h264_nvenc", "hevc_nvenc"),
    ),
    ".mkv": Container(
        "matroska", {"matte": "ffv1", "picture": "h264", "alpha": "ffv1"}, ("ffv1", "h264", "prores", "vp9", *NVENC)
    ),
    ".webm": Container("webm", {"matte": "vp9", "picture": "vp9", "alpha": "vp9"}, ("vp9", "av1_nvenc")),
}
#: Codecs that can hold a matte beside a picture.
_ALPHA: tuple[Codec, ...] = ("prores", "ffv1", "vp9")
_CALLED = {"h264": "H.264", "ffv1": "FFV1", "prores": "ProRes", "vp9": "VP9"}


@dataclass(frozen=True)
class Encoding:
    """How pictures become packets. encoder, pixel_format: FFmpeg's names; full: codes go over the full range.

    tolerance: how far, on average over a plane, in 255ths, a decoded picture may be from what was written; 0: not at all.
    taken: the format in which the encoder takes the same samples; None: pixel_format. tag: what mp4 and mov call it, where
    that is not what FFmpeg writes.
    """

    encoder: str
    pixel_format: str
    full: bool
    tolerance: float
    options: Mapping[str, str] = field(default_factory=dict)
    taken: str | None = None
    tag: str | None = None


def container_for(path: Path) -> Container:
    """SinkError for other extensions."""
    container = CONTAINERS.get(path.suffix.lower())
    if container is None:
        known = ", ".join(CONTAINERS)
        raise SinkError(f"cannot write {path}: {path.suffix or 'no extension'} is not supported; there are: {known}")
    return container


def endings_for(kind: Kind) -> str:
    """All files that can hold that kind, as a user would end their names, each with the codec that is usual there."""
    held = {end: container.auto[kind] for end, container in CONTAINERS.items() if kind in container.auto}
    four = " 4444" if kind == "alpha" else ""
    videos = [f"{end} ({_CALLED[codec]}{four if codec == 'prores' else ''})" for end, codec in held.items()]
    images = [".%04d.png", *([".%04d.exr"] if kind == "matte" else [])]
    return f"{', '.join([*videos, *images[:-1]])} or {images[-1]}"


def codec_for(path: Path, codec: Codec, kind: Kind, crf: int | None = None) -> Codec:
    """What "auto" means there: what suits the kind, and with a crf, what has one.

    SinkError where the file cannot hold the codec or the kind; InputError for a crf that the codec does not have.
    """
    container = container_for(path)
    if codec not in ("auto", *container.codecs):
        held = " or ".join(end for end, other in CONTAINERS.items() if codec in other.codecs)
        raise SinkError(
            f"{codec} does not fit into {path.suffix}; use {held}, or the codec {' or '.join(container.codecs)}"
        )
    chosen = codec if codec != "auto" else container.auto.get(kind)
    if codec == "auto" and crf is not None and kind != "alpha":
        chosen = next(name for name in container.codecs if name in _CRF)
    if chosen is None or (kind == "alpha" and chosen not in _ALPHA):
        what = path.suffix if chosen is None else chosen
        raise SinkError(f"{what} cannot hold alpha; write to {endings_for('alpha')}")
    if kind == "matte" and chosen in NVENC:
        raise SinkError(
            f"{chosen} is for pictures, and spoils a matte's edges; use the codec {container.auto['matte']}"
        )
    if crf is not None:
        _check_crf(chosen, crf)
    return chosen


def _check_crf(codec: Codec, crf: int) -> None:
    least, most = _CRFS.get(codec, (0, -1))
    if not least <= crf <= most:
        raise InputError(
            f"crf {crf} is not for {codec}: it goes to 51 for h264, h264_nvenc and hevc_nvenc, to 63 for vp9 and av1_nvenc, "
            "from 0 on, from 1 on for a GPU's; others have none"
        )


def encoding_for(
    codec: Codec, kind: Kind, form: str, full: bool, size: tuple[int, int], crf: int | None = None
) -> Encoding:
    """The encoding of pictures of the pixel format ``form`` (full: over the full range) and of that size.

    codec: not "auto" (:func:`codec_for`).
    """
    if codec in NVENC:
        return _nvenc(codec, kind, form, full, size, crf)
    make = {"h264": _h264, "ffv1": _ffv1, "prores": _prores, "vp9": _vp9}[codec]
    return make(kind, form, full, size, crf)


def _h264(kind: Kind, form: str, full: bool, size: tuple[int, int], crf: int | None) -> Encoding:
    # 4:2:0 has no odd sizes; 4:4:4 keeps the exact size, at the price that only software players show it.
    odd = size[0] % 2 or size[1] % 2
    kinds = ("yuv444p",) if odd else ("yuv420p", "yuv422p", "yuv444p")
    if kind == "matte":
        # Full range, so that the luma plane is the mask itself. At qp 1 without the larger transforms (ultrafast has none)
        # no pixel is off by more than 2 and 0 and 255 by no more than 1, in a profile that every player knows; crf 10
        # is off by 9, and lossless H.264 plays in few places.
        options = {"preset": "ultrafast", "qp": "1"} if crf is None else {"preset": _PRESET, "crf": str(crf)}
        return Encoding("libx264", kinds[0], True, _tolerance(crf or 0), {**options, **same_bytes()})
    crf = _CRF["h264"] if crf is None else crf
    offers = [name + depth for name in kinds for depth in ("", "10le")]
    return Encoding(
        "libx264",
        _offer(offers, form, kind, fallback=kinds[0]),
        full and not layout_of(form).rgb,
        _tolerance(crf),
        {"preset": _PRESET, "crf": str(crf), **same_bytes()},
    )


def _ffv1(kind: Kind, form: str, full: bool, size: tuple[int, int], crf: int | None) -> Encoding:
    # Lossless. A fixed number of slices keeps the bytes the same whatever the number of threads.
    if kind == "matte":
        form, full = "gray16le" if layout_of(form).bits > 8 else "gray", True
    else:
        form = _offer(_ffv1_formats(), form, kind, fallback="bgr0")
    return Encoding("ffv1", form, full, 0, {"level": "3", "slices": ffv1_slices(form, size), "slicecrc": "1"})


def _prores(kind: Kind, form: str, full: bool, size: tuple[int, int], crf: int | None) -> Encoding:
    # Always limited range: the format has no flag for another, and editors expect none.
    layout = layout_of(form)
    # FFmpeg's encoder spoils the chroma at the right border of 4:2:2 pictures of odd width.
    fine = kind == "alpha" or (kind == "picture" and layout.shift_x == 0) or size[0] % 2
    name = "yuva444p10le" if kind == "alpha" else "yuv444p10le" if fine else "yuv422p10le"
    options = {"profile": "4444" if fine else "hq", "vendor": "apl0"}
    # Its packets have a size that does not grow with grain: noise comes back coarser, everything else within 1.
    return Encoding("prores_ks", name, False, 14.0, options)


def _vp9(kind: Kind, form: str, full: bool, size: tuple[int, int], crf: int | None) -> Encoding:
    options = {"deadline": "good", "cpu-used": "4", "row-mt": "0", "b": "0"}
    if kind == "matte":
        return Encoding(
            "libvpx-vp9", "yuv420p", True, 0 if crf is None else _tolerance(crf), {**options, **_exact(crf)}
        )
    default = _CRF_ALPHA if kind == "alpha" else _CRF["vp9"]
    crf = default if crf is None else crf
    offers = ["yuva420p"] if kind == "alpha" else ["yuv420p", "yuv422p", "yuv444p"]
    chosen = _offer(offers, form, kind, fallback=offers[0])
    options = {**options, "crf": str(crf)} | ({"auto-alt-ref": "0"} if kind == "alpha" else {})
    return Encoding("libvpx-vp9", chosen, full and not layout_of(form).rgb, _tolerance(crf), options)


def _nvenc(codec: Codec, kind: Kind, form: str, full: bool, size: tuple[int, int], crf: int | None) -> Encoding:
    offers = [name for name in _OFFERS[codec] if "444" in name or not (size[0] % 2 or size[1] % 2)]
    if not offers:
        raise SinkError(
            f"{codec} takes even sizes, not {size[0]}x{size[1]}; use the codec hevc_nvenc, h264_nvenc or h264"
        )
    chosen = _offer(offers, form, kind, fallback=offers[0])
    crf = _CRF[codec] if crf is None else crf
    # Constant quality at any rate. Without B-frames packets come in the order of their pictures, and one at a time.
    options = {"preset": "p4", "rc": "vbr", "cq": str(crf), "b": "0", "bf": "0"}
    coarse = crf * _CRFS["h264"][1] / _CRFS[codec][1]
    return Encoding(
        codec,
        chosen,
        full and not layout_of(form).rgb,
        _tolerance(coarse),
        options,
        taken=_TAKEN.get(chosen),
        # With FFmpeg's own tag, hev1, players of one large maker show nothing.
        tag="hvc1" if codec == "hevc_nvenc" else None,
    )


def _exact(crf: int | None) -> dict[str, str]:
    return {"lossless": "1"} if crf is None else {"crf": str(crf)}


def _tolerance(crf: float) -> float:
    """x264's step at that crf is 2^((crf - 4) / 6), and larger in pictures that are shown for a moment only."""
    return 2.0 + 2 * 2.0 ** ((crf - 4) / 6)


def _offer(offers: list[str], form: str, kind: Kind, fallback: str) -> str:
    """The nearest of the encoder's formats; for RGB, where it only takes YUV, what most players show."""
    layout = layout_of(form)
    if layout.rgb and not any(layout_of(name).rgb for name in offers):
        return f"{fallback}10le" if layout.bits > 8 and f"{fallback}10le" in offers else fallback
    return nearest(offers, layout, kind == "alpha")


@lru_cache(maxsize=32)
def ffv1_slices(form: str, size: tuple[int, int]) -> str:
    """Four where that goes. FFV1 can cut pictures of odd sizes and subsampled chroma only into some numbers of slices, very
    narrow ones into none, and only the encoder knows."""
    for count in _SLICES:
        context = av.CodecContext.create("ffv1", "w")
        context.width, context.height = size
        context.pix_fmt, context.time_base = form, Fraction(1, 25)
        context.options = {"level": "3", "slices": count, "slicecrc": "1"}
        with suppress(av.error.FFmpegError):
            context.open()
            return count
    raise SinkError(f"ffv1 cannot hold pictures of {size[0]}x{size[1]}; write to .mp4 or .mov")


@lru_cache(maxsize=1)
def _ffv1_formats() -> list[str]:
    names = [form.name for form in av.codec.Codec("ffv1", "w").video_formats]
    usable = [
        name for name in names if name in ("bgr0", "bgra") or planar_like(name, alpha=layout_of(name).alpha) == name
    ]
    return [name for name in usable if not layout_of(name).gray]
