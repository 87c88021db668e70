"""rtskin mask: files, folders and patterns; views and depths; refined or fast."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.frame import U8
from rtskin.infer.cards import Card
from rtskin.media import cv2
from tests.infer.test_prior import write

from .conftest import Outcome

Rtskin = Callable[..., Outcome]


def photo(height: int = 60, width: int = 80) -> U8:
    """Something of the colour of skin before green."""
    picture = np.full((height, width, 3), (40, 160, 60), np.uint8)
    cv2.circle(picture, (width // 2, height // 2), height // 3, (120, 150, 215), -1)
    return picture


def save(path: Path, picture: Any = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), photo() if picture is None else picture)
    return path


def read(path: Path) -> Any:
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert picture is not None, path
    return picture


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def refiner(folder: Path) -> Path:
    """A model for tiles of 32×32 that says: half red, half what was before. Its card."""
    weights = write(folder / "net.onnx")
    table = {
        "name": folder.name, "architecture": "net", "input": {"width": 32, "height": 32, "prior": True},
        "weights": {"file": "net.onnx", "sha256": hashlib.sha256(weights.read_bytes()).hexdigest()},
    }  # fmt: skip
    Card.parse(table).save(folder / "model.toml")
    return folder / "model.toml"


@pytest.fixture
def no_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models of one's own; whatever else is installed has no refiner."""
    import rtskin.infer.chunked as module

    monkeypatch.setenv("RTSKIN_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(module, "DEFAULT_REFINER", "the-refiner")
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def test_a_folder_keeps_its_tree_and_what_is_there_is_skipped(rtskin: Rtskin, tmp_path: Path) -> None:
    for name in ("a.jpg", "deep/er/b.png", "deep/c.webp"):
        save(tmp_path / "in" / name)
    (tmp_path / "in" / "notes.txt").write_text("no image")
    (tmp_path / "in" / "deep" / "broken.jpg").write_text("no image")
    call = ("mask", tmp_path / "in", "--out", tmp_path / "in" / "masks", "--model", "ellipse")
    done = rtskin(*call)
    assert done.status == 1
    assert "broken.jpg is not an image" in done.err
    assert "3 of 4 masks" in done.err
    assert files(tmp_path / "in" / "masks") == ["a.png", "deep/c.png", "deep/er/b.png"]
    # Again: neither the masks are taken for images, nor is anything done twice.
    before = (tmp_path / "in" / "masks" / "a.png").stat().st_mtime_ns
    again = rtskin(*call)
    assert "0 of 4 masks" in again.err
    assert "3 there already (--overwrite replaces them)" in again.err
    assert (tmp_path / "in" / "masks" / "a.png").stat().st_mtime_ns == before
    rtskin(*call, "--overwrite")
    assert (tmp_path / "in" / "masks" / "a.png").stat().st_mtime_ns > before


def test_a_pattern_keeps_the_tree_below_its_first_folder(rtskin: Rtskin, tmp_path: Path) -> None:
    for name in ("x/a.jpg", "x/y/a.jpg", "x/y/b.png"):
        save(tmp_path / "in" / name)
    call = ("mask", f"{tmp_path}/in/**/*.jpg", "--out", tmp_path / "out", "--model", "ellipse")
    assert rtskin(*call).status == 0
    assert files(tmp_path / "out") == ["x/a.png", "x/y/a.png"]


def test_two_that_become_one_fail_and_the_others_do_not(rtskin: Rtskin, tmp_path: Path) -> None:
    for name in ("a.jpg", "a.png", "b.png"):
        save(tmp_path / "in" / name)
    done = rtskin("mask", tmp_path / "in", "--out", tmp_path / "out", "--model", "ellipse")
    assert done.status == 1
    assert f"would all become {tmp_path / 'out' / 'a.png'}; rename some of them" in done.err
    assert files(tmp_path / "out") == ["b.png"]


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["nothing/*.jpg"], 1, "no file matches nothing/*.jpg"),
        (["empty"], 1, "no image in the folder empty"),
        (["a.png", "--view", "cutot"], 2, "no view of single images is called 'cutot'; did you mean cutout"),
        (["a.png", "--bits", "12"], 2, "8 or 16 bits, not 12"),
        (["a.png", "--bits", "16", "--view", "overlay"], 2, "an overlay has 8 bits"),
        (["a.png", "--tiles", "0"], 2, "greater than or equal to 1"),
        (["a.png", "--fast", "--tiles", "3"], 2, "--tiles is of the refinement, and --fast goes without it"),
        (["a.png", "--fast", "--refiner", "x"], 2, "--refiner is of the refinement, and --fast goes without it"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_done(
    rtskin: Rtskin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], status: int, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "a.png")
    (tmp_path / "empty").mkdir()
    done = rtskin("mask", *arguments, "--out", "out", "--model", "ellipse")
    assert done.status == status
    assert words in done.err
    assert not (tmp_path / "out").exists() or not files(tmp_path / "out")


