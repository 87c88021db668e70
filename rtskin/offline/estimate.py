"""From what a few frames cost to what a render will: time, and room on the disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rtskin.media import av
from rtskin.offline.folder import WorkFolder
from rtskin.offline.segments import segments_of
from rtskin.offline.trial import Pace, Trial
from rtskin.render.outputs.formats import CONTAINERS

#: Frames from one key frame to the next, where the encoder decides (x264's default).
_KEY_FRAMES = 250


@dataclass(frozen=True)
class Estimate:
    """Of a render. masks, outputs: seconds of the two passes. mattes: bytes in the work folder until it is done.

    files: bytes of each output, by its path, with the sound that is copied. frames: of each.
    """

    frames: int
    masks: float
    outputs: float
    mattes: float
    files: dict[str, float]

    @property
    def seconds(self) -> float:
        """Of both passes, one after the other."""
        return self.masks + self.outputs


@dataclass(frozen=True)
class Room:
    """Bytes on the disk of ``place``: needed, and free."""

    place: Path
    needed: float
    free: int

    @property
    def enough(self) -> bool:
        return self.needed <= self.free


def estimate(folder: WorkFolder, trial: Trial, jobs: int) -> Estimate:
    """For so many workers on this machine. (On its cores, that is: many workers are no faster than all of them.)"""
    part = folder.manifest.segments
    frames, segments = part.last - part.first, segments_of(part)
    looked_at = sum(segment.to - segment.from_ for segment in segments)
    masks = _seconds(trial.masks, looked_at, min(jobs, len(segments)), len(segments))
    return Estimate(
        frames,
        masks,
        _seconds(trial.outputs, frames),
        frames * trial.matte_bytes,
        {
            output.path: frames * bytes_of_frame(path, trial.written) + _copied(folder, output.path)
            for output, path in zip(folder.manifest.outputs, trial.files, strict=True)
        },
    )


def rooms(estimated: Estimate, work: Path) -> list[Room]:
    """What each disk needs: that of the work folder masks and outputs, another one the outputs that lie there."""
    home = _existing(work)
    needs = {home.stat().st_dev: (home, estimated.mattes + sum(estimated.files.values()))}
    for path, size in estimated.files.items():
        place = _existing(Path(path).parent)
        device = place.stat().st_dev
        if device != home.stat().st_dev:
            needs[device] = (place, needs.get(device, (place, 0.0))[1] + size)
    return [Room(place, needed, shutil.disk_usage(place).free) for place, needed in needs.values()]


def bytes_of_frame(path: Path, frames: int) -> float:
    """Of a video that was written, or of images: their mean.

    A video of stretches has a key frame at the beginning of each, of which the whole has few; so they are counted apart.
    """
    if path.suffix.lower() not in CONTAINERS:
        return sum(file.stat().st_size for file in _images(path)) / max(1, frames)
    with av.open(str(path)) as container:
        packets = [(packet.is_keyframe, packet.size) for packet in container.demux(video=0) if packet.size]
    keys, others = ([size for key, size in packets if key == wanted] for wanted in (True, False))
    total = sum(keys) + sum(others)
    # What is no packet of the stream: the alpha of VP9, and what the container adds.
    more = (path.stat().st_size - total) / max(1, len(packets))
    if not others or not keys:
        return total / max(1, len(packets)) + more
    usual, key = sum(others) / len(others), sum(keys) / len(keys)
    return usual + (key - usual) / _KEY_FRAMES + more


def _seconds(pace: Pace, frames: int, jobs: int = 1, times: int = 1) -> float:
    """For so many frames by so many workers, in so many parts: bound by the slowest node, or by all cores."""
    return max((frames * pace.node + times * pace.start) / jobs, frames * pace.cpu / cores() + pace.start)


def cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _copied(folder: WorkFolder, output: str) -> float:
    """Bytes of sound and subtitles that come with it, by their rates, where those are known."""
    part, table = folder.manifest.segments, folder.table
    if Path(output).suffix.lower() not in CONTAINERS or not table.timed:
        return 0.0
    seconds = float(int(table.pts[part.last - 1] - table.pts[part.first]) * table.time_base)
    try:
        with av.open(folder.source()) as container:
            rates = [stream.bit_rate or 0 for stream in container.streams if stream.type in ("audio", "subtitle")]
    except av.error.FFmpegError:
        return 0.0
    return sum(rates) * seconds / 8


def _images(path: Path) -> Iterator[Path]:
    """A folder of them, or a pattern alone in its folder."""
    place = path if path.is_dir() else path.parent
    return (file for file in place.iterdir() if file.is_file())


def _existing(path: Path) -> Path:
    path = path.absolute()
    return path if path.exists() else _existing(path.parent)
