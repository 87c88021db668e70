"""What each view does to a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtskin.frame import U8, Mask
from rtskin.media import cv2
from rtskin.registry import VIEWS
from rtskin.render.views.box import FAINT
from rtskin.render.views.chain import Chain, for_live

from ..conftest import disc, make_frame, picture

SIZE = (160, 120)


def scene(step: int = 0, **fields: object) -> Mask:
    """Texture on a smooth picture, with a disc of skin."""
    noise = np.random.default_rng(step).integers(-12, 13, (SIZE[1], SIZE[0], 1))
    pixels = np.clip(picture(*SIZE, step=step).astype(int) // 2 + 60 + noise, 0, 255).astype(np.uint8)
    return Mask(make_frame(pixels, seq=step, **fields), disc(*SIZE))


def roughness(image: U8, where: U8) -> float:
    """Variance of what differs from pixel to pixel, inside a mask and clear of its edge."""
    inside = cv2.erode(where, np.ones((9, 9), np.uint8)) == 255
    return float(cv2.Laplacian(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.CV_32F)[inside].var())


@pytest.mark.parametrize("text", ["smooth-skin", "tone:brightness=0.5", "balance", "skin-blur", "contour", "overlay"])
def test_what_changes_the_skin_leaves_the_rest_bit_equal(text: str) -> None:
    mask = scene()
    image = Chain(text)(mask)
    assert np.array_equal(image[mask.data < FAINT], mask.frame.bgr[mask.data < FAINT])
    assert not np.array_equal(image[mask.data == 255], mask.frame.bgr[mask.data == 255])


def test_background_blur_leaves_the_skin_bit_equal() -> None:
    mask = scene()
    image = Chain("background-blur:strength=1")(mask)
    assert np.array_equal(image[mask.data == 255], mask.frame.bgr[mask.data == 255])
    assert roughness(image, 255 - mask.data) < 0.02 * roughness(mask.frame.bgr, 255 - mask.data)


def test_the_colour_of_the_skin_does_not_bleed_into_a_blurred_background() -> None:
    data = disc(*SIZE)
    pixels = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    pixels[data > 0] = 255
    image = Chain("background-blur:strength=1")(Mask(make_frame(pixels), data))
    outside = data == 0
    blurred = cv2.GaussianBlur(pixels, (0, 0), 4.8)
    assert image[outside].mean() < 0.35 * blurred[outside].mean()


def test_smooth_skin_takes_the_texture_and_keeps_edges_and_colours() -> None:
    mask = scene()
    image = Chain("smooth-skin:strength=1")(mask)
    assert roughness(image, mask.data) < 0.3 * roughness(mask.frame.bgr, mask.data)
    edge = np.full((SIZE[1], SIZE[0], 3), (60, 80, 120), np.uint8)
    edge[:, SIZE[0] // 2 :] = (120, 140, 180)
    shown = Chain("smooth-skin:strength=1")(Mask(make_frame(edge), np.full((SIZE[1], SIZE[0]), 255, np.uint8)))
    assert np.abs(shown.astype(int) - edge).max() <= 12
    assert np.ptp(shown.astype(int) - edge, axis=2).max() == 0  # all channels alike


@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_strength_of_smooth_skin(strength: float) -> None:
    mask = scene()
    same = np.array_equal(Chain(f"smooth-skin:strength={strength}")(mask), mask.frame.bgr)
    assert same == (strength == 0)


def test_pixelate_hides_whole_blocks() -> None:
    mask = scene()
    image = Chain("pixelate:size=0.1")(mask)
    inside = image[40:80, 60:100]
    assert len(np.unique(inside.reshape(-1, 3), axis=0)) <= 36  # 12 pixels wide each, of 40 by 40 pixels
    assert np.array_equal(image[:8, :8], mask.frame.bgr[:8, :8])
    assert (image[mask.data > 128] != mask.frame.bgr[mask.data > 128]).any(axis=1).mean() > 0.9


def test_tone_turns_the_skin() -> None:
    mask = scene()
    inside = mask.data == 255

    def mean(text: str) -> np.ndarray:
        return Chain(text)(mask)[inside].mean(axis=0) - mask.frame.bgr[inside].mean(axis=0)

    assert mean("tone:brightness=0.5").min() > 10
    assert mean("tone:brightness=-0.5").max() < -10
    blue, _, red = mean("tone:warmth=1")
    assert blue < -10 < 10 < red
    assert mean("tone:tint=1")[1] < -10
    assert np.array_equal(Chain("tone")(mask), mask.frame.bgr)


def test_balance_takes_the_colour_of_the_light_out_of_the_skin() -> None:
    data = disc(*SIZE)
    pixels = np.full((SIZE[1], SIZE[0], 3), 120, np.uint8)
    pixels[data > 0] = (110, 130, 180)
    lit = (pixels * np.array([0.8, 1.0, 1.25])).clip(0, 255).astype(np.uint8)
    image = Chain("balance:strength=1")(Mask(make_frame(lit), data))
    before, after = (np.abs(one[60, 80].astype(int) - pixels[60, 80]).max() for one in (lit, image))
    assert before >= 40
    assert after <= 6


def test_balance_follows_slowly() -> None:
    chain, data = Chain("balance:strength=1"), disc(*SIZE)
    gray = Mask(make_frame(np.full((SIZE[1], SIZE[0], 3), 120, np.uint8)), data)
    chain(gray)
    red = gray.frame.bgr.copy()
    red[data == 0] = (60, 60, 200)
    first = chain(Mask(make_frame(red), data))[60, 80].astype(int)
    assert np.abs(first - 120).max() <= 6
    for _ in range(200):
        last = chain(Mask(make_frame(red), data))[60, 80].astype(int)
    assert last[0] > 140 > 100 > last[2]


def test_heat_goes_from_blue_to_red() -> None:
    data = np.tile(np.array([10, 128, 245], np.uint8), (SIZE[1], 1)).repeat(54, axis=1)[:, : SIZE[0]]
    image = Chain("heat:alpha=1")(Mask(make_frame(picture(*SIZE)), np.ascontiguousarray(data)))
    low, middle, high = (image[60, x].astype(int) for x in (5, 80, 155))
    assert low[0] > low[2]
    assert middle[1] > max(middle[0], middle[2])
    assert high[2] > high[0]


def test_feather_softens_both_sides_and_keeps_the_middle() -> None:
    data = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    data[:, 80:] = 255
    soft = Chain("feather:radius=8+matte")(Mask(make_frame(picture(*SIZE)), data))
    row = soft[60].astype(int)
    assert np.all(np.diff(row) >= 0)
    assert (row[66], row[94]) == (0, 255)
    assert 100 < row[79] <= row[80] < 155
    assert Chain("feather:radius=0+matte")(Mask(make_frame(picture(*SIZE)), data)) is data


def test_guided_puts_the_edge_to_where_the_picture_has_it() -> None:
    pixels = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    pixels[:, 80:] = 200
    data = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    data[:, 80:] = 255
    blurred = cv2.blur(data, (25, 25))
    found = Chain("guided+matte")(Mask(make_frame(pixels), blurred))
    assert np.abs(found.astype(int) - data).mean() < 0.5 * np.abs(blurred.astype(int) - data).mean()


def test_side_by_side_shows_what_the_views_before_made() -> None:
    mask = scene()
    image = Chain("skin-blur+side-by-side")(mask)
    assert image.shape == (SIZE[1], 3 * SIZE[0], 3)
    assert np.array_equal(image[:, : SIZE[0]], mask.frame.bgr)
    assert np.array_equal(image[:, 2 * SIZE[0] :], Chain("skin-blur")(mask))
    assert np.array_equal(Chain("side-by-side")(mask)[:, 2 * SIZE[0] :], Chain("overlay")(mask))


@pytest.mark.parametrize("size", [(1, 1), (2, 500), (500, 3), (33, 31)])
@pytest.mark.parametrize("name", [name for name in VIEWS.names() if for_live(name)])
def test_every_view_takes_pictures_of_any_size_and_masks_of_any_kind(size: tuple[int, int], name: str) -> None:
    frame = make_frame(picture(*size))
    for data in (np.zeros(size[::-1], np.uint8), np.full(size[::-1], 255, np.uint8), disc(*size)):
        before = frame.bgr.copy(), data.copy()
        image = Chain(f"feather+guided+step+{name}")(Mask(frame, data))
        assert image.dtype == np.uint8
        assert image.shape[0] == size[1]
        assert np.array_equal(frame.bgr, before[0])
        assert np.array_equal(data, before[1])


@pytest.fixture
def green(tmp_path: Path) -> Path:
    path = tmp_path / "a b,c+d.png"
    cv2.imwrite(str(path), np.full((50, 50, 3), (40, 160, 40), np.uint8))
    return path


def test_a_cutout_before_an_image_of_another_size(green: Path) -> None:
    mask = scene()
    image = Chain(f'cutout:background="{green}"')(mask)
    assert np.array_equal(image[mask.data == 255], mask.frame.bgr[mask.data == 255])
    assert np.all(image[mask.data == 0] == (40, 160, 40))


def test_a_transfer_moves_the_skin_toward_the_background(green: Path) -> None:
    mask = scene()
    inside = mask.data == 255
    before = mask.frame.bgr[inside].mean(axis=0)
    half, full = (Chain(f'cutout:background="{green}",transfer={t}')(mask)[inside].mean(axis=0) for t in (0.5, 1))
    goal = np.array([40, 160, 40])
    distances = [np.linalg.norm(one - goal) for one in (before, half, full)]
    assert distances[0] > distances[1] + 5 > distances[2] + 10
    assert np.all(Chain(f'cutout:background="{green}",transfer=1')(mask)[mask.data == 0] == goal)


def test_a_video_behind_plays_by_the_frames_times(make_video: object, tmp_path: Path) -> None:
    path = make_video("behind.mp4", 1, None, 25)  # type: ignore[operator]
    chain = Chain(f"cutout:background={path}")
    empty = np.zeros((48, 64), np.uint8)
    shown = [chain(Mask(make_frame(picture(), seq=i, pts=40 * i), empty)).astype(int) for i in (0, 10, 25, 35)]
    assert np.abs(shown[0] - picture()).mean() < 4
    assert np.abs(shown[1] - picture(step=10)).mean() < 4
    assert np.abs(shown[2] - shown[0]).max() == 0  # it begins again
    assert np.abs(shown[3] - shown[1]).max() == 0
    chain.close()


def test_a_seamless_clone_takes_the_light_of_the_background(green: Path) -> None:
    mask = scene()
    image = Chain(f'seamless-clone:background="{green}"')(mask)
    before, after = (one[mask.data == 255].astype(float).mean(axis=0) for one in (mask.frame.bgr, image))
    goal = np.array([40, 160, 40])
    assert np.linalg.norm(after - goal) < np.linalg.norm(before - goal)
    assert np.all(image[:4] == goal)


def test_foreground_takes_the_background_out_of_the_edge() -> None:
    pytest.importorskip("pymatting", reason="the extra matting is not installed")
    data = cv2.GaussianBlur(disc(*SIZE), (0, 0), 4)
    alpha = data[..., None] / 255
    pixels = (alpha * np.array([90, 130, 200]) + (1 - alpha) * np.array([200, 30, 30])).astype(np.uint8)
    image = Chain("foreground")(Mask(make_frame(pixels), data))
    edge = (data > 60) & (data < 200)
    before, after = (np.abs(one[edge].astype(float) - [90, 130, 200]).mean() for one in (pixels, image))
    assert after < 0.4 * before
