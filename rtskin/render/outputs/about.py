"""What a source says of itself, told again by the output: title, dates, chapters, timecode, shape of a pixel."""

from __future__ import annotations

import logging
from fractions import Fraction
from typing import Any

from rtskin.render.outputs.timecode import advanced

_log = logging.getLogger("rtskin.render")

#: Said by a container of itself; they would be wrong of another.
_OWN = {"major_brand", "minor_version", "compatible_brands", "encoder", "duration", "timecode"}
#: Keys of Apple's cameras, which mp4 and mov keep only when told to write keys of any name.
_APPLE = "com."


def muxer_options(source: Any, container: str) -> dict[str, str]:
    """What the muxer must be told for the metadata of ``source`` (an av input) to be kept."""
    if container in ("mp4", "mov") and any(key.startswith(_APPLE) for key in source.metadata):
        return {"movflags": "use_metadata_tags"}
    return {}


def copy_metadata(source: Any, container: Any) -> None:
    """The container's metadata, but for what is said of the file itself."""
    for key, value in source.metadata.items():
        if key.lower() not in _OWN:
            container.metadata[key] = value


def copy_stream_metadata(source: Any, stream: Any, first: Fraction, rate: Fraction | None) -> None:
    """Language, title, handler and timecode of the source's video for the output's; first: seconds of its first picture.

    A timecode names the first picture of a file: one that begins later in the source has a later one.
    """
    video = source.streams.video[0]
    for key in ("language", "title", "handler_name"):
        if video.metadata.get(key):
            stream.metadata[key] = video.metadata[key]
    code = _timecode(source)
    if code is None:
        return
    begin = (video.start_time or 0) * Fraction(video.time_base)
    rate = rate or Fraction(25)
    later = advanced(code, round((first - begin) * rate), rate)
    if later is None:
        _log.warning("the timecode %r is left out: it is none", code)
        return
    stream.metadata["timecode"] = later


def copy_chapters(source: Any, container: Any, first: Fraction, shift: Fraction, length: Fraction | None) -> None:
    """Chapters of the stretch from ``first`` on, ``length`` seconds long (None: to the end), moved by ``shift``."""
    kept = []
    for chapter in source.chapters():
        base = Fraction(chapter["time_base"])
        start, end = chapter["start"] * base, chapter["end"] * base
        if end <= first or (length is not None and start >= first + length):
            continue
        start = max(start, first) + shift
        kept.append({**chapter, "start": round(start / base), "end": round((end + shift) / base)})
    if kept:
        container.set_chapters(kept)


def pixel_aspect(source: Any, rotation: int) -> Fraction | None:
    """Width of a pixel by its height, after turning by so many degrees; None where pixels are square or nothing is said."""
    aspect = source.streams.video[0].sample_aspect_ratio
    if not aspect or aspect == 1:
        return None
    return 1 / Fraction(aspect) if rotation in (90, 270) else Fraction(aspect)


def _timecode(source: Any) -> str | None:
    """As mov (of a stream or a track of its own), Matroska and others write it."""
    for metadata in (*(stream.metadata for stream in source.streams), source.metadata):
        for key, value in metadata.items():
            if key.lower() == "timecode":
                return str(value)
    return None
