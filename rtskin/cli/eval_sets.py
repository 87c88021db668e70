"""Which pictures ``rtskin eval`` measures on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rtskin.errors import InputError, RtskinError, nearest

if TYPE_CHECKING:
    from rtskin.evaluate.datasets import Dataset
    from rtskin.evaluate.held_out import HeldOut
    from rtskin.train.recipe import Recipe


@dataclass(frozen=True)
class Loaded:
    """Sets, the name of the training that has not seen them, and what must be said of that."""

    sets: list[Dataset]
    unseen_by: str | None = None
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class SetOptions:
    """As the command line has them."""

    pairs: tuple[Path, ...]
    skinless: tuple[Path, ...]
    frames: int
    held_out: Path | None
    limit: int | None
    crops: str | None

    def check(self) -> None:
        """InputError for crops that there are not, or of pictures without anything to crop."""
        if self.crops not in (None, "faces"):
            raise InputError(f"there are no crops called {self.crops!r}{nearest(self.crops or '', ['faces'])}")
        if self.crops and self.skinless:
            raise _no_faces(self.skinless[0])

    def load(self, prove: bool = False) -> Loaded:
        """The sets; InputError where one cannot be used.

        prove: InputError too where what the training of --held-out began with, or was taught by, has seen the pictures, or
        where nobody can know. Else that is a note.
        """
        from rtskin.evaluate.held_out import HeldOut

        if not self.pairs and not self.skinless:
            raise InputError(
                "there is nothing to evaluate on: name a folder with images/ and masks/, or use --skinless"
            )
        self.check()
        split = HeldOut(self.held_out) if self.held_out is not None else None
        sets = [self._load(path, split) for path in (*self.pairs, *self.skinless)]
        if self.held_out is None or split is None:
            return Loaded(sets)
        return Loaded(sets, split.name, _origins(split.recipe, self.held_out.parent, sets, prove))

    def _load(self, path: Path, split: HeldOut | None) -> Dataset:
        from rtskin.evaluate.datasets import load_clip, load_pairs, load_skinless

        if path in self.skinless and path.is_file():
            return load_clip(path, self.frames)
        if self.crops and split is not None and split.skinless(path):
            raise _no_faces(path)
        keep = split.keep(path) if split else None
        if path in self.skinless or (split is not None and split.skinless(path)):
            return load_skinless(path, keep, self.limit)
        dataset = load_pairs(path, keep, self.limit)
        return cropped(dataset) if self.crops else dataset


def _no_faces(path: Path) -> InputError:
    return InputError(f"--crops faces measures faces alone, and nothing in {path} is skin; measure it in another call")


def _origins(recipe: Recipe, folder: Path, sets: Sequence[Dataset], prove: bool) -> list[str]:
    """What must be said of the weights that a training began with."""
    from rtskin.evaluate.origin import check_unseen

    try:
        return check_unseen(recipe, folder, sets)
    except RtskinError as error:
        if prove:
            raise InputError(f"--write-cards would call these pictures unseen, but {error}") from error
        return [str(error)]


def cropped(dataset: Dataset) -> Dataset:
    """Its faces, with a progress bar: they have to be found."""
    from rtskin.evaluate.faces import crop_faces

    with bar(f"faces of {dataset.name}") as progress:
        return crop_faces(dataset, progress)


@contextmanager
def bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error, so that --json can be piped."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    with Progress(
        what,
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as shown:
        task = shown.add_task("", total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)
