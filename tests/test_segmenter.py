from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin import Segmenter
from rtskin.errors import GraphStateError, InputError, RtskinError, UnknownNameError
from rtskin.infer.cards import Card
from rtskin.media import cv2

SKIN, WALL = (120, 150, 220), (128, 128, 128)


def patch(width: int = 80, height: int = 60, dtype: Any = np.uint8) -> Any:
    """Left half skin-coloured, right half grey."""
    image = np.empty((height, width, 3), np.uint8)
    image[:, : width // 2], image[:, width // 2 :] = SKIN, WALL
    return image.astype(dtype)


@pytest.fixture(scope="module")
def ellipse() -> Any:
    with Segmenter("ellipse") as segmenter:
        yield segmenter


def test_a_mask_of_the_images_size(ellipse: Segmenter) -> None:
    mask = ellipse(patch())
    assert mask.shape == (60, 80)
    assert mask.dtype == np.uint8
    assert mask[:, :36].min() == 255
    assert mask[:, 44:].max() == 0


def test_what_it_says_of_itself(ellipse: Segmenter) -> None:
    assert ellipse.card.name == "ellipse"
    assert ellipse.info.runtime == "opencv"
    assert repr(ellipse) == "Segmenter('ellipse', runtime='opencv', device='cpu')"


def test_alpha_is_ignored(ellipse: Segmenter) -> None:
    image = np.dstack([patch(), np.zeros((60, 80), np.uint8)])
    assert np.array_equal(ellipse(image), ellipse(patch()))


def test_sixteen_bits_are_scaled(ellipse: Segmenter) -> None:
    assert np.array_equal(ellipse(patch(dtype=np.uint16) * 257), ellipse(patch()))


def test_grey(ellipse: Segmenter) -> None:
    for image in (np.full((9, 7), 130, np.uint8), np.full((9, 7, 1), 130, np.uint8), np.full((9, 7), 40000, np.uint16)):
        mask = ellipse(image)
        assert mask.shape == (9, 7)
        assert mask.max() == 0  # grey is no skin


@pytest.mark.parametrize("size", [(1, 1), (2, 4000), (4000, 2), (33, 17)])
def test_odd_sizes(ellipse: Segmenter, size: tuple[int, int]) -> None:
    image = np.full((size[1], size[0], 3), SKIN, np.uint8)
    assert ellipse(image).shape == (size[1], size[0])
    network = Segmenter(Card(name="n", architecture="none"), runtime="fake")
    assert network(image).shape == (size[1], size[0])


def test_views_that_are_not_contiguous(ellipse: Segmenter) -> None:
    large = patch(200, 100)
    assert np.array_equal(ellipse(large[::2, ::-1]), ellipse(large[::2, ::-1].copy()))


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (None, "there is no image"),
        ([[1, 2, 3]], "not a list"),
        ("face.jpg", "not a str"),
        (np.zeros((4, 4, 3)), r"float64 .*multiply by 255 first"),
        (np.zeros((4, 4, 3), bool), "image of bool"),
        (np.zeros((4, 4, 3), np.int32), "image of int32"),
        (np.zeros((4, 4, 2), np.uint8), r"shape \(4, 4, 2\)"),
        (np.zeros((1, 4, 4, 3), np.uint8), r"shape \(1, 4, 4, 3\)"),
        (np.zeros(12, np.uint8), r"shape \(12,\)"),
        (np.zeros((0, 4, 3), np.uint8), "empty"),
        (np.zeros((4, 0), np.uint8), "empty"),
    ],
)
def test_what_is_no_image(ellipse: Segmenter, image: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        ellipse(image)
    assert "\n" not in str(caught.value)


def test_the_image_is_not_written_to(ellipse: Segmenter) -> None:
    image = patch()
    image.setflags(write=False)
    ellipse(image)
    assert np.array_equal(image, patch())


def test_masks_are_distinct(ellipse: Segmenter) -> None:
    skin, wall = np.full((20, 20, 3), SKIN, np.uint8), np.full((20, 20, 3), WALL, np.uint8)
    masks = [ellipse(image) for image in (skin, wall, skin, wall)]
    assert [int(mask.mean()) for mask in masks] == [255, 0, 255, 0]
    masks[0][:] = 7
    assert masks[2].min() == 255


def test_several_threads(ellipse: Segmenter) -> None:
    images = [np.full((50 + i, 40, 3), colour, np.uint8) for i, colour in enumerate((SKIN, WALL, SKIN, WALL))]
    wrong: list[int] = []

    def work(index: int) -> None:
        expected = 255 if index % 2 == 0 else 0
        for _ in range(50):
            if not (ellipse(images[index]) == expected).all():
                wrong.append(index)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []


def test_closed() -> None:
    with Segmenter("ellipse") as segmenter:
        pass
    segmenter.close()
    with pytest.raises(GraphStateError, match="is closed; make a new one"):
        segmenter(patch())


def test_errors_at_the_start() -> None:
    with pytest.raises(UnknownNameError, match="did you mean ellipse"):
        Segmenter("elipse")
    with pytest.raises(InputError, match="there is no model at"):
        Segmenter(Path("/nothing/model.toml"))
    with pytest.raises(RtskinError, match="CPU only"):
        Segmenter("ellipse", device="cuda")


def test_options_of_a_runtime_pass_through() -> None:
    segmenter = Segmenter(Card(name="n", architecture="none"), runtime="fake", fail_at=1)
    with pytest.raises(RuntimeError, match="fail at run 1"):
        segmenter(patch())


def test_a_real_portrait(ellipse: Segmenter, shared: Path) -> None:
    folder = shared / "data/minhas"
    path = sorted((folder / "images").iterdir())[0]
    image = cv2.imread(str(path))
    mask = ellipse(image)
    assert mask.shape == image.shape[:2]
    truth = cv2.imread(str(folder / "masks" / f"{path.stem}.png"), cv2.IMREAD_GRAYSCALE) > 127
    assert mask[truth].mean() > 2 * mask[~truth].mean()


def test_masks_of_sixteen_bits(ellipse: Segmenter) -> None:
    mask = ellipse(patch(), 16)
    assert mask.dtype == np.uint16
    assert np.array_equal(mask, ellipse(patch()) * np.uint16(257))
    with pytest.raises(InputError, match="a mask has 8 or 16 bits, not 12"):
        ellipse(patch(), 12)  # type: ignore[arg-type]


def test_any_model_refines_any_other() -> None:
    """mobile-unet, which takes no prior, sees the tiles around the edge of what ellipse found as pictures of their own."""
    pytest.importorskip("onnxruntime")
    image = patch(1200, 600)
    with Segmenter("ellipse") as plain, Segmenter("ellipse", refine="mobile-unet", threads=1, tiles=1) as refined:
        before, after = plain(image), refined(image)
    changed = np.flatnonzero((before != after).any(axis=0))
    assert len(changed)
    # One tile of 480, over the edge in the middle.
    assert changed[0] >= 120
    assert changed[-1] < 1080
    assert changed[-1] - changed[0] < 480


def test_an_image_that_the_model_sees_enlarged_is_not_refined() -> None:
    pytest.importorskip("onnxruntime")
    image = patch(300, 200)
    with Segmenter("mobile-unet", threads=1) as plain:
        with Segmenter("mobile-unet", refine="ellipse", threads=1) as refined:
            assert np.array_equal(plain(image), refined(image))
        with Segmenter("mobile-unet", refine="ellipse", threads=1, size=(128, 96), mirror=True) as refined:
            assert (plain(image) != refined(image)).any()


def test_a_refiner_that_is_none() -> None:
    with pytest.raises(UnknownNameError, match="did you mean ellipse"):
        Segmenter("ellipse", refine="elipse")
    with pytest.raises(InputError, match="a budget of 0 tiles refines nothing"):
        Segmenter("ellipse", refine="ellipse", tiles=0)
    with pytest.raises(InputError, match="'ellipse' has no class 'hair'"):
        Segmenter("mobile-unet-parts", classes="hair", refine="ellipse")
