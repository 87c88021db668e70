"""The work of ``rtskin mask``: while the network looks at one image, the next is read and the one before is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rtskin.capture.still import Still, read_still
from rtskin.errors import RtskinError, SinkError, SourceError
from rtskin.files import check_output, make_folders, write_bytes
from rtskin.render import still

if TYPE_CHECKING:
    from rtskin.cli.mask_files import Job
    from rtskin.frame import Picture
    from rtskin.segmenter import Segmenter


@dataclass
class Summary:
    """What became of the images."""

    written: int = 0
    skipped: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Wanted:
    """view, bits: as of rtskin.render.still. overwrite: replace what is there, else skip it."""

    view: str
    bits: Any
    overwrite: bool


def work(jobs: Sequence[Job], segmenter: Segmenter, wanted: Wanted, tell: Callable[[str], None]) -> Summary:
    """All of ``jobs``, in order. An image that fails is told, counted, and stops no other; at most three are in memory."""
    summary, writing = Summary(), None
    with ThreadPoolExecutor(1, "read") as reader, ThreadPoolExecutor(1, "write") as writer:
        ahead = [reader.submit(_read, job, wanted) for job in jobs[:1]]
        for index, job in enumerate(jobs):
            reading = ahead.pop()
            ahead = [reader.submit(_read, other, wanted) for other in jobs[index + 1 : index + 2]]
            try:
                image = reading.result()
                if image is None:
                    summary.skipped += 1
                    continue
                mask = _enough(lambda picture: segmenter(picture.bgr(), wanted.bits), job, image.picture)
            except RtskinError as error:
                _failed(error, summary, tell)
                continue
            _finish(writing, summary, tell)
            writing = writer.submit(_write, job, image, mask, wanted)
        _finish(writing, summary, tell)
    return summary


def _read(job: Job, wanted: Wanted) -> Still | None:
    """None: it is there already. Errors: what would come after the work is said before it."""
    if job.target.exists() and job.target.resolve() == job.image.resolve():
        raise SinkError(f"the mask of {job.image} would replace the image; use another folder")
    if job.target.is_file() and not wanted.overwrite:
        return None
    make_folders(job.target.parent)
    check_output(job.target, wanted.overwrite)
    return read_still(job.image)


def _write(job: Job, image: Still, mask: Any, wanted: Wanted) -> None:
    data = _enough(
        lambda picture: still.encoded(still.shown(wanted.view, picture, mask), image.profile), job, image.picture
    )
    write_bytes(job.target, data, overwrite=wanted.overwrite)


def _enough(run: Callable[[Picture], Any], job: Job, picture: Picture) -> Any:
    """What ``run`` makes of a picture; SourceError where memory is short for it."""
    try:
        return run(picture)
    except MemoryError:
        raise SourceError(
            f"there is too little memory for the {picture.width}×{picture.height} pixels of {job.image}; close other "
            "programs, or make it smaller"
        ) from None


def _finish(writing: Future[None] | None, summary: Summary, tell: Callable[[str], None]) -> None:
    """Wait for what is being written, and count it."""
    if writing is None:
        return
    try:
        writing.result()
        summary.written += 1
    except RtskinError as error:
        _failed(error, summary, tell)


def _failed(error: RtskinError, summary: Summary, tell: Callable[[str], None]) -> None:
    summary.failed += 1
    tell(str(error))
