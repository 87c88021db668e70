"""What goes into a pack: the sets of a recipe with all that it starts from, or whole folders."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from rtskin.errors import InputError, MissingExtraError
from rtskin.train import recipe as recipes
from rtskin.train.data.imaging import Source, find_images, named_images
from rtskin.train.data.pack import PLANES, Content, File
from rtskin.train.data.sets import Item, locate, root_of, scan
from rtskin.train.loop import checkpoint
from rtskin.train.loop.keep import chosen
from rtskin.train.terms import files as terms
from rtskin.train.terms.origins import with_origins

if TYPE_CHECKING:
    from rtskin.train.recipe import DataSet, Recipe

#: Files of a folder that say something about its pictures.
_TEXTS = (".md", ".txt", ".tsv")
_SAYS = ("TERMS", "LICENSE", "LICENCE", "CREDITS", "NOTICE")
INIT, TEACHER = "init.pt", "teacher-{}.pt"


def of_recipe(path: Path, roots: Sequence[Path]) -> Content:
    """All that the recipe at ``path`` needs: its sets, below the first of ``roots`` that has them, both sides of the split;
    the weights it starts from and its teachers, as checkpoints; and itself, with all defaults.

    InputError and ModelError as for a training.
    """
    recipe = with_origins(recipes.load(path), path.parent, roots)
    sets, places = scan(recipe, roots), [root_of(root) for root in roots]
    table = recipe.model_dump(mode="json")
    files: dict[str, File] = {}
    folders: list[tuple[str, Source]] = []
    for part, entry in zip(sets, table["data"], strict=True):
        folder, base = locate(part.spec, places), _base(part.spec)
        entry["path"] = base
        folders.append((base, folder))
        for item in (*part.train, *part.held):
            files.update((file.name, file) for file in _files(item, folder, base))
    states = _states(recipe, path.parent, roots)
    table["net"]["init"] = INIT if recipe.net.init else None
    table["distil"]["teachers"] = [name for name in states if name != INIT]
    texts = _texts([*((root.resolve().name, root) for root in roots if root.is_dir()), *folders])
    for spec in recipe.data:
        if spec.terms_file and any(isinstance(root, Path) for root in places):
            texts[f"{spec.name}/{PurePosixPath(spec.terms_file).name}"] = terms.find(spec, places).read_bytes()
    return Content(sorted(files.values(), key=lambda file: file.name), table, texts, states)


def of_folders(folders: Sequence[Path]) -> tuple[Content, list[str]]:
    """All pictures of folders, each a data set or a folder of data sets, and the names of what holds no pictures.

    A set has images/ (and masks/, weights/, labels/), or is a plain tree. InputError: nothing there, or one name twice.
    """
    sets: dict[str, Path] = {}
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"{folder} is no folder; give a recipe, or folders of pictures")
        for one in _sets(folder):
            name = one.resolve().name
            if name in sets:
                raise InputError(f"{one} and {sets[name]} would have the same name in the pack; pack them apart")
            sets[name] = one
    files = [file for name, folder in sets.items() for file in _all_files(name, folder)]
    empty = [name for name in sets if not any(file.name.startswith(f"{name}/") for file in files)]
    if not files:
        raise InputError(f"there are no pictures in {', '.join(str(folder) for folder in folders)}")
    named = {folder.resolve().name: folder for folder in folders}
    return Content(files, texts=_texts([*named.items(), *sets.items()])), empty


def _base(spec: DataSet) -> str:
    """The set's folder in the pack: its path in the recipe, or its name where that leads elsewhere."""
    path = PurePosixPath(spec.path)
    return spec.name if path.is_absolute() or ".." in path.parts else str(path)


def _files(item: Item, folder: Source, base: str) -> Iterable[File]:
    either: Any = folder
    planes: tuple[Any, ...] = (item.image, item.mask, item.weights, item.labels)
    for plane, path in zip(PLANES, planes, strict=True):
        if path is not None:
            yield File(f"{base}/{path.relative_to(either).as_posix()}", path, plane)


def _sets(folder: Path) -> list[Path]:
    inner = sorted(path for path in folder.iterdir() if path.is_dir())
    is_set = (folder / "images").is_dir() or not any((path / "images").is_dir() for path in inner)
    return [folder] if is_set else inner


def _all_files(name: str, folder: Path) -> list[File]:
    if not (folder / "images").is_dir():
        return [File(f"{name}/{below}", path, "images") for below, path in named_images(folder)]
    return [
        File(f"{name}/{path.relative_to(folder).as_posix()}", path, plane)
        for plane in PLANES
        if (folder / plane).is_dir()
        for path in find_images(folder / plane)
    ]


def _texts(folders: Iterable[tuple[str, Source]]) -> dict[str, bytes]:
    return {
        f"{name}/{path.name}": path.read_bytes()
        for name, folder in folders
        if isinstance(folder, Path)
        for path in sorted(folder.iterdir())
        if path.is_file() and (path.suffix.lower() in _TEXTS or path.name.upper().startswith(_SAYS))
    }


def _states(recipe: Recipe, folder: Path, roots: Sequence[Path]) -> dict[str, bytes]:
    """The weights that the recipe starts from and its teachers, by their names in the pack."""
    states = {}
    if recipe.net.init:
        states[INIT] = _init(recipe, folder / recipe.net.init, roots)
    for number, name in enumerate(recipe.distil.teachers):
        states[TEACHER.format(number)] = _teacher(folder / name)
    return states


def _init(recipe: Recipe, path: Path, roots: Sequence[Path]) -> bytes:
    """The checkpoint to start from, of whatever ``net.init`` names: what is folded in an exported file is put back here,
    where onnx and the pictures are."""
    _needs_torch()
    if path.suffix not in (".onnx", ".toml") and not path.is_dir():
        return _checkpoint(chosen(checkpoint.load(path)), recipe)
    import tempfile

    from rtskin.train.loop.trainer import Trainer

    alone = recipe.model_copy(update={"distil": recipes.Distil(), "threads": 1, "device": "cpu"})
    with tempfile.TemporaryDirectory() as scratch:
        net = Trainer(alone, scan(recipe, roots), Path(scratch), path).net
    return _checkpoint(net.state_dict(), recipe)


def _teacher(path: Path) -> bytes:
    _needs_torch()
    from rtskin.train.losses.distil import open_network

    recipe, net = open_network(path)
    return _checkpoint(net.state_dict(), recipe)


def _checkpoint(state: dict[str, Any], recipe: Recipe) -> bytes:
    import torch

    buffer = io.BytesIO()
    torch.save({"step": 0, "net": state, "ema": state, "recipe": recipe.model_dump_json()}, buffer)
    return buffer.getvalue()


def _needs_torch() -> None:
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("torch", "train", "packing the weights that a recipe starts from") from error
