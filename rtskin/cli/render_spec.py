"""From the options of ``rtskin render`` to a pipeline and its outputs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, get_args

from rtskin import paths
from rtskin.capture.kinds import kind_of
from rtskin.errors import InputError, SinkError, UnknownNameError
from rtskin.files import check_output
from rtskin.graph import Graph
from rtskin.graph.spec import GraphSpec, read_spec
from rtskin.offline.frames import read_table
from rtskin.offline.manifest import OutputPart
from rtskin.offline.output import WriteOutput, options_of
from rtskin.offline.plan import SEGMENT, Wanted
from rtskin.offline.settle import RENDER, mask_part
from rtskin.render.outputs import check_output_fits
from rtskin.render.outputs.formats import CONTAINERS
from rtskin.render.outputs.images import place_of
from rtskin.render.outputs.options import Codec
from rtskin.render.sinks.choose import sink_for
from rtskin.riding import with_every

__all__ = [
    "can_be_read_again",
    "check_source",
    "is_complete",
    "once",
    "outputs_of",
    "read_table",
    "spec_for",
    "targets_of",
    "wanted",
]

PIPELINE = "offline_render"
#: Standard input or output.
PIPE = "-"

#: Where to, and with which view (None: the pipeline's).
Target = tuple[str, str | None]


def targets_of(output: str | None, view: str | None, others: Mapping[str, str | None]) -> list[Target]:
    """OUTPUT and those that have a view of their own, by view. InputError where there is none."""
    targets: list[Target] = [] if output is None else [(output, view)]
    targets += [(path, name) for name, path in others.items() if path is not None]
    if not targets:
        raise InputError("there is no output; name an OUTPUT, or use --matte FILE or --overlay FILE")
    names = [os.path.abspath(path) for path, _ in targets]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{name} is named as two outputs; give them two names")
    return targets


def check_source(source: str, targets: Sequence[Target]) -> None:
    """InputError for a source that may have no end, and for outputs that are no files, or the input itself."""
    for output, _ in targets:
        if output != PIPE and Path(output).suffix.lower() != ".exr" and "path" not in sink_for(output)[1]:
            raise InputError(
                f"OUTPUT must be a file, not {output!r}; to show or time something use rtskin live --sink {output}"
            )
        if source != PIPE and os.path.abspath(source) == os.path.abspath(output):
            raise InputError(f"{output} is the input itself; choose another OUTPUT")
    if source != PIPE and kind_of(source) in ("camera", "network"):
        raise InputError(
            f"{source} may have no end; record it with: rtskin live {source} --pace max --sink {targets[0][0]}"
        )


def can_be_read_again(source: str, targets: Sequence[Target]) -> bool:
    """Whether it can be rendered in segments: files can; what is made as it is read, and pipes, cannot."""
    if source == PIPE or any(path == PIPE for path, _ in targets):
        return False
    return kind_of(source) in ("file", "image", "images")


def spec_for(settings: Mapping[str, Any], every: str | None) -> GraphSpec:
    """The pipeline with the options; errors name the line of the file where they can."""
    change = partial(with_every, every=every, repeats=True)
    Graph.from_toml(PIPELINE, settings, change)
    spec, _ = read_spec(paths.find("pipelines", PIPELINE))
    return change(spec.override(settings))


def outputs_of(
    spec: GraphSpec, source: str, targets: Sequence[Target], options: Mapping[str, Any], *, ours: bool = False
) -> list[OutputPart]:
    """The outputs, looking as the pipeline's node ``render`` says. InputError, SinkError for what cannot be written.

    options: of all of them. ours: what is there already is of this very render, which was stopped after that.
    """
    if options.get("codec", "auto") not in get_args(Codec):
        raise UnknownNameError("codec", options["codec"], get_args(Codec))
    usual = spec.nodes[RENDER].options.get("view", "matte") if RENDER in spec.nodes else "matte"
    parts = []
    for path, view in targets:
        part = OutputPart(path=_absolute(path), view=view or usual, options=dict(options))
        file = source if source != PIPE and kind_of(source) == "file" else None
        check_output_fits(path, part.view, options_of(part), file)
        _check_place(path, bool(options.get("overwrite")) or ours)
        parts.append(part)
    return parts


def once(spec: GraphSpec, outputs: Sequence[OutputPart]) -> Graph:
    """The graph that renders in one pass, from the source to the outputs."""
    masks, graph = mask_part(spec), Graph()
    for name, node in masks.nodes.items():
        graph.add(name, node.build(name), workers=node.workers)
    for edge in masks.edges:
        graph.connect(edge.source, edge.target, policy=edge.policy, size=edge.size)
    (last,) = graph.check().leaves
    for number, part in enumerate(outputs):
        graph.add(f"output-{number}", WriteOutput(part, part.path))
        graph.connect(last, f"output-{number}")
    return graph


def wanted(
    source: str,
    spec: GraphSpec,
    outputs: Sequence[OutputPart],
    start: str | None,
    end: str | None,
    segment: int | None,
    lease: float = 60.0,
) -> Wanted:
    """What is to be planned."""
    return Wanted(source, spec, outputs, start, end, segment or SEGMENT, lease_seconds=lease)


def is_complete(folder: Path) -> bool:
    """Whether the outputs of a work folder are complete, and have their names or are about to get them."""
    return (folder / "finish" / "complete").exists()


def _absolute(path: str) -> str:
    if path == PIPE:
        return path
    return os.path.abspath(path) + ("/" if path.endswith(("/", os.sep)) else "")


def _check_place(path: str, overwrite: bool) -> None:
    if path == PIPE:
        return
    if Path(path).suffix.lower() in CONTAINERS:
        check_output(path, overwrite)
        return
    folder, _ = place_of(path)
    if not (folder.is_dir() or (path.endswith(("/", os.sep)) and folder.parent.is_dir())):
        raise SinkError(f"cannot write {path}: there is no folder {folder}; make it first")
