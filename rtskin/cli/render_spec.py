"""From the options of ``rtskin render`` to a pipeline and its outputs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from rtskin import paths
from rtskin.capture.kinds import kind_of
from rtskin.cli.live import sink_node
from rtskin.errors import InputError
from rtskin.files import check_output
from rtskin.graph import Graph
from rtskin.graph.spec import GraphSpec, read_spec
from rtskin.offline.manifest import OutputPart
from rtskin.offline.plan import SEGMENT, Wanted, outputs_for
from rtskin.riding import with_every

PIPELINE = "offline_render"

#: View → where to (None: not wanted), for outputs beside the first.
Views = Mapping[str, str | None]


def first_output(output: str | None, views: Views) -> str:
    """What the work folder is named after; InputError where no output is named at all."""
    for path in (output, *views.values()):
        if path is not None:
            return path
    raise InputError("there is no output; name an OUTPUT, or use --matte FILE or --overlay FILE")


def is_complete(folder: Path) -> bool:
    """Whether the outputs of a work folder are complete, and have their names or are about to get them."""
    return (folder / "finish" / "complete").exists()


def has_frame_table(source: str, output: str) -> bool:
    """Whether a source can be rendered in segments: files can; what is made as it is read cannot.

    InputError for one that may have no end.
    """
    kind = kind_of(source)
    if kind in ("camera", "network"):
        raise InputError(f"{source} may have no end; record it with: rtskin live {source} --pace max --sink {output}")
    return kind in ("file", "image", "images")


def sink_for_output(source: str, output: str, overwrite: bool, ours: bool = False) -> dict[str, Any]:
    """The sink's node; InputError for an output that is no file, or the input itself; SinkError where it cannot be.

    ours: what is there already is of this very render, which was stopped after it gave it its name.
    """
    sink = sink_node(output, overwrite)
    if source != "-" and os.path.abspath(source) == os.path.abspath(output):
        raise InputError(f"{output} is the input itself; choose another OUTPUT")
    if "path" not in sink:
        raise InputError(
            f"OUTPUT must be a file, not {output!r}; to show or time something use rtskin live --sink {output}"
        )
    if sink["kind"] == "file" and not ours:
        check_output(output, overwrite)
    return sink


def change_for(every: str | None) -> Callable[[GraphSpec], GraphSpec]:
    """What --every makes of the pipeline."""
    return partial(with_every, every=every, repeats=True)


def spec_for(settings: Mapping[str, Any], every: str | None) -> GraphSpec:
    """The pipeline with the options; errors name the line of the file where they can."""
    change = change_for(every)
    Graph.from_toml(PIPELINE, settings, change)
    spec, _ = read_spec(paths.find("pipelines", PIPELINE))
    return change(spec.override(settings))


def outputs_of(
    spec: GraphSpec, source: str, output: str | None, views: Views, overwrite: bool, ours: bool = False
) -> list[OutputPart]:
    """The outputs of a pipeline whose sink is for ``output``, and of others with views of their own."""
    render = dict(spec.nodes["render"].options)
    wanted = [(output, render)] if output is not None else []
    wanted += [(path, {**render, "view": view}) for view, path in views.items() if path is not None]
    parts = []
    for path, options in wanted:
        sink = sink_for_output(source, path, overwrite, ours)
        own = {key: value for key, value in sink.items() if key != "kind"}
        parts.append(outputs_for(path, sink["kind"], own, options))
    names = [part.path for part in parts]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{name} is named as two outputs; give them two names")
    return parts


def wanted(
    source: str,
    spec: GraphSpec,
    outputs: list[OutputPart],
    start: str | None,
    end: str | None,
    segment: int | None,
    lease: float = 60.0,
) -> Wanted:
    """What is to be planned."""
    return Wanted(source, spec, outputs, start, end, segment or SEGMENT, lease_seconds=lease)
