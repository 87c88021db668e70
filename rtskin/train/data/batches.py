"""Batches as a pure function of (seed, step): what makes a resumed training equal to one that was never stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rtskin.errors import InputError
from rtskin.train.data import compose, crops
from rtskin.train.data.bases import Bases
from rtskin.train.data.classes import SKIN, ClassTables
from rtskin.train.data.compose import Sample, Subject
from rtskin.train.data.imaging import BrokenImageError, cv2
from rtskin.train.data.limbs import limb, wall
from rtskin.train.data.prior import priors
from rtskin.train.data.sets import Item, Picture, Reader, Sides, probabilities
from rtskin.train.light import augment, colours, webcam
from rtskin.train.light.disguise import disguise

if TYPE_CHECKING:
    from rtskin.train.recipe import Compose, Recipe

Array = np.ndarray[Any, Any]

#: A sample is drawn again when its picture is broken; so many in a row mean that the set is.
_TRIES = 20


@dataclass(frozen=True)
class Batch:
    """uint8: ``images`` N×H×W×3 RGB, ``targets`` and ``weights`` N×H×W (255 = skin, 255 = counts).

    Where the recipe asks for them: ``twins``, the same crops as ``images``, photometrically changed in another way;
    ``others`` N×H×W×K, 255 = may be of that class (see ClassTables); ``priors`` N×H×W, what was skin a moment ago,
    and ``chances``, three numbers in 0…1 for what is drawn where the network is.
    """

    images: Array
    targets: Array
    weights: Array
    broken: list[str] = field(default_factory=list)
    twins: Array | None = None
    others: Array | None = None
    priors: Array | None = None
    chances: tuple[float, ...] = ()


class Batches:
    """``batches[step]`` is the :class:`Batch` of that step. Can be sent to a worker process."""

    def __init__(self, recipe: Recipe, sets: list[Sides]) -> None:
        for part in sets:
            if not part.train:
                raise InputError(
                    f"the data set {part.spec.name!r} has no pictures left to train on: all are kept out by the split"
                )
        webcam.require(recipe.augment)
        self.recipe, self.sets = recipe, sets
        self._all = _Urn(sets)
        self._reader = Reader(recipe.cache_mb, Bases(recipe.prior) if recipe.prior.of else None)
        self._classes = ClassTables(recipe, sets) if recipe.classes.names != [SKIN] else None
        self._grounds = _grounds(recipe.compose, sets) if recipe.compose.share or recipe.compose.limbs else None
        self._people = _people(recipe.compose, sets) if recipe.compose.share else None
        self._skins = _skins(recipe.compose, sets) if recipe.compose.limbs else None

    def __getitem__(self, step: int) -> Batch:
        cv2.setNumThreads(1)  # the network has the cores
        broken: list[str] = []
        seed, shapes = self.recipe.seed, self.recipe.batch_shapes or self.recipe.live_shapes
        shape = shapes[np.random.default_rng([seed, step]).integers(len(shapes))]
        samples: list[Sample] = []
        twins: list[Array] = []
        for i in range(self.recipe.batch):
            rng = np.random.default_rng([seed, step, i])
            samples.append(self._photographed([seed, step, i], self._sample(rng, shape, broken), rng, twins))
        images, targets, weights, *others = (np.stack(planes) for planes in zip(*samples, strict=True))
        prior = others.pop() if self.recipe.prior.of else None
        if prior is None and self.recipe.prior.use:
            prior = priors((seed, step), targets, self.recipe.prior)
        twin = np.stack(twins) if twins else None
        chances = tuple(np.random.default_rng([seed, step, 0, 5]).random(3).tolist())
        return Batch(images, targets, weights, broken, twin, others[0] if others else None, prior, chances)

    def _photographed(self, seed: list[int], sample: Sample, rng: np.random.Generator, twins: list[Array]) -> Sample:
        """The sample as a camera would show it, RGB; a second such picture of it goes to ``twins``, if these are wanted."""
        image, *planes = sample
        # Draws of its own, so that the others are what they are without it.
        own = np.random.default_rng([*seed, 6])
        if own.random() < self.recipe.augment.disguise:
            image = disguise(own, image, planes[0])
        image, planes[0] = colours.published(rng, image, planes[0], self.recipe.augment)
        if self.recipe.loss.consistency:
            # Drawn apart, so that the first picture is the same with and without.
            other = augment.photometric(np.random.default_rng([*seed, 1]), image.copy(), self.recipe.augment)
            twins.append(cv2.cvtColor(other, cv2.COLOR_BGR2RGB))
        image = augment.photometric(rng, image, self.recipe.augment)
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB), *planes

    def _sample(self, rng: np.random.Generator, shape: crops.Shape, broken: list[str]) -> Sample:
        """A crop (BGR), its mask, its weights, and its other planes."""
        smooth = rng.random() < 0.75
        spec = self.recipe.compose
        if self._grounds and (chance := rng.random()) < spec.share + spec.limbs:
            return self._composition(rng, self._grounds, chance < spec.limbs, shape, smooth, broken)
        picture = self._read(lambda: self._all.draw(rng), broken)
        crop = crops.draw(rng, picture, self.recipe.crops, shape)
        base = [picture.bases[rng.integers(len(picture.bases))]] if picture.bases else []
        return crops.cut(picture, crop, shape, smooth, [*self._more(picture), *base])

    def _composition(
        self, rng: np.random.Generator, grounds: _Urn, limbs: bool, shape: crops.Shape, smooth: bool, broken: list[str]
    ) -> Sample:
        """People, or single pieces of skin, before a ground without skin."""
        spec = self.recipe.compose
        ground = self._read(lambda: grounds.draw(rng), broken)
        # Few are more likely than many.
        count = 1 + int(spec.most * rng.random() ** 2)
        crop = crops.draw(rng, ground, self.recipe.crops, shape)
        behind = crops.cut(ground, crop, shape, smooth, self._more(ground))
        if limbs and rng.random() < spec.plain:
            behind = wall(rng, behind)
        subjects = [self._subject(rng, limbs, shape, broken) for _ in range(count)]
        return compose.paste(rng, behind, [one for one in subjects if one], spec, smooth, self._more)

    def _subject(self, rng: np.random.Generator, limbs: bool, shape: crops.Shape, broken: list[str]) -> Subject | None:
        urn = self._skins if limbs else self._people
        assert urn is not None
        picture = self._read(lambda: urn.draw(rng), broken)
        return limb(rng, picture, shape[1]) if limbs else compose.person(picture, self.recipe.compose)

    def _more(self, picture: Picture) -> list[Array]:
        """What is cut out of a picture beside its mask and weight."""
        return [] if self._classes is None else [self._classes.planes(picture)]

    def _read(self, draw: Callable[[], Item], broken: list[str]) -> Picture:
        """The first picture drawn that can be read; the others are noted in ``broken``."""
        for _ in range(_TRIES):
            try:
                return self._reader.read(draw())
            except BrokenImageError as error:
                broken.append(str(error))
        raise InputError(f"{_TRIES} pictures in a row cannot be read; the last is {broken[-1]}")


class _Urn:
    """Pictures that are drawn: a set by its weight, then one of its training side."""

    def __init__(self, sets: list[Sides]) -> None:
        weights = np.array([part.spec.weight for part in sets])
        self._sets = sets
        self._set_ends = np.cumsum(weights / weights.sum())
        self._item_ends = [np.cumsum(probabilities(part)) for part in sets]

    def draw(self, rng: np.random.Generator) -> Item:
        which, item = rng.random(2)
        part = min(int(np.searchsorted(self._set_ends, which, side="right")), len(self._sets) - 1)
        items = self._sets[part].train
        return items[min(int(np.searchsorted(self._item_ends[part], item, side="right")), len(items) - 1)]


def _people(spec: Compose, sets: list[Sides]) -> _Urn:
    """What people are cut out of; InputError where there are none."""
    people = [part for part in sets if part.spec.name == spec.people and all(item.labels for item in part.train)]
    return _urn(people, f"no set {spec.people!r} with labels/")


def _skins(spec: Compose, sets: list[Sides]) -> _Urn:
    """What single pieces of skin are cut out of; InputError where there is nothing."""
    pairs = [part for part in sets if part.spec.kind == "pairs"]
    chosen = [part for part in pairs if not spec.limbs_of or part.spec.name in spec.limbs_of]
    return _urn(chosen, f"no set of kind pairs{' named ' + ' or '.join(spec.limbs_of) if spec.limbs_of else ''}")


def _grounds(spec: Compose, sets: list[Sides]) -> _Urn:
    """What compositions have behind them; InputError where there is nothing."""
    names = spec.grounds or [part.spec.name for part in sets if part.spec.kind == "skinless"]
    grounds = [part for part in sets if part.spec.name in names and part.spec.kind == "skinless"]
    return _urn(grounds, "no set of kind skinless")


def _urn(sets: list[Sides], lack: str) -> _Urn:
    if not sets:
        raise InputError(
            f"compose: there is {lack}; name another in [compose], or set compose.share and compose.limbs to 0"
        )
    return _Urn(sets)
