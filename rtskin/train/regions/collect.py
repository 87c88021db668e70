"""The regions that a recipe's network learns from: found, looked at by the detectors, cut out, and kept in one file a set.

A file is made once; what it is made of (the set's table, the segmenter's weights) is written into it, and a file that was
made of something else is refused, not used.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import zlib
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from rtskin.errors import InputError
from rtskin.files import OutputFile
from rtskin.infer.cards import load_card
from rtskin.media import cv2
from rtskin.roi.found import FoundRegion
from rtskin.roi.label.crops import crop
from rtskin.train import label_sources
from rtskin.train.data.imaging import find_images
from rtskin.train.regions.decide import Evidence
from rtskin.train.regions.find import Finder
from rtskin.train.regions.recipe import RegionRecipe, RegionSet
from rtskin.train.regions.witness import Witness
from rtskin.train.terms import files as terms

log = logging.getLogger("rtskin.train")

#: Side of the kept crops in pixels, and in longer sides of the region's box: wider than the network sees them, so that they
#: can be shifted and turned, and pieces of them be shown.
KEPT, WIDE = 128, 2.52
#: No detector was asked: nothing is there.
_NOTHING = Evidence(0, 0, 0, 0, 0, 0, 0)
#: What is seen of a region, in the order that it is kept in.
SEEN = tuple(field.name for field in fields(Evidence))
Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Regions:
    """Of one set: crops uint8 N×KEPT×KEPT×4 (B, G, R, mask), evidence float32 N×9 in the order of Evidence, boxes float32
    N×4 (x, y, w, h in pixels of the picture), groups (what is on one side of the split) and names, N strings each."""

    crops: Array
    evidence: Array
    boxes: Array
    groups: list[str]
    names: list[str]

    def seen(self, index: int) -> Evidence:
        return Evidence(*(float(number) for number in self.evidence[index]))


def collect(
    recipe: RegionRecipe,
    roots: list[Path],
    weights: Path,
    out: Path,
    progress: Callable[[str], None] = lambda name: None,
) -> dict[str, Regions]:
    """All sets of a recipe, by name, from ``out`` or made there. roots: folders that the paths are below; weights: the
    folder with the detectors. InputError, ModelError."""
    out.mkdir(parents=True, exist_ok=True)
    made: dict[str, Regions] = {}
    find: Finder | None = None
    witness: Witness | None = None
    for spec in recipe.data:
        path = out / f"{spec.name}.npz"
        if not path.exists():
            find = find or Finder(recipe.segmenter)
            if not spec.skinless:
                witness = witness or Witness(weights)
            sources = [_below(roots, name) for name in spec.paths]
            label_sources.check(sources)
            _check_terms(spec, roots, sources)
            _save(path, _made(spec, recipe, sources, find, witness, progress), about(spec, recipe))
        made[spec.name] = read(path, about(spec, recipe))
    return made


def read(path: Path, expected: str) -> Regions:
    """What :func:`collect` kept; InputError where it was made of something else, or is no such file."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            said = str(kept["about"])
            arrays = (kept["crops"], kept["evidence"], kept["boxes"])
            found = Regions(*arrays, kept["groups"].tolist(), kept["names"].tolist())
    except (OSError, EOFError, ValueError, KeyError, BadZipFile, zlib.error) as error:
        raise InputError(f"{path} cannot be read ({error}); delete it, and it is made again") from error
    if said != expected:
        raise InputError(f"{path} was made by another recipe or model; delete it, and it is made again")
    return found