def test_views_and_depths(rtskin: Rtskin, tmp_path: Path) -> None:
    image = save(tmp_path / "a.png", photo().astype(np.uint16) * 257 + 5)
    for view, bits, kind in (
        ("matte", 8, (60, 80)), ("matte", 16, (60, 80)), ("overlay", 8, (60, 80, 3)), ("cutout", 8, (60, 80, 4)),
        ("cutout", 16, (60, 80, 4)),
    ):  # fmt: skip
        out = tmp_path / f"{view}{bits}"
        done = rtskin("mask", image, "--out", out, "--model", "mobile-unet", "--view", view, "--bits", bits, "--fast")
        assert done.status == 0, done.err
        made = read(out / "a.png")
        assert (made.shape, made.dtype) == (kind, np.dtype(f"uint{bits}"))
    matte, cut = read(tmp_path / "matte16" / "a.png"), read(tmp_path / "cutout16" / "a.png")
    assert np.array_equal(cut[..., 3], matte)
    assert np.abs(matte / 257 - read(tmp_path / "matte8" / "a.png")).max() <= 1
    assert (matte % 257 != 0).any()


def test_cmyk_and_large_and_tiny(rtskin: Rtskin, tmp_path: Path) -> None:
    pil = pytest.importorskip("PIL.Image")
    rgb = pil.fromarray(np.ascontiguousarray(photo()[..., ::-1]))
    for name, kind in (("c.jpg", "JPEG"), ("c2.tif", "TIFF")):
        data = io.BytesIO()
        rgb.convert("CMYK").save(data, kind)
        (tmp_path / name).write_bytes(data.getvalue())
    save(tmp_path / "plain.png")
    save(tmp_path / "one.png", np.zeros((1, 1, 3), np.uint8))
    done = rtskin("mask", *tmp_path.glob("*.*"), "--out", tmp_path / "out", "--model", "ellipse", "--fast")
    assert done.status == 0, done.err
    plain = read(tmp_path / "out" / "plain.png")
    assert plain[30, 40] == 255
    assert plain[2, 2] == 0
    for name in ("c", "c2"):
        assert (np.abs(read(tmp_path / "out" / f"{name}.png").astype(int) - plain) > 40).mean() < 0.05
    assert read(tmp_path / "out" / "one.png").shape == (1, 1)


def test_refined_by_what_is_named(rtskin: Rtskin, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    image, card = save(tmp_path / "a.png", photo(90, 120)), refiner(tmp_path / "sharp")
    call = ("mask", image, "--model", "ellipse")
    assert rtskin(*call, "--out", tmp_path / "fast", "--fast").status == 0
    assert rtskin(*call, "--out", tmp_path / "all", "--refine", "--refiner", card).status == 0
    assert rtskin(*call, "--out", tmp_path / "few", "--refiner", card, "--tiles", 1).status == 0
    fast, all_, few = (read(tmp_path / name / "a.png").astype(int) for name in ("fast", "all", "few"))
    assert np.abs(all_ - fast).max() > 20
    assert 0 < (few != fast).sum() < (all_ != fast).sum()


def test_without_a_refiner_masks_are_made_and_only_asking_for_one_fails(
    rtskin: Rtskin, tmp_path: Path, no_models: Path
) -> None:
    pytest.importorskip("onnx")
    call = ("mask", save(tmp_path / "a.png", photo(90, 120)), "--model", "ellipse")
    assert rtskin(*call, "--out", tmp_path / "plain").status == 0
    for asked in (["--refine"], ["--tiles", "2"]):
        done = rtskin(*call, "--out", tmp_path / "none", *asked)
        assert done.status != 0
        assert "there is no model the-refiner here to refine masks; name another (--refiner), import one" in done.err
        assert not files(tmp_path / "none")
    # With one, refined is what masks are; what it does not know it is not asked for.
    refiner(no_models / "the-refiner")
    assert rtskin(*call, "--out", tmp_path / "refined").status == 0
    assert rtskin(*call, "--out", tmp_path / "fast", "--fast").status == 0
    assert (read(tmp_path / "refined" / "a.png") != read(tmp_path / "plain" / "a.png")).any()
    assert (read(tmp_path / "fast" / "a.png") == read(tmp_path / "plain" / "a.png")).all()
    assert rtskin(*call, "--out", tmp_path / "class", "--class", "skin").status == 0
    assert (read(tmp_path / "class" / "a.png") == read(tmp_path / "plain" / "a.png")).all()


def test_too_little_memory_is_said_and_the_next_one_begun(
    rtskin: Rtskin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import rtskin.render.still as still

    real = still.shown

    def poor(view: str, picture: Any, mask: Any) -> Any:
        if picture.width == 81:
            raise MemoryError
        return real(view, picture, mask)

    monkeypatch.setattr(still, "shown", poor)
    images = [save(tmp_path / "a.png", photo(60, 81)), save(tmp_path / "b.png")]
    done = rtskin("mask", *images, "--out", tmp_path / "out", "--model", "ellipse")
    assert done.status == 1
    assert "too little memory for the 81×60 pixels of" in done.err
    assert files(tmp_path / "out") == ["b.png"]


@pytest.mark.parametrize(("given", "threads"), [((), 3), (("--threads", 2), 2)])
def test_networks_have_all_cores_where_nobody_says(
    rtskin: Rtskin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: tuple[object, ...], threads: int
) -> None:
    import rtskin.segmenter as segmenter
    from rtskin.infer.runtimes import threads as of_runtimes

    seen: list[object] = []
    real = segmenter.load_segmenter

    def load(*arguments: Any, **options: Any) -> Any:
        seen.append(options["threads"])
        return real(*arguments, **options)

    monkeypatch.setattr(segmenter, "load_segmenter", load)
    monkeypatch.setattr(of_runtimes, "cores", lambda: 3)
    image = save(tmp_path / "a.png")
    assert rtskin("mask", image, "--out", tmp_path / "out", "--model", "ellipse", "--fast", *given).status == 0
    assert seen == [threads]
