"""What ``rtskin eval --video`` does: which clips, which ways, and where the figures go."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import typer

from rtskin.cli.eval_sets import bar
from rtskin.errors import InputError
from rtskin.files import check_output, write_text

if TYPE_CHECKING:
    from rtskin.evaluate.datasets import Dataset
    from rtskin.evaluate.held_out import HeldOut
    from rtskin.evaluate.motion import Subjects
    from rtskin.evaluate.video.clips import VideoClip
    from rtskin.evaluate.video.deliver import Way
    from rtskin.evaluate.video.report import VideoReport
    from rtskin.evaluate.video.scene import MotionClip

#: Columns of a table that goes into a file or a pipe.
_WIDE = 180


@dataclass(frozen=True)
class ClipOptions:
    """As the command line has them: folders are subjects for motion clips, files real clips. cuts: shots; 0: none."""

    named: tuple[Path, ...]
    skinless: tuple[Path, ...]
    held_out: Path | None
    limit: int | None
    frames: int | None
    motion: int
    cuts: int
    seed: int

    @property
    def real(self) -> list[Path]:
        """Video files, in the order given."""
        return [path for path in self.named if not path.is_dir()]

    def check(self) -> None:
        """InputError where nothing can be made of it."""
        if not self.named:
            raise InputError(
                "there is nothing to evaluate on: name videos, or folders with images/, masks/ and labels/ to make clips of"
            )
        if any(path.is_dir() for path in self.named):
            if not self.skinless:
                raise InputError(
                    "motion clips need backgrounds: give a folder of pictures without skin with --skinless"
                )
            for path in self.skinless:
                if not path.is_dir():
                    raise InputError(f"--skinless {path} is no folder; backgrounds of motion clips are pictures")
        elif self.cuts:
            raise InputError("--cuts makes its shots of a folder with images/, masks/ and labels/; name one")

    def motion_clips(self) -> list[MotionClip]:
        """Empty where no folder was named."""
        from rtskin.evaluate.motion import FRAMES, motion_clips

        folders = self._subjects()
        if not folders or not self.motion:
            return []
        frames = self.frames or FRAMES
        return motion_clips(folders, self._grounds(), self.motion, frames=frames, seed=self.seed)

    def shots(self) -> list[MotionClip]:
        """For the cut detector."""
        from rtskin.evaluate.motion import motion_clips
        from rtskin.evaluate.video.shots import FRAMES, SIZE

        if not self.cuts:
            return []
        return motion_clips(self._subjects(), self._grounds(), self.cuts, frames=FRAMES, size=SIZE, seed=self.seed + 1)

    def _subjects(self) -> list[Subjects]:
        from rtskin.evaluate.datasets import load_pairs
        from rtskin.evaluate.motion import subjects_of

        split = self._split()
        return [
            subjects_of(load_pairs(path, split.keep(path) if split else None, self.limit))
            for path in self.named
            if path.is_dir()
        ]

    def _grounds(self) -> Dataset:
        from rtskin.evaluate.datasets import load_skinless

        split = self._split()
        sets = [load_skinless(path, split.keep(path) if split else None, self.limit) for path in self.skinless]
        return replace(sets[0], items=[item for one in sets for item in one.items])

    def _split(self) -> HeldOut | None:
        from rtskin.evaluate.held_out import HeldOut

        return HeldOut(self.held_out) if self.held_out is not None else None


@dataclass(frozen=True)
class VideoOutput:
    """Files to write."""

    markdown: Path | None
    strip: Path | None
    beside: Path | None
    as_json: bool

    def check(self) -> None:
        """SinkError where a file cannot be written: now, not after the work."""
        from rtskin.render.outputs.formats import container_for

        for path in (self.markdown, self.strip, self.beside):
            if path is not None:
                check_output(path, overwrite=True)
        if self.beside is not None:
            container_for(self.beside)

    def give(self, report: VideoReport) -> None:
        """Write and print the tables."""
        from rich.console import Console

        from rtskin.evaluate.video import report as reports

        if self.markdown is not None:
            write_text(self.markdown, reports.to_markdown(report), overwrite=True)
        if self.as_json:
            typer.echo(json.dumps(reports.to_dict(report), indent=2, allow_nan=False))
        else:
            Console(width=None if sys.stdout.isatty() else _WIDE).print(reports.to_rich(report))


def measure(
    clips: ClipOptions, models: Sequence[str], smooth: str | None, settings: Mapping[str, Any], output: VideoOutput
) -> None:
    """Every model with every smoother on every clip, then the cut detector; written and printed."""
    output.give(measured(clips, models, smooth, settings, output))


def measured(
    clips: ClipOptions, models: Sequence[str], smooth: str | None, settings: Mapping[str, Any], output: VideoOutput
) -> VideoReport:
    """The same as a report; strip and side-by-side video are written, tables are not."""
    from rtskin.evaluate.video.report import VideoReport
    from rtskin.evaluate.video.run import evaluate
    from rtskin.evaluate.video.strip import Strip

    ways = _ways(models, smooth, settings)
    output.check()
    clips.check()
    with TemporaryDirectory(prefix="rtskin-eval-") as folder:
        found = _clips(clips, Path(folder))
        strips = [Strip(found[0].name)] if output.strip and found else []
        report = VideoReport([], {}, [], {}, clips.seed)
        if found:
            with bar("clips") as progress:
                report = evaluate(found, ways, progress=progress, watch=strips, seed=clips.seed)
        if output.strip and strips:
            strips[0].save(output.strip)
        if output.beside and found:
            _write_beside(output.beside, found[0], report)
    shots = clips.shots()
    return replace(report, cuts=_cuts(shots, clips.seed)) if shots else report


def _ways(models: Sequence[str], smooth: str | None, settings: Mapping[str, Any]) -> list[Way]:
    from rtskin.evaluate.run import shown_name
    from rtskin.evaluate.video.deliver import RIDES, Way
    from rtskin.evaluate.video.methods import parse_methods

    if not models:
        raise InputError("name at least one model with --models")
    overrides = {key if "." in key else f"infer.{key}": value for key, value in settings.items()}
    every = settings.get(f"{RIDES}every", 1)
    often = f", every {every}" if every != 1 else ""
    methods = parse_methods(smooth)
    return [Way(model, shown_name(model) + often, method, overrides) for model in models for method in methods]


def _clips(options: ClipOptions, folder: Path) -> list[VideoClip]:
    """Real ones first: strip and video show the first."""
    from rtskin.evaluate.video.clips import Made, Real

    return [*(Real(path) for path in options.real), *(Made(clip, folder) for clip in options.motion_clips())]


def _write_beside(path: Path, clip: VideoClip, report: VideoReport) -> None:
    from rtskin.evaluate.video.beside import write_beside

    write_beside(clip.file(), report.ran[0], report.ran[-1], path)


def _cuts(shots: list[MotionClip], seed: int) -> Any:
    from rtskin.evaluate.video.shots import Shots, measure_cuts
    from rtskin.smooth.cuts import CutDetector

    with bar("shots") as progress:
        return measure_cuts(Shots(shots, seed), CutDetector, progress)
