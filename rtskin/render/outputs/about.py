"""What a source says of itself, told again by the output: title, dates, chapters, timecode, shape of a pixel."""

from __future__ import annotations

import logging
from fractions import Fraction
from typing import Any

from rtskin.capture.container import video_stream
from rtskin.render.outputs.timecode import advanced

_log = logging.getLogger("rtskin.render")

#: Said by a container of itself; they would be wrong of another.
_OWN = {"major_brand", "minor_version", "compatible_brands", "encoder", "duration", "timecode"}
#: Keys of Apple's cameras, which mp4 and mov keep only when told to write keys of any name.
_APPLE = "com."
#: Seconds before the first picture, as for the run-up of the sound, that are no chapter of their own.
_GAP = 0.1


#: ISO 639-2 has two codes for some languages; FFmpeg knows one of them where it writes mov. Either → that one.
_MOV_LANGUAGES = {
    "sqi": "alb", "hye": "arm", "eus": "baq", "mya": "bur", "zho": "chi", "cze": "ces", "nld": "dut", "fre": "fra",
    "kat": "geo", "deu": "ger", "ell": "gre", "isl": "ice", "mkd": "mac", "msa": "may", "fas": "per", "rum": "ron",
    "slo": "slk", "bod": "tib", "cym": "wel",
}  # fmt: skip


def muxer_options(source: Any, container: str) -> dict[str, str]:
    """What the muxer must be told for the metadata of ``source`` (an av input) to be kept."""
    if container not in ("mp4", "mov"):
        return {}
    # Chapters are written as a track. As a list of beginnings besides, the last would be read once more, to the end of the
    # longest stream.
    named = any(key.startswith(_APPLE) for key in source.metadata)
    return {"movflags": "+disable_chpl+use_metadata_tags" if named else "+disable_chpl"}


def copy_metadata(source: Any, container: Any) -> None:
    """The container's metadata, but for what is said of the file itself."""
    for key, value in source.metadata.items():
        if key.lower() not in _OWN:
            container.metadata[key] = value


def describe_alike(stream: Any, output: Any, container: str) -> None:
    """Language, title and handler of a stream for its copy; not what only its old container knows."""
    for key in ("language", "title", "handler_name"):
        value = stream.metadata.get(key)
        if value:
            output.metadata[key] = (
                _MOV_LANGUAGES.get(value, value) if container == "mov" and key == "language" else value
            )


def copy_timecode(source: Any, stream: Any, first: Fraction, rate: Fraction | None) -> None:
    """The source's timecode for the output's video; first: seconds of its first picture.

    A timecode names the first picture of a file: one that begins later in the source has a later one.
    """
    video = video_stream(source, source.name)
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
    if container.format.name in ("mp4", "mov"):
        kept = _following(kept)
    if kept:
        container.set_chapters(kept)


def _following(chapters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As mp4 and mov hold them: one after the other from 0 on, each with a title; without one the next would begin early."""
    if chapters and chapters[0]["start"] * chapters[0]["time_base"] < _GAP:
        chapters = [{**chapters[0], "start": 0}, *chapters[1:]]
    if chapters and chapters[0]["start"] > 0:
        chapters = [{**chapters[0], "id": 0, "start": 0, "end": chapters[0]["start"], "metadata": {}}, *chapters]
    return [{**chapter, "metadata": {"title": " ", **chapter["metadata"]}} for chapter in chapters]


def _timecode(source: Any) -> str | None:
    """As mov (of a stream or a track of its own), Matroska and others write it."""
    for metadata in (*(stream.metadata for stream in source.streams), source.metadata):
        for key, value in metadata.items():
            if key.lower() == "timecode":
                return str(value)
    return None
