"""From the options of ``rtskin render`` to a pipeline and its outputs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, get_args

from rtskin import paths
from rtskin.capture.images import check_there
from rtskin.capture.kinds import kind_of, open_source
from rtskin.capture.span import Span
from rtskin.cli import options as o
from rtskin.cli.background import before
from rtskin.cli.graphs import graph_from
from rtskin.cli.refined import with_refinement
from rtskin.cli.render_alpha import warn_of_alpha
from rtskin.cli.render_options import PlanOptions
from rtskin.cli.render_places import PIPE, check_name, check_place, refuse_existing_images, refuse_idle
from rtskin.errors import InputError, UnknownNameError
from rtskin.graph import Graph
from rtskin.graph.spec import GraphSpec, read_spec
from rtskin.offline.backdrop import settled
from rtskin.offline.frames import read_table
from rtskin.offline.manifest import OutputPart
from rtskin.offline.output import WriteOutput, options_of
from rtskin.offline.plan import SEGMENT, Wanted
from rtskin.offline.settle import RENDER, mask_part, open_model
from rtskin.render.outputs import check_output_fits
from rtskin.render.outputs.options import Codec
from rtskin.riding import with_every

PIPELINE = "offline_render"

#: Where to, and with which view (None: the pipeline's).
Target = tuple[str, str | None]


@dataclass(frozen=True)
class Request:
    """What the options ask for, as far as it can be told without a look at the source. again: it can be read again."""

    options: PlanOptions
    targets: Sequence[Target]
    spec: GraphSpec
    again: bool

    @classmethod
    def of(cls, options: PlanOptions) -> Request:
        """InputError for options that cannot be, or that contradict each other."""
        targets = targets_of(options.output, options.view, {"matte": options.matte, "overlay": options.overlay})
        check_source(options.source, targets)
        for path, view in targets:
            check_name(path, view or "matte")
        refuse_idle(options.codec, options.crf, options.bits, [path for path, _ in targets])
        Span.between(options.start, options.end)
        return cls(options, targets, spec_for(options), can_be_read_again(options.source, targets))

    def parts(self) -> list[OutputPart]:
        """The outputs, looking as the pipeline's node ``render`` says."""
        asked = self.options
        options = {"codec": asked.codec, "crf": asked.crf, "bits": asked.bits, "copies": asked.copies}
        options |= {"overwrite": asked.overwrite or None}
        if options["codec"] not in (None, *get_args(Codec)):
            raise UnknownNameError("codec", str(options["codec"]), get_args(Codec))
        usual = self.spec.nodes[RENDER].options.get("view", "matte") if RENDER in self.spec.nodes else "matte"
        parts = []
        for path, text in zip([path for path, _ in self.targets], self._views(usual), strict=True):
            view, files = settled(text)
            parts.append(OutputPart(path=_absolute(path), view=view, options=o.given(options), files=files))
        shown = {os.path.realpath(file) for part in parts for file in part.files}
        for part in parts:
            if os.path.realpath(part.path) in shown:
                raise InputError(f"{part.path} is the background itself; choose another OUTPUT")
        return parts

    def _views(self, usual: str) -> list[str]:
        """Of each target. InputError for views that cannot be, and for a background that nothing stands before."""
        views = [view or usual for _, view in self.targets]
        return views if self.options.background is None else before(self.options.background, views)

    def outputs(self, *, ours: bool = False) -> list[OutputPart]:
        """The same, known to fit and to have a place. InputError, SinkError for what cannot be written; the source's errors.

        ours: what is there already is of this very render, which was stopped after that.
        """
        source, overwrite = self.options.source, self.options.overwrite or ours
        if self.again:
            read_table(source)  # before anything else is said of it: it may be no video
        file = source if source != PIPE and kind_of(source) == "file" else None
        parts = self.parts()
        for part in parts:
            check_output_fits(part.path, part.view, options_of(part), file)
            check_place(part.path, overwrite)
        if self.again and not overwrite:
            refuse_existing_images(parts, source, self.options.start, self.options.end)
        if self.again:
            warn_of_alpha(source, parts)
        return parts

    def wanted(self, outputs: Sequence[OutputPart], **own: Any) -> Wanted:
        """What is to be planned. own: of rtskin.offline.plan.Wanted, what is no option of a plan."""
        asked = self.options
        return Wanted(
            asked.source,
            self.spec,
            outputs,
            asked.start,
            asked.end,
            asked.segment or SEGMENT,
            asked=self._asked(),
            afresh=asked.overwrite,
            **own,
        )

    def _asked(self) -> dict[str, str]:
        """The options that decide what comes out, as they are called, but for INPUT."""
        names = [field.name for field in fields(PlanOptions) if field.name not in ("source", "overwrite")]
        given = {name: getattr(self.options, name) for name in names}
        files = [name for name in ("output", "matte", "overlay", "background") if given[name] is not None]
        given |= {name: _absolute(given[name]) for name in files if name != "background" or os.path.isfile(given[name])}
        return {_option(name): _worded(value) for name, value in given.items() if value is not None}


