"""Planning: input and options → a manifest with everything settled, in a work folder."""

from __future__ import annotations

import hashlib
import math
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from rtskin.capture.kinds import open_source
from rtskin.capture.span import Point
from rtskin.capture.table import FrameTable
from rtskin.errors import GraphSpecError, InputError, SinkError, reason
from rtskin.files import write_bytes
from rtskin.frame import Mask
from rtskin.graph import Graph
from rtskin.graph.spec import GraphSpec
from rtskin.offline.environment import environment
from rtskin.offline.finish import write_again
from rtskin.offline.folder import FINISH, GONE, LEASES, MANIFEST, SEGMENTS, TABLE, WorkFolder
from rtskin.offline.frames import part_of, read_table, to_bytes
from rtskin.offline.identity import fingerprint
from rtskin.offline.manifest import InputPart, Manifest, OutputPart, SegmentsPart
from rtskin.offline.reuse import planned_before, refuse_place
from rtskin.offline.settle import SOURCE, mask_part, model_facts, open_model, settled
from rtskin.preprocess.skip import STRETCH

#: Frames of a segment at most: few enough for several workers on a clip, so many that those before it cost little (32 of
#: 512 at 30 frames a second).
SEGMENT = 512
#: Seconds before a segment that are looked at, so that filters which remember have forgotten their beginning: 7 times their
#: usual time constant. In frames at least and at most so many; where no times are known, those of 30 frames a second.
WARM_SECONDS, LEAST_WARM, MOST_WARM, USUAL_WARM = 1.06, 8, 256, 32


@dataclass(frozen=True)
class Wanted:
    """What is to be planned. spec: the pipeline from source to sink, with the options. start, end: rtskin.capture.span.

    segment, warm_up: in frames; by default the warm-up follows from the rate and from how far masks look ahead. asked: the
    options as people gave them (rtskin.offline.manifest). afresh: what was planned there for another render is dropped.
    elsewhere: what to choose where that is not wanted, in words.
    """

    source: str
    spec: GraphSpec
    outputs: Sequence[OutputPart]
    start: Point | None = None
    end: Point | None = None
    segment: int = SEGMENT
    warm_up: int | None = None
    lease_seconds: float = 60.0
    asked: Mapping[str, str] = field(default_factory=dict)
    afresh: bool = False
    elsewhere: str = "another folder"


def plan(path: Path, wanted: Wanted) -> WorkFolder:
    """The work folder for what is wanted: a new one, or the one that is there already, if it is for just that.

    InputError: a folder of another input or other options (it says in what), unless ``wanted.afresh``, or one of something
    else; errors of the source, the model and the pipeline. Nothing is written or dropped before all is known to be possible.
    """
    refuse_place(path, [output.path for output in wanted.outputs], wanted.elsewhere)
    manifest, table = _manifest(path, wanted)
    there = planned_before(path, manifest, wanted.afresh, wanted.elsewhere)
    if there is None:
        _write(path, manifest, table)
    else:
        _renew(path, there, manifest, table)
        if wanted.afresh:
            write_again(path)
    return WorkFolder(path)


def _renew(path: Path, there: Manifest, now: Manifest, table: FrameTable) -> None:
    """Whether outputs may be replaced, and what decodes, is as it is asked for now. The order of outputs stays: what is
    finished is known by it. A frame table that is damaged is mended."""
    try:
        _ = WorkFolder(path).table
    except InputError:
        write_bytes(path / TABLE, to_bytes(table), overwrite=True)
    asked = {output.path: output for output in now.outputs}
    outputs = [asked[output.path] for output in there.outputs]
    if outputs != there.outputs or there.decode != now.decode:
        pipeline = there.pipeline if there.decode == now.decode else now.pipeline
        there.model_copy(update={"outputs": outputs, "pipeline": pipeline}).save(path / MANIFEST)


