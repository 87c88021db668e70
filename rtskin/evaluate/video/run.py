"""Ways of making masks over clips."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from rtskin.errors import InputError
from rtskin.evaluate.video.clips import Ready, VideoClip
from rtskin.evaluate.video.deliver import Way, masks
from rtskin.evaluate.video.report import VideoReport
from rtskin.evaluate.video.tally import Figures
from rtskin.evaluate.video.tune import same_trail
from rtskin.frame import Mask
from rtskin.graph import GraphStatistics

#: (done, total) runs.
Progress = Callable[[int, int], None]


class Watcher(Protocol):
    """Sees every mask of one clip (the strip does)."""

    def __call__(self, clip: str, way: Way, mask: Mask) -> None: ...


@dataclass
class _Measured:
    """By (model, label of the method, clip)."""

    figures: dict[tuple[str, str, str], Figures] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def chosen(self, way: Way) -> Callable[[GraphStatistics], None]:
        """Notes what a way took where it had the choice, once."""

        def tell(statistics: GraphStatistics) -> None:
            counters = statistics.nodes["smooth"].counters
            mode = counters.get("mode", way.method.name)
            note = f"{way.shown}: {way.method.label} took {mode}, since {counters.get('why')}."
            if mode != way.method.name and note not in self.notes:
                self.notes.append(note)

        return tell


def evaluate(
    clips: Sequence[VideoClip],
    ways: Sequence[Way],
    *,
    progress: Progress | None = None,
    watch: Sequence[Watcher] = (),
    seed: int = 0,
) -> VideoReport:
    """Run every way on every clip. What is tuned to another's trail is tuned first, on the clips with truth.

    Errors of the graph go through. InputError: nothing to measure, two clips of one name, nothing to tune on.
    """
    if not clips or not ways:
        raise InputError("name at least one clip, one model and one smoother")
    names = [clip.name for clip in clips]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two clips are called {name!r}; name each once, or rename the file of one")
    measured, steps = _Measured(), _Steps(progress, len(clips) * len(ways))
    with_truth = [clip for clip in clips if clip.has_truth]
    _run(with_truth, [way for way in ways if way.method.trail_of is None], measured, steps, watch)
    found = [way if way.method.trail_of is None else _tuned(way, with_truth, measured) for way in ways]
    _run(with_truth, [new for old, new in zip(ways, found, strict=True) if new is not old], measured, steps, watch)
    real = [clip for clip in clips if not clip.has_truth]
    _run(real, found, measured, steps, watch)
    return VideoReport(
        [(way.shown, way.method.label) for way in found],
        {clip.name: clip.kind for clip in with_truth},
        [clip.name for clip in real],
        measured.figures,
        seed,
        measured.notes,
        ran=found,
    )


def figures_of(
    clip: Ready,
    way: Way,
    name: str = "",
    watch: Sequence[Watcher] = (),
    tell: Callable[[GraphStatistics], None] = lambda statistics: None,
) -> Figures:
    """One clip, one way; beside the tally's own: smooth_ms, the median of the smoother's node, and resets. ``tell`` gets the
    statistics."""
    tally, said = clip.tally(), list[GraphStatistics]()
    for mask in masks(clip.path, way, said.append):
        tally.add(mask.data)
        for watcher in watch:
            watcher(name, way, mask)
    tell(said[0])
    return {**tally.figures(), **_cost(said[0])}


def _cost(statistics: GraphStatistics) -> Mapping[str, float | None]:
    node = statistics.nodes["smooth"]
    resets = node.counters.get("resets", 0)
    return {"smooth_ms": node.p50_ms, "resets": float(resets)}


@dataclass
class _Steps:
    show: Progress | None
    total: int
    done: int = 0

    def one(self) -> None:
        self.done += 1
        if self.show is not None:
            self.show(self.done, self.total)


def _run(
    clips: Sequence[VideoClip], ways: Sequence[Way], into: _Measured, steps: _Steps, watch: Sequence[Watcher]
) -> None:
    if not ways:
        return
    for clip in clips:
        with clip.ready() as ready:
            for way in ways:
                key = way.shown, way.method.label, clip.name
                into.figures[key] = figures_of(ready, way, clip.name, watch, into.chosen(way))
                steps.one()


def _tuned(way: Way, clips: Sequence[VideoClip], measured: _Measured) -> Way:
    """The way with the strength at which it trails as the other method does with the same model."""
    target = way.method.trail_of
    trails = {
        clip.name: known
        for clip in clips
        if (known := measured.figures[way.shown, str(target), clip.name].get("trail")) is not None
    }
    if not trails:
        raise InputError(f"--smooth {way.method.label} needs motion clips whose subject moves, to tune the trail on")
    wanted = sum(trails.values()) / len(trails)
    moving = [clip for clip in clips if clip.name in trails]

    def trail(strength: float) -> float:
        settings = {**way.method.settings, "strength": strength}
        tried = replace(way, method=replace(way.method, settings=settings))
        total = 0.0
        for clip in moving:
            with clip.ready() as ready:
                total += figures_of(ready, tried)["trail"] or 0.0
        return total / len(moving)

    found = same_trail(trail, wanted)
    label = f"{way.method.name}:strength={found.strength:.3g}"
    measured.notes.append(
        f"{way.shown}: {label} trails {found.trail:.4f} over the clips that move, {target} {wanted:.4f}{found.remark}."
    )
    method = replace(way.method, label=label, settings={**way.method.settings, "strength": found.strength})
    return replace(way, method=method)