def check_for_all(options: PlanOptions) -> None:
    """What every video would end with, whatever is in it: InputError, SinkError for options that cannot be;
    ModelError, RuntimeUnavailableError, MissingExtraError for a model that cannot be had."""
    request = Request.of(options)
    for part in request.parts():
        check_output_fits(part.path, part.view, options_of(part))
    open_model(mask_part(request.spec)).close()


def targets_of(output: str | None, view: str | None, others: Mapping[str, str | None]) -> list[Target]:
    """OUTPUT and those that have a view of their own, by view. InputError where there is none."""
    if output is None and view is not None:
        raise InputError("--view is of OUTPUT, and there is none; --matte and --overlay have a view of their own")
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
    """InputError for a source that may have no end, and for an output that is the input itself; SourceNotFoundError."""
    if source == PIPE:
        return
    for output, _ in targets:
        # Also by way of a link: what is overwritten would be gone.
        if os.path.realpath(source) == os.path.realpath(output):
            raise InputError(f"{output} is the input itself; choose another OUTPUT")
    check_there(source)
    kind = kind_of(source)
    if kind in ("camera", "network"):
        raise InputError(
            f"{source} may have no end; record it with: rtskin live {source} --pace max --sink {targets[0][0]}"
        )
    if kind == "pattern":
        with open_source(source) as pattern:
            if pattern.live:
                raise InputError(f"{source} has no end; say how long it is, e.g. pattern:640x480@30?frames=100")


def can_be_read_again(source: str, targets: Sequence[Target]) -> bool:
    """Whether it can be rendered in segments: files can; what is made as it is read, and pipes, cannot."""
    if source == PIPE or any(path == PIPE for path, _ in targets):
        return False
    return kind_of(source) in ("file", "image", "images")


def spec_for(options: PlanOptions) -> GraphSpec:
    """The pipeline with the options; errors name the option, or the line of the file, where they can."""
    settings = o.settings(
        options.source,
        options.model,
        options.smooth,
        options.device,
        options.threads,
        options.size,
        infer_classes=options.classes,
        infer_runtime=options.runtime,
        source_start=options.start,
        source_end=options.end,
        source_decode=options.decode,
        smooth_strength=options.strength,
        smooth_lookahead=options.lookahead,
        preprocess_skip=options.skip,
    )

    def change(spec: GraphSpec) -> GraphSpec:
        riding = with_every(spec, every=options.every, repeats=True)
        return with_refinement(riding, options.refine, options.refiner, options.tiles)

    graph_from(PIPELINE, settings, change)
    spec, _ = read_spec(paths.find("pipelines", PIPELINE))
    return change(spec.override(settings))


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


def _option(name: str) -> str:
    """What a field of the options is called on the command line."""
    return {"output": "OUTPUT", "classes": "--class"}.get(name, f"--{name}")


def _worded(value: object) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


def _absolute(path: str) -> str:
    if path == PIPE:
        return path
    return os.path.abspath(path) + ("/" if path.endswith(("/", os.sep)) else "")
