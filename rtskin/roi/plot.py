"""The node "plot": Regions → a picture of all tracks over time, once the stream ends."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, ClassVar

from pydantic import field_validator

from rtskin.errors import MissingExtraError
from rtskin.files import OutputFile, check_output
from rtskin.frame import Regions
from rtskin.node import Context, Node, NodeOptions
from rtskin.render.views.marks import color_of
from rtskin.roi.history import History, Span

#: What matplotlib can write of it.
FORMATS = (".png", ".svg", ".pdf")
#: Tracks that have a lane and a way: those that were there longest. More could not be told apart.
LANES = 30
#: Okabe and Ito's colours (2008) of the labels; others are grey.
LABELS = {"face": "#e69f00", "hand": "#0072b2", "other": "#999999"}
#: Marks of the events, in the colour that goes with them.
EVENTS = {"found": ("^", "#009e73"), "lost": ("v", "#d55e00"), "back": ("D", "#cc79a7")}


class PlotOptions(NodeOptions):
    """path: of the picture, .png, .svg or .pdf. overwrite: the file may exist already."""

    path: Path
    overwrite: bool = False

    @field_validator("path")
    @classmethod
    def _known(cls, path: Path) -> Path:
        if path.suffix.lower() not in FORMATS:
            raise ValueError(f"a plot ends in {', '.join(FORMATS)}, not in {path.suffix or 'nothing'}")
        return path


class PlotTracks(Node):
    """Remembers what becomes of the regions (:class:`rtskin.roi.history.History`) and draws it when the stream ends.

    MissingExtraError without matplotlib; SinkError, OutputExistsError where the file cannot be written, before the stream
    begins. A stream that breaks leaves no file.
    """

    takes: ClassVar[tuple[type, ...]] = (Regions,)
    Options = PlotOptions
    emits = "none"

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self._history = History()
        self._file: OutputFile | None = None
        self._name = ""

    def check(self) -> None:
        new_figure(0)  # tells now that matplotlib is missing
        check_output(self.options.path, self.options.overwrite)

    def open(self, context: Context) -> None:
        self.check()
        self._history = History()
        self._file = OutputFile(self.options.path, self.options.overwrite)

    def process(self, regions: Regions) -> None:
        self._name = self._name or regions.frame.source.name
        self._history.add(regions)

    def finish(self) -> None:
        assert self._file is not None, "finish() before open()"
        self._file.write(drawn(self._history, self._name, self.options.path.suffix[1:].lower()))
        self._file.commit()

    def close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.discard()

    def counters(self) -> dict[str, int | float | str]:
        return {"frames": self._history.frames, "stride": self._history.stride}


def new_figure(lanes: int) -> Any:
    """A matplotlib figure with room for so many lanes; MissingExtraError."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", "plot", "plotting tracks (--plot)") from error
    return Figure(figsize=(14, max(4.5, 2 + 0.3 * lanes)), layout="constrained")


def drawn(history: History, name: str, kind: str = "png") -> bytes:
    """The file of a picture: on the left a lane a track over time, in its labels' colours; on the right their ways."""
    spans = history.spans()
    chosen = longest(spans)
    figure = new_figure(len(chosen))
    lanes, ways = figure.subplots(1, 2, width_ratios=(3, 2))
    figure.suptitle(_title(history, name, len(spans), len(chosen)), parse_math=False)
    _draw_lanes(lanes, {number: spans[number] for number in chosen})
    _draw_events(lanes, history, chosen)
    _draw_legend(lanes)
    _draw_ways(ways, history, chosen)
    data = io.BytesIO()
    figure.savefig(data, format=kind, dpi=100)
    return data.getvalue()


def longest(spans: dict[int, list[Span]], count: int = LANES) -> list[int]:
    """The ids that were there longest, in the order in which they were found."""
    there = {number: sum(span.end - span.start for span in parts) for number, parts in spans.items()}
    best = set(sorted(there, key=lambda number: -there[number])[:count])
    return [number for number in spans if number in best]


def _title(history: History, name: str, tracks: int, shown: int) -> str:
    parts = [f"{Path(name).name or name}: {tracks} tracks in {history.frames} frames"]
    parts += [f"the {shown} longest"] if shown < tracks else []
    parts += [f"one frame in {history.stride}"] if history.stride > 1 else []
    return ", ".join(parts)


def _draw_lanes(axes: Any, spans: dict[int, list[Span]]) -> None:
    for lane, parts in enumerate(spans.values()):
        for span in parts:
            color = LABELS.get(span.label, LABELS["other"])
            look = {"facecolor": "white", "hatch": "////"} if span.held else {"facecolor": color}
            axes.broken_barh(
                [(span.start, max(span.end - span.start, 1e-3))], (lane - 0.35, 0.7), edgecolor=color, **look
            )
    axes.set(xlabel="seconds", ylabel="id", ylim=(max(len(spans), 1) - 0.4, -0.6), title="tracks")
    axes.set_yticks(range(len(spans)), [str(number) for number in spans])
    axes.grid(axis="x", alpha=0.3)
    if not spans:
        axes.text(0.5, 0.5, "no regions", ha="center", transform=axes.transAxes)


def _draw_events(axes: Any, history: History, chosen: list[int]) -> None:
    for kind, (marker, color) in EVENTS.items():
        points = [
            (now, chosen.index(event.id)) for now, event in history.events if event.kind == kind and event.id in chosen
        ]
        if points:
            xs, ys = zip(*points, strict=True)
            axes.scatter(xs, ys, s=36, marker=marker, color=color, edgecolor="black", linewidth=0.6, zorder=3)


def _draw_legend(axes: Any) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    patches = [Patch(facecolor=color, label=label) for label, color in LABELS.items()]
    patches.append(Patch(facecolor="white", edgecolor="black", hatch="////", label="held"))
    marks = [
        Line2D([], [], marker=marker, color=color, markeredgecolor="black", linestyle="", label=kind)
        for kind, (marker, color) in EVENTS.items()
    ]
    axes.legend(handles=[*patches, *marks], loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=7, fontsize="small")


def _draw_ways(axes: Any, history: History, chosen: list[int]) -> None:
    width, height = history.size
    paths = history.paths()
    for number in chosen:
        blue, green, red = color_of(number)
        color = (red / 255, green / 255, blue / 255)
        for way in paths[number]:
            xs, ys = zip(*way, strict=True)
            axes.plot(xs, ys, color=color, linewidth=1.5)
        x, y = paths[number][0][0]
        axes.plot(x, y, "o", color=color)
        axes.annotate(str(number), (x, y), xytext=(4, 4), textcoords="offset points", fontsize="small", clip_on=True)
    axes.set(xlim=(0, max(width, 1)), ylim=(max(height, 1), 0), aspect="equal", title="ways (dot: where it was found)")
    axes.set(xlabel="x, pixels", ylabel="y, pixels")
