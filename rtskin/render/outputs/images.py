"""Masks into numbered images: PNG of 8 or 16 bits, OpenEXR of half floats."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from rtskin.errors import InputError, SinkError
from rtskin.files import OutputFile, check_output
from rtskin.frame import Frame, Mask
from rtskin.media import av, cv2
from rtskin.render.outputs.compose import Composer, composer_for
from rtskin.render.outputs.fit import Fit, fitting
from rtskin.render.outputs.formats import Kind
from rtskin.render.outputs.native import color_of
from rtskin.render.outputs.options import OutputOptions
from rtskin.render.outputs.pixels import Layout, Plane, channels_of, layout_of, planes_of

_log = logging.getLogger("rtskin.render")

_NUMBER = re.compile(r"%0?\d*d")
SUFFIXES = (".png", ".exr")
_PLURAL = {"matte": "mattes", "picture": "pictures", "alpha": "alpha"}
#: zlib's level: 1 is three times as fast as the default, for a tenth more bytes.
_COMPRESSION = 1


class ImagesOutput:
    """An Output into one image a mask, each under its name only when it is complete.

    The number is the frame's own where its source is numbered, else its seq. ``abandon`` removes none: what is there is
    whole.
    """

    def __init__(self, text: str, view: str, options: OutputOptions) -> None:
        self._folder, self._name = place_of(text)
        make_folder(self._folder, text)
        self._view, self._options = view, options
        self._encode: Callable[[Any, bool, Frame], bytes] = (
            _exr if self._name.lower().endswith(".exr") else _Png(options)
        )
        self._compose: Composer | None = None
        self._frames = self._bytes = 0

    def write(self, mask: Mask) -> None:
        frame = mask.frame
        path = self._folder / (self._name % (frame.seq if frame.number is None else frame.number))
        # Asked before the work as well: encoding takes longer than everything else here.
        check_output(path, self._options.overwrite)
        if self._compose is None:
            self._compose = composer_for(self._view, frame, self._options)
            if aspect := frame.source.pixel_aspect:
                shape = f"{aspect.numerator}:{aspect.denominator}"
                _log.warning("the shape of a pixel (%s) is left out: images here say none; .mov and .mp4 do", shape)
        data = self._encode(self._compose(mask), self._compose.full, frame)
        self._keep(path, data)
        self._frames += 1
        self._bytes += len(data)

    def finish(self) -> None:
        if not self._frames:
            raise SinkError(f"not one picture reached {self._folder / self._name}; nothing was written")

    def abandon(self) -> None:
        """Nothing is half written."""
        compose, self._compose = self._compose, None
        if compose is not None:
            compose.close()

    def counters(self) -> dict[str, int | float | str]:
        """frames; bytes of the files."""
        return {"frames": self._frames, "bytes": self._bytes}

    def _keep(self, path: Path, data: bytes) -> None:
        with OutputFile(path, self._options.overwrite) as file:
            file.write(data)
            if self._options.verify and file.temporary.read_bytes() != data:
                raise SinkError(f"{path} does not hold what was written; it was not kept")
            file.commit()


class _Png:
    """Pictures as PNG files; the first decides how they are turned into RGB."""

    def __init__(self, options: OutputOptions) -> None:
        self._options = options
        self._fit: Fit | None = None

    def __call__(self, picture: Any, full: bool, frame: Frame) -> bytes:
        layout = layout_of(picture.format.name)
        bits = self._options.bits or (16 if layout.bits > 8 else 8)
        if layout.gray:
            return _png(_to_bits(planes_of(picture)[0], bits))
        if self._fit is None:
            self._fit = _to_rgb(layout, bits, full, frame, (picture.width, picture.height))
        return _png(_pixels(self._fit(picture), picture, layout, bits))


def place_of(text: str) -> tuple[Path, str]:
    """Folder and pattern of file names; InputError where ``text`` is neither a pattern nor a folder."""
    path = Path(text)
    if text.endswith(("/", os.sep)):
        return path, "%06d.png"
    if path.suffix.lower() in SUFFIXES and len(_NUMBER.findall(path.name)) == 1 and path.name.count("%") == 1:
        return path.parent, path.name
    example = f"{path.stem.replace('%', '')}.%04d{path.suffix if path.suffix.lower() in SUFFIXES else '.png'}"
    raise InputError(f"{text} is not a pattern for many images; write one number and .png or .exr, e.g. {example}")


def check_images(text: str, kind: Kind) -> None:
    """InputError for a pattern that is none; SinkError for views that an .exr does not hold here."""
    _, name = place_of(text)
    if name.lower().endswith(".exr") and kind != "matte":
        raise SinkError(
            f".exr holds mattes only, not {_PLURAL[kind]}: OpenEXR's light is linear; write to .%04d.png (--bits 16)"
        )


def make_folder(folder: Path, text: str) -> None:
    """Makes the folder that was asked for, if only it is missing. SinkError."""
    if text.endswith(("/", os.sep)) and folder.parent.is_dir():
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise SinkError(f"cannot make the folder {folder}: {error.strerror}") from error
    if not folder.is_dir():
        raise SinkError(f"cannot write {text}: there is no folder {folder}; make it first")


def _to_rgb(layout: Layout, bits: int, full: bool, frame: Frame, size: tuple[int, int]) -> Fit:
    """What turns pictures into packed BGR (8 bits) or RGB (16 bits), without alpha, which is put in untouched."""
    target = "bgr24" if bits == 8 else "rgb48le"
    if layout.name in ("bgr24", "bgra"):
        return lambda picture: picture
    return fitting(layout.name, full, target, True, color_of(frame), size)


def _pixels(rgb: Any, picture: Any, layout: Layout, bits: int) -> Plane:
    """H×W×3 or ×4 in OpenCV's order, uint8 or uint16."""
    if rgb.format.name in ("bgr24", "bgra"):
        channels = [_to_bits(channel, bits) for channel in channels_of(rgb)]
    else:
        pixels = rgb.to_ndarray()
        channels = [pixels[..., index] for index in (2, 1, 0)]
    if layout.alpha:
        channels[3:] = [_to_bits(_full_scale(channels_of(picture)[3], layout), bits)]
    return np.stack(channels, axis=2)


