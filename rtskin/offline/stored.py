"""The masks that were made, in order, and each with its frame again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import chain

from rtskin.errors import SourceError
from rtskin.frame import U8, Frame, Mask
from rtskin.node import Context, Node
from rtskin.offline.folder import WorkFolder
from rtskin.offline.mattes import file_digest, read_mattes
from rtskin.offline.segments import Segment


class StoredMasks(Node):
    """Frame → Mask: the stored mask of its number, or the last one before it, where it could not be decoded in its segment.

    A frame before the first mask of all takes that one.
    """

    takes = (Frame,)
    gives = Mask

    def __init__(self, folder: WorkFolder) -> None:
        super().__init__()
        self._folder = folder
        self._model = str(folder.manifest.model.get("name", ""))
        self._masks: Iterator[tuple[int, U8]] = iter(())
        self._ahead: tuple[int, U8] | None = None
        self._mask: U8 | None = None
        #: Frames that took the mask of another.
        self.held = 0

    def open(self, context: Context) -> None:
        self._masks = stored_masks(self._folder)
        self._ahead = next(self._masks, None)

    def process(self, frame: Frame) -> Mask:
        number = None
        while self._ahead is not None and (self._ahead[0] <= frame.seq or self._mask is None):
            number, self._mask = self._ahead
            self._ahead = next(self._masks, None)
        if self._mask is None:
            raise SourceError("not one frame of the input could be decoded, so there is no mask")
        self.held += number != frame.seq
        return Mask(frame, self._mask, self._model)

    def close(self) -> None:
        self._masks, self._ahead, self._mask = iter(()), None, None

    def counters(self) -> dict[str, int | float | str]:
        """held: frames that took the mask of another."""
        return {"held": self.held}


def stored_masks(folder: WorkFolder) -> Iterator[tuple[int, U8]]:
    """Number and mask (uint8 H×W) of every frame that has one. SourceError where a file does not hold what was recorded."""
    for segment in folder.segments:
        record = folder.record(segment)
        if record is None:
            raise SourceError(
                f"segment {segment.number} of {folder.path} is not done; run a worker: rtskin render work"
            )
        path, numbers = folder.mattes(segment), chain.from_iterable(range(*run) for run in record.numbers)
        with closing(read_mattes(path)) as masks:
            for number in numbers:
                mask = next(masks, None)
                if mask is None:
                    raise SourceError(f"{path} ends before frame {number}; remove it, and run a worker again")
                yield number, mask


def damaged_segments(folder: WorkFolder) -> list[Segment]:
    """Those that are done, but whose masks are gone, or are not the bytes that were written."""
    return [segment for segment in folder.segments if _is_damaged(folder, segment)]


def _is_damaged(folder: WorkFolder, segment: Segment) -> bool:
    record = folder.record(segment)
    try:
        return record is not None and file_digest(folder.mattes(segment)) != record.sha256
    except OSError:
        return True