def _manifest(path: Path, wanted: Wanted) -> tuple[Manifest, FrameTable]:
    table = read_table(wanted.source)
    _check_decodes(wanted)
    first, last = part_of(wanted.source, table, wanted.start, wanted.end)
    spec = mask_part(wanted.spec)
    _check(spec)
    infer = open_model(spec)
    try:
        spec, model = settled(spec, infer), model_facts(infer.segmenter)
    finally:
        infer.close()
    tail, frames = _tail(spec), evenly(last - first, wanted.segment)
    # Filters are warmed up by masks that come from key frames and look ahead as theirs do, which takes as many before.
    warm_up = warm_up_for(table) + tail + _stretch(spec) if wanted.warm_up is None else wanted.warm_up
    segments = SegmentsPart(first=first, last=last, frames=frames, warm_up=warm_up, tail=tail)
    manifest = Manifest(
        input=_input(path, wanted.source, table),
        segments=segments,
        pipeline=spec.model_dump(mode="json", by_alias=True),
        model=model,
        environment=environment(),
        outputs=list(wanted.outputs),
        lease_seconds=wanted.lease_seconds,
        asked=dict(wanted.asked),
    )
    return manifest, table


def evenly(frames: int, most: int) -> int:
    """Frames of a segment where so many are cut into as few as can be, all of one size: no worker waits for a long one."""
    return math.ceil(frames / math.ceil(frames / most))


def _check_decodes(wanted: Wanted) -> None:
    """A GPU that was asked for is there, and decodes the input: RuntimeUnavailableError now, not in the first worker."""
    node = wanted.spec.nodes.get(SOURCE)
    decode = None if node is None else node.options.get("decode")
    if decode is not None:
        open_source(wanted.source, decode=decode).close()


def warm_up_for(table: FrameTable) -> int:
    """Frames before a segment that are looked at too, by the median time from frame to frame."""
    if not table.timed or len(table) < 2:
        return USUAL_WARM
    step = float(Fraction(int(np.median(np.diff(table.pts)))) * table.time_base)
    return min(max(math.ceil(WARM_SECONDS / step), LEAST_WARM), MOST_WARM) if step > 0 else USUAL_WARM


def _check(spec: GraphSpec) -> None:
    """GraphSpecError now, not in the first worker."""
    topology = Graph(spec).check()
    leaves = [topology.nodes[name] for name in topology.leaves]
    if len(leaves) != 1 or leaves[0].gives not in (Mask, None):
        raise GraphSpecError("the pipeline must come to one node that gives masks, before the node 'render'")
    if SOURCE not in spec.nodes or spec.nodes[SOURCE].options.get("pace") != "max":
        raise GraphSpecError("rtskin render takes every frame: the node 'source' must have pace = \"max\"")


def _tail(spec: GraphSpec) -> int:
    """Frames after a segment that its last masks are made of: those looked ahead to, and those until the next key frame."""
    options = [node.options for node in spec.nodes.values()]
    return sum(int(one.get("lookahead") or 0) for one in options) + sum(int(one.get("every") or 0) for one in options)


def _stretch(spec: GraphSpec) -> int:
    """Frames before a segment until those that are skipped are those of one run over the whole."""
    skips = any(node.kind == "preprocess" and node.options.get("skip") for node in spec.nodes.values())
    return STRETCH if skips else 0


def _input(path: Path, source: str, table: FrameTable) -> InputPart:
    absolute = os.path.abspath(source)
    return InputPart(
        path=absolute,
        relative=os.path.relpath(absolute, path.absolute()),
        fingerprint=fingerprint(source),
        frames=len(table),
        time_base=str(table.time_base),
        timed=table.timed,
        table=hashlib.sha256(to_bytes(table)).hexdigest(),
    )


def _write(path: Path, manifest: Manifest, table: FrameTable) -> None:
    """The manifest last: with it, the folder is complete."""
    try:
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise SinkError(f"cannot make the work folder {path}: {reason(error)}") from None
    for name in (SEGMENTS, LEASES, FINISH, GONE):  # masks without a manifest are of another render
        shutil.rmtree(path / name, ignore_errors=True)
        if (path / name).exists():
            raise SinkError(f"{path / name} is of another render and cannot be removed; choose another work folder")
    write_bytes(path / TABLE, to_bytes(table), overwrite=True)
    manifest.save(path / MANIFEST)
    WorkFolder(path).make()
