"""The last pass: source and masks, once from beginning to end, into the outputs.

They are written in the work folder, and get their names when all of them are complete. A pass that was killed is begun
again; one that was killed while it gave the names goes on with the rest.
"""

from __future__ import annotations

import filecmp
import logging
import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rtskin.errors import InputError, SinkError, reason
from rtskin.files import OutputFile, check_output
from rtskin.graph import Graph
from rtskin.offline.backdrop import refuse_other_files
from rtskin.offline.folder import FINISH, WorkFolder
from rtskin.offline.leases import Leases
from rtskin.offline.output import WriteOutput
from rtskin.offline.source import NumberedFrames
from rtskin.offline.stored import StoredMasks, damaged_segments

log = logging.getLogger("rtskin.offline")

_COMPLETE, _PUBLISHED = "complete", "published"
#: Seconds between two looks at another who is at it.
_LOOK = 0.5
#: Bytes at once, where a file has to be copied to another file system.
_CHUNK = 1 << 22


@dataclass(frozen=True)
class Finished:
    """frames: of each output. held: how many of them could not be decoded, and show the picture and mask before them.

    cut: the source ends before it says that it does.
    """

    frames: int
    held: int
    cut: bool = False


def finish(
    folder: WorkFolder, stopping: threading.Event | None = None, progress: Callable[[int], None] = lambda frames: None
) -> Finished | None:
    """Writes the outputs. progress: told how many frames are written. None where ``stopping`` was set before the end.

    InputError: segments that are not done, or no more what they were (these are to be made again), a background that is not
    the planned one. SinkError, OutputExistsError: an output cannot be written; what was done stays.
    """
    with folder.unless_replaced():
        return _finish(folder, stopping or threading.Event(), progress)


def _finish(folder: WorkFolder, stopping: threading.Event, progress: Callable[[int], None]) -> Finished | None:
    folder.make()
    leases = Leases(folder.leases, folder.manifest.lease_seconds)
    looks = 0
    while (lease := leases.claim("finish")) is None:
        looks += 1
        leases.say_who("the outputs, which are being written", looks)
        if stopping.wait(_LOOK):
            return None
    with lease:
        folder.refuse_replaced()
        done = _read(folder.finish / _COMPLETE)
        if done is None or _is_gone(folder):
            refuse_unfinished(folder)
            refuse_other_files(folder.manifest.outputs)
            done = _write(folder, stopping, progress)
        if done is None:
            return None
        folder.refuse_replaced()
        if not is_published(folder.path):
            _publish(folder)
    leases.forget("finish")
    return done


def is_complete(folder: Path) -> bool:
    """Whether the outputs of a work folder are complete, and have their names or are about to get them."""
    return (folder / FINISH / _COMPLETE).exists()


def is_published(folder: Path) -> bool:
    """Whether they have their names."""
    return (folder / FINISH / _PUBLISHED).exists()


def write_again(folder: Path) -> None:
    """Outputs that have their names already are written once more, from the masks that are there."""
    if is_published(folder):
        shutil.rmtree(folder / FINISH)


def _is_gone(folder: WorkFolder) -> bool:
    """A file or folder had its name, and is not there any more. (Of images side by side with others nobody can tell.)"""
    paths = (Path(output.path) for output in folder.manifest.outputs if "%" not in output.path)
    return is_published(folder.path) and not all(path.exists() for path in paths)


def refuse_unfinished(folder: WorkFolder) -> None:
    """InputError where masks are missing; those that are damaged count as missing from now on."""
    for segment in damaged_segments(folder):
        folder.redo(segment)
    missing = sum(folder.record(segment) is None for segment in folder.segments)
    if missing:
        raise InputError(
            f"{missing} of {len(folder.segments)} segments of {folder.path} are not done; "
            f"run: rtskin render work {folder.path}"
        )


def _write(folder: WorkFolder, stopping: threading.Event, progress: Callable[[int], None]) -> Finished | None:
    _clear(folder.finish)
    graph, frames, masks = _graph(folder)
    try:
        graph.start()
        while not graph.wait(0.1):
            progress(_written(graph))
            if stopping.is_set():
                graph.stop()
                break
        written = _written(graph)
        progress(written)
    except BaseException:
        shutil.rmtree(folder.finish, ignore_errors=True)  # the disk may be full
        raise
    if stopping.is_set():
        return None
    folder.source()  # what was read was the planned input, to the end
    done = Finished(written, max(frames.lost, masks.held), bool(frames.counters().get("truncated")))
    _mark(folder.finish / _COMPLETE, f"{done.frames} {done.held} {int(done.cut)}\n")
    return done


def _graph(folder: WorkFolder) -> tuple[Graph, NumberedFrames, StoredMasks]:
    manifest = folder.manifest
    part = manifest.segments
    frames = NumberedFrames(
        folder.source(), folder.table, part.first, part.last, fill=True, decode=folder.manifest.decode
    )
    masks = StoredMasks(folder)
    graph = Graph().add("source", frames).add("masks", masks).connect("source", "masks", size=4)
    for number, output in enumerate(manifest.outputs):
        place = folder.finish / str(number)
        place.mkdir()
        slash = "/" if output.path.endswith("/") else ""
        graph.add(f"output-{number}", WriteOutput(output, f"{place / Path(output.path).name}{slash}"))
        graph.connect("masks", f"output-{number}", size=4)
    return graph, frames, masks


def _written(graph: Graph) -> int:
    return graph.statistics().frames["rendered"]


def _publish(folder: WorkFolder) -> None:
    """Everything under its name; nothing where one of them is taken."""
    moves = [
        (path, Path(output.path).parent / path.relative_to(folder.finish / str(number)), output.options)
        for number, output in enumerate(folder.manifest.outputs)
        for path in sorted((folder.finish / str(number)).rglob("*"))
        if path.is_file()
    ]
    for path, target, options in moves:
        target.parent.mkdir(exist_ok=True)
        if not _is_there(path, target):
            check_output(target, bool(options.get("overwrite")))
    for path, target, options in moves:
        _move(path, target, bool(options.get("overwrite")))
    _mark(folder.finish / _PUBLISHED, "")


def _move(path: Path, target: Path, overwrite: bool) -> None:
    """In steps after each of which it can be done again."""
    try:
        if _is_there(path, target):
            path.unlink()
        elif overwrite:
            os.replace(path, target)
        else:
            os.link(path, target)
            path.unlink()
    except OSError:  # another file system, or one without links
        _copy(path, target, overwrite)
        path.unlink()


def _copy(path: Path, target: Path, overwrite: bool) -> None:
    with OutputFile(target, overwrite) as file:
        try:
            with path.open("rb") as source, file.temporary.open("wb") as copy:
                shutil.copyfileobj(source, copy, _CHUNK)
                copy.flush()
                os.fsync(copy.fileno())
        except OSError as error:
            raise file.failed(error) from error
        file.commit()


def _is_there(path: Path, target: Path) -> bool:
    """It was moved before, and the process killed between that and the removal here."""
    return target.is_file() and (os.path.samefile(path, target) or filecmp.cmp(path, target, shallow=False))


def _clear(folder: Path) -> None:
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    except OSError as error:
        raise SinkError(f"cannot make {folder}: {reason(error)}") from None


def _mark(path: Path, text: str) -> None:
    with OutputFile(path, overwrite=True) as file:
        file.write(text.encode(), sync=True)
        file.commit()


def _read(path: Path) -> Finished | None:
    try:
        frames, held, cut = path.read_text("utf-8").split()
        return Finished(int(frames), int(held), bool(int(cut)))
    except (OSError, ValueError):
        return None
