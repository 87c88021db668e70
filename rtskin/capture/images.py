"""Image sequences: numbered files ("shot.%04d.png"), globs ("shots/*.jpg"), or one image."""

from __future__ import annotations

import glob
import logging
import os
import re
from fractions import Fraction
from pathlib import Path

from rtskin.capture.base import Capture
from rtskin.capture.kinds import IMAGE_SUFFIXES, NUMBER, kind_of
from rtskin.capture.span import Point, Span
from rtskin.capture.still import read_picture
from rtskin.errors import InputError, NoFramesError, RtskinError, SourceError, SourceNotFoundError
from rtskin.frame import Color, Frame, Picture, SourceInfo

log = logging.getLogger("rtskin.capture")

DEFAULT_RATE = 25

#: RGB files are full range; what else they are is hardly ever said.
_COLOR = Color(range="pc", matrix="gbr")


class ImageCapture(Capture):
    """Images as frames, one tick of 1/rate apart.

    rate: frames a second. start, end: seconds, or as rtskin.capture.span.Point; start ≤ t < end. The number of a frame is
    the one in its name ("1001f" is shot.1001.png), else its place from 0. A numbered sequence keeps its numbers in
    ``Frame.number``, and a gap in the numbers is a gap in the times; other images follow one another in natural order.
    Pictures have the depth of their files (rtskin.capture.still.read_picture).
    Counters: damaged (images that cannot be read, passed over), missing (numbers in the gaps).
    """

    def __init__(
        self,
        uri: str | os.PathLike[str],
        *,
        start: Point | None = None,
        end: Point | None = None,
        rate: float | Fraction | None = None,
    ) -> None:
        self._name = Path(uri).name
        self._rate = _rate(rate)
        self._base = 1 / self._rate
        self._span = Span.between(start, end)
        self._damaged = 0
        everything = _files(os.fspath(uri))
        self._alone = len(everything) == 1
        self._todo = [item for item in everything if self._asked_for(item[0], item[2])]
        if not self._todo:
            raise NoFramesError(f"{self._name} has no image between {self._span}; {_extent(everything, self._base)}")
        numbers = [number for _, _, number in self._todo if number is not None]
        self._missing = numbers[-1] - numbers[0] + 1 - len(numbers) if numbers else 0
        if self._missing:
            log.warning(
                "%s: %d numbers are missing between %d and %d", self._name, self._missing, numbers[0], numbers[-1]
            )
        self._place = 0
        count = self._todo[-1][0] - self._todo[0][0] + 1
        first = self._first()
        super().__init__(
            SourceInfo(
                name=self._name,
                width=first.width,
                height=first.height,
                rate=self._rate,
                color=_COLOR,
                frames=len(self._todo),
                duration=float(count * self._base),
            )
        )
        self._ahead: Picture | None = first

    def read(self) -> Frame | None:
        while self._place < len(self._todo) and not self._interrupted.is_set():
            pts, path, number = self._todo[self._place]
            image, self._ahead = self._ahead, None
            if image is None:
                image = self._try(path)
            self._place += 1
            if image is not None:
                return self._stamp(image, pts, self._base, duration=1, number=number)
        return None

    def close(self) -> None:
        super().close()
        self._ahead = None

    def counters(self) -> dict[str, int | float | str]:
        return {"damaged": self._damaged, "missing": self._missing}

    @property
    def times(self) -> list[int]:
        """pts of every image that was asked for, those included that may turn out not to be readable."""
        return [pts for pts, _, _ in self._todo]

    @property
    def paths(self) -> list[Path]:
        """The files of those images."""
        return [path for _, path, _ in self._todo]

    def _asked_for(self, pts: int, number: int | None) -> bool:
        seconds, number = float(pts * self._base), pts if number is None else number
        return not self._span.is_before(seconds, number) and not self._span.is_after(seconds, number)

    def _first(self) -> Picture:
        """The first image that can be read; the place stays on it."""
        if self._alone:
            return read_picture(self._todo[0][1])
        while self._place < len(self._todo):
            if (image := self._try(self._todo[self._place][1])) is not None:
                return image
            self._place += 1
        raise NoFramesError(f"none of the {len(self._todo)} images of {self._name} can be read")

    def _try(self, path: Path) -> Picture | None:
        try:
            return read_picture(path)
        except RtskinError as error:
            self._damaged += 1
            log.warning("%s; passed over", error)
            return None


def check_there(uri: str) -> None:
    """SourceNotFoundError where there is no file, and no image of that name or pattern; InputError, SourceError for what can
    be no source. Nothing is opened."""
    if kind_of(uri) == "images":
        _files(uri)


def _rate(rate: float | Fraction | None) -> Fraction:
    fraction = Fraction(DEFAULT_RATE) if rate is None else Fraction(rate).limit_denominator(1001)
    if not 0 < fraction <= 1000:
        raise InputError(f"rate is in frames a second, more than 0 and up to 1000, not {rate}")
    return fraction


def _extent(items: list[tuple[int, Path, int | None]], base: Fraction) -> str:
    """Which frames there are, as people would name them to start and end at."""
    (first, _, low), (last, _, high) = items[0], items[-1]
    numbers = f"{first if low is None else low}f to {last if high is None else high}f"
    return f"it has {len(items)}: {numbers}, at {float(first * base):.2f} to {float(last * base):.2f} s"


def _files(uri: str) -> list[tuple[int, Path, int | None]]:
    """pts, path and number of every image, in order."""
    path = Path(uri)
    if path.is_file():
        return [(0, path, None)]
    found = NUMBER.search(path.name)
    return _numbered(path, found) if found else _globbed(uri)


def _numbered(path: Path, found: re.Match[str]) -> list[tuple[int, Path, int | None]]:
    if len(NUMBER.findall(path.name)) > 1:
        raise InputError(f"{path.name} has more than one number in it; leave one %d")
    width = int(found[1] or 0)
    before, after = path.name[: found.start()], path.name[found.end() :]
    names = re.compile(re.escape(before) + r"(\d+)" + re.escape(after))
    numbers = {}
    for item in _listing(path.parent):
        match = names.fullmatch(item)
        # Exactly what printf would write: with %04d, 12345 is fine, 00012 and 12 are other sequences.
        if match and match[1] == str(int(match[1])).zfill(width if found[1].startswith("0") else 0):
            numbers[int(match[1])] = path.parent / item
    if not numbers:
        raise SourceNotFoundError(f"no file matches {path}; {_hint(path.parent)}")
    first = min(numbers)
    return [(number - first, numbers[number], number) for number in sorted(numbers)]


def _globbed(uri: str) -> list[tuple[int, Path, int | None]]:
    names = sorted((name for name in glob.glob(uri, recursive=True) if os.path.isfile(name)), key=_natural)
    if not names:
        raise SourceNotFoundError(f"no file matches {uri}; {_hint(Path(uri).parent)}")
    return [(index, Path(name), None) for index, name in enumerate(names)]


def _listing(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SourceError(f"{folder} cannot be listed: {error.strerror}") from None


def _hint(folder: Path) -> str:
    if not folder.is_dir():
        return f"there is no folder {folder}"
    names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    names = [name for name in names if Path(name).suffix.lower() in IMAGE_SUFFIXES] or names
    where = "this folder" if folder == Path() else str(folder)
    return f"the first name in {where} is {names[0]}" if names else f"{where} is empty"


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts img2 before img10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]