def _full_scale(plane: Plane, layout: Layout) -> Plane:
    """Codes of 9 … 15 bits over the whole of 16."""
    if layout.bits in (8, 16):
        return plane
    return (plane.astype(np.uint32) * 65535 // layout.full).astype(np.uint16)


def _to_bits(plane: Plane, bits: int) -> Plane:
    """uint8 or uint16 over the full scale as uint8 (rounded) or uint16 (exact)."""
    if bits == 16 and plane.dtype == np.uint8:
        return plane.astype(np.uint16) * 257
    if bits == 8 and plane.dtype == np.uint16:
        return ((plane.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return plane


def _png(pixels: Plane) -> bytes:
    done, encoded = cv2.imencode(".png", np.ascontiguousarray(pixels), [cv2.IMWRITE_PNG_COMPRESSION, _COMPRESSION])
    if not done:
        raise SinkError("a picture could not be encoded as PNG")
    return bytes(encoded.data)


def _exr(picture: Any, full: bool, frame: Frame) -> bytes:
    """A matte as the half floats 0 … 1 of a channel Y, losslessly compressed."""
    [plane] = planes_of(picture)
    image = av.VideoFrame(picture.width, picture.height, "grayf32le")
    values = np.frombuffer(image.planes[0], np.float32).reshape(picture.height, -1)
    np.divide(plane, np.float32(np.iinfo(plane.dtype).max), out=values[:, : picture.width], dtype=np.float32)
    context = av.CodecContext.create("exr", "w")
    context.width, context.height, context.pix_fmt = picture.width, picture.height, "grayf32le"
    context.time_base, context.thread_count = frame.time_base, 1
    context.options = {"format": "half", "compression": "zip16"}
    image.pts = 0
    return b"".join(bytes(packet) for packet in [*context.encode(image), *context.encode(None)])
