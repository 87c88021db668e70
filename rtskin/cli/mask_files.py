"""The images that ``rtskin mask`` was given, one by one, in folders or by patterns, and what each becomes."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rtskin.capture.kinds import IMAGE_SUFFIXES
from rtskin.errors import InputError, RtskinError, SourceError, SourceNotFoundError

#: What makes a name a pattern, where no file is called so.
_PATTERN = "*?["


@dataclass(frozen=True)
class Job:
    """An image and the file it becomes. single: it was named by itself."""

    image: Path
    target: Path
    single: bool = False


@dataclass
class Jobs:
    """todo: in order. failed: a line for each image that cannot be begun, with the reason."""

    todo: list[Job] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.todo) + len(self.failed)


def jobs_of(images: Sequence[str], out: Path) -> Jobs:
    """What is to be done. A file becomes OUT/STEM.png; of a folder, and of a pattern (``photos/**/*.jpg``), what lies deeper
    keeps its place in the tree.

    InputError: two images that were named one by one would become one file. SourceNotFoundError: no file matches a pattern.
    SourceError: a folder without images. Two images of a folder that would become one file are among the failed, both.
    """
    found = Jobs()
    by_target: dict[Path, list[Job]] = {}
    for name in images:
        for job in _jobs(name, out):
            by_target.setdefault(job.target, []).append(job)
    for target, jobs in by_target.items():
        different = list(dict.fromkeys(job.image for job in jobs))
        if len(different) == 1:
            found.todo.append(jobs[0])
        elif all(job.single for job in jobs):
            one, other = different[:2]
            raise InputError(f"{one} and {other} would both become {target.name}; give them to two calls")
        else:
            also = " and ".join(map(str, different))
            found.failed.append(f"{also} would all become {target}; rename some of them")
    return found


def _jobs(name: str, out: Path) -> Iterator[Job]:
    path = Path(name)
    if path.is_dir():
        yield from _below(path, _walked(path, out), out, SourceError(f"no image in the folder {path}"))
    elif any(sign in name for sign in _PATTERN) and not os.path.lexists(path):
        matches = (Path(one) for one in sorted(glob.glob(name, recursive=True)) if os.path.isfile(one))
        yield from _below(_fixed_part(path), matches, out, SourceNotFoundError(f"no file matches {name}"))
    else:
        yield Job(path, out / f"{path.stem}.png", single=True)


def _below(root: Path, images: Iterable[Path], out: Path, if_none: RtskinError) -> Iterator[Job]:
    images = list(images)
    if not images:
        raise if_none
    for image in images:
        yield Job(image, (out / image.relative_to(root)).with_suffix(".png"))


def _walked(folder: Path, out: Path) -> Iterator[Path]:
    """Images below a folder, but for what was written there before."""
    written = os.path.realpath(out)
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if os.path.realpath(os.path.join(place, one)) != written)
        for name in sorted(names):
            if Path(name).suffix.lower() in IMAGE_SUFFIXES and not name.startswith("."):
                yield Path(place, name)


def _fixed_part(pattern: Path) -> Path:
    """The folder that a pattern begins with."""
    parts: list[str] = []
    for part in pattern.parts[:-1]:
        if any(sign in part for sign in _PATTERN):
            break
        parts.append(part)
    return Path(*parts)