def _made(
    spec: RegionSet,
    recipe: RegionRecipe,
    sources: list[Path],
    find: Finder,
    witness: Witness | None,
    progress: Callable[[str], None],
) -> Regions:
    crops, evidence, boxes, groups, names = [], [], [], [], []
    for name, group, picture in _pictures(spec, sources):
        progress(f"{spec.name}: {name}")
        for number, view in enumerate(_views(spec, name, picture, find)):
            regions = find(view)[: recipe.most]
            seen = [_NOTHING] * len(regions) if spec.skinless or not witness else witness.look(view, regions)
            for index, (region, one) in enumerate(zip(regions, seen, strict=True)):
                crops.append(crop(view, region, KEPT, WIDE))
                evidence.append(astuple(one))
                boxes.append(region.box)
                groups.append(group)
                names.append(f"{spec.name}/{name}#{number}.{index}")
    if not crops:
        raise InputError(f"there is not one region of skin in the pictures of {spec.name!r}")
    seen_all, placed = np.array(evidence, np.float32), np.array(boxes, np.float32)
    return Regions(np.stack(crops), seen_all, placed, groups, names)


def _pictures(spec: RegionSet, sources: list[Path]) -> Iterator[tuple[str, str, Array]]:
    """(name, group, picture) of every n-th picture."""
    count = 0
    broken: list[str] = []
    for source in sources:
        for name, _, picture in label_sources.pictures(source, spec.frames, broken):
            if count >= spec.first and (count - spec.first) % spec.every == 0:
                groups = {"picture": str(name), "folder": name.parts[0]}
                yield str(name), groups.get(spec.group, spec.group), picture
            count += 1


def _views(spec: RegionSet, name: str, picture: Array, find: Finder) -> Iterator[Array]:
    """The picture, and closer views around regions of it: the same for the same name on every machine."""
    yield picture
    if not spec.views:
        return
    regions = find(picture)
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big"))
    for _ in range(spec.views if regions else 0):
        yield _closer(rng, picture, regions[int(rng.integers(len(regions)))])


def _closer(rng: np.random.Generator, picture: Array, region: FoundRegion) -> Array:
    """A part of the picture with a region somewhere in it, as large as a small camera's picture."""
    height, width = picture.shape[:2]
    x, y, w, h = region.box
    aspect = float(rng.choice([16 / 9, 4 / 3, 3 / 4]))
    tall = min(height, width / aspect, max(w, h) * float(rng.uniform(1.3, 4.0)))
    wide = tall * aspect
    left = np.clip(x + w / 2 - wide * rng.uniform(0.25, 0.75), 0, width - wide)
    top = np.clip(y + h / 2 - tall * rng.uniform(0.25, 0.75), 0, height - tall)
    part = picture[int(top) : int(top + tall), int(left) : int(left + wide)]
    scale = 480 / max(1, part.shape[0])
    return np.asarray(cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR))


def _check_terms(spec: RegionSet, roots: list[Path], sources: list[Path]) -> None:
    """InputError where the set's table does not give terms for a picture, or for a clip."""
    if spec.terms_file:
        table = terms.find(spec, roots)
        for source in sources:
            files = find_images(source) if source.is_dir() else [source]
            terms.check(
                spec, table, [file.relative_to(_root(roots, file)).as_posix().split("/", 1)[1] for file in files]
            )


def _root(roots: list[Path], file: Path) -> Path:
    return next(root for root in roots if file.is_relative_to(root))


def _below(roots: list[Path], name: str) -> Path:
    for root in roots:
        if (root / name).exists():
            return root / name
    raise InputError(f"there is no {name} in {', '.join(map(str, roots))}; see --data")


def about(spec: RegionSet, recipe: RegionRecipe) -> str:
    """What a set's file is made of."""
    card = load_card(recipe.segmenter)
    table = spec.model_dump(mode="json", exclude={"weight", "terms", "terms_file", "ship"}, exclude_defaults=True)
    model = card.weights.sha256 if card.weights else card.name
    kept = [KEPT, WIDE]
    return json.dumps({"set": table, "most": recipe.most, "model": model, "kept": kept, "seen": SEEN}, sort_keys=True)


def _save(path: Path, regions: Regions, made_of: str) -> None:
    data = io.BytesIO()
    np.savez_compressed(
        data,
        crops=regions.crops,
        evidence=regions.evidence,
        boxes=regions.boxes,
        groups=np.array(regions.groups),
        names=np.array(regions.names),
        about=np.array(made_of),
    )
    with OutputFile(path) as file:
        file.write(data.getvalue())
        file.commit()
