"""A worker: takes segments that nobody has, until all are done."""

from __future__ import annotations

import gc
import logging
import threading

from rtskin.errors import InputError, RtskinError
from rtskin.graph.spec import GraphSpec
from rtskin.infer.base import BaseSegmenter
from rtskin.offline.environment import differences, environment
from rtskin.offline.folder import WorkFolder
from rtskin.offline.leases import Lease, Leases
from rtskin.offline.manifest import Manifest
from rtskin.offline.segment import make_segment
from rtskin.offline.segments import Segment
from rtskin.offline.settle import model_facts, open_model

log = logging.getLogger("rtskin.offline")

#: Seconds between two looks at what others work on, where nothing else is left.
_LOOK = 0.5


class Worker:
    """Works on a folder in the thread that calls ``run``.

    frames: masks that this worker has made, those of the segment that it is at included.
    """

    def __init__(self, folder: WorkFolder, stopping: threading.Event | None = None) -> None:
        self._folder, self._stopping = folder, stopping or threading.Event()
        self._leases = Leases(folder.leases, folder.manifest.lease_seconds)
        self.frames = 0

    def run(self) -> bool:
        """Until all segments are done, whoever makes them: True; False where ``stopping`` was set before.

        A worker that would make other masks than planned is refused: InputError says in what it differs. Errors of a segment
        (a source that cannot be read, a full disk) end the worker; what is done stays.
        """
        with self._folder.unless_replaced():
            return self._run()

    def _run(self) -> bool:
        folder = self._folder
        if self._folder.all_done():
            return True
        folder.make()
        source = folder.source()
        refuse_other_environment(folder.manifest)
        infer = open_model(GraphSpec.parse(folder.manifest.pipeline))
        try:
            refuse_other_model(folder.manifest, infer.segmenter)
            looks = 0
            while not self._stopping.is_set() and not self._folder.all_done():
                if not self._take_one(source, infer.segmenter):
                    looks += 1
                    self._leases.say_who("the last segments, which are being made", looks)
                    self._stopping.wait(_LOOK)
        finally:
            infer.close()
        return self._folder.all_done()

    def _take_one(self, source: str, segmenter: BaseSegmenter) -> bool:
        """Make the first segment that can be had; False where there is none."""
        done = self._folder.done()
        for segment in self._folder.segments:
            if segment.number in done or (lease := self._leases.claim(segment.name)) is None:
                continue
            with lease:
                self._folder.refuse_replaced()
                if self._folder.record(segment) is None:
                    self._make(segment, lease, source, segmenter)
            if self._folder.record(segment) is not None:
                self._leases.forget(segment.name)
            return True
        return False

    def _make(self, segment: Segment, lease: Lease, source: str, segmenter: BaseSegmenter) -> None:
        before = self.frames

        def go_on(count: int) -> bool:
            lease.frames, self.frames = count, before + count
            return not (lease.lost or self._stopping.is_set())

        self._folder.clean(segment)
        try:
            record = make_segment(self._folder, segment, source, segmenter, go_on)
            # Nodes and graph hold each other, and buffers of 4K: Python looks for such circles by the number of objects, and
            # finds a graph of a few hundred far too late.
            gc.collect()
        except RtskinError:
            if lease.lost:
                return  # what went wrong is the one's who has it now
            raise
        if record is None:
            self.frames = before
            return
        self._folder.source()  # what was read was the planned input, to the end
        self._folder.refuse_replaced()
        self._folder.complete(segment, record)


def refuse_other_environment(manifest: Manifest) -> None:
    """InputError where masks made here might differ from those of the planner, by libraries or processor."""
    _refuse(differences(manifest.environment, environment()))


def refuse_other_model(manifest: Manifest, segmenter: BaseSegmenter) -> None:
    """The same for the model, and what it runs on."""
    _refuse(differences(manifest.model, model_facts(segmenter), "model."))


def _refuse(different: list[str]) -> None:
    if different:
        raise InputError(f"this worker would make other masks than were planned: {'; '.join(different)}")
