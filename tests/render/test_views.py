"""Views, and the node that applies them."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.errors import InputError, UnknownNameError
from rtskin.frame import U8, Mask
from rtskin.node import Context
from rtskin.registry import VIEWS
from rtskin.render.node import Render
from rtskin.render.views import parse_color, view
from rtskin.render.views.blend import mix
from rtskin.render.views.box import FAINT
from rtskin.render.views.chain import for_live

from .conftest import disc, make_frame, make_mask, picture

BLUE, GREEN, RED = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def show(mask: Mask, view: str = "overlay") -> U8:
    node = Render(view=view)
    node.open(Context())
    return node.process(mask).image


def noise(width: int = 65, height: int = 47) -> U8:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(64, 48), (1, 1), (2, 4000), (3, 5), (4000, 2)])
def test_overlay_leaves_what_is_not_skin_bit_equal(size: tuple[int, int]) -> None:
    data = disc(*size)
    mask = Mask(make_frame(noise(*size)), data)
    before = mask.frame.bgr.copy()
    image = show(mask)
    assert np.array_equal(image[data == 0], before[data == 0])
    assert np.array_equal(mask.frame.bgr, before)
    assert np.array_equal(mask.data, disc(*size))


def test_overlay_tints_by_the_mask() -> None:
    pixels, data = noise(), np.random.default_rng(1).integers(0, 256, (47, 65), dtype=np.uint8)
    image = show(Mask(make_frame(pixels), data), "overlay:alpha=0.25,color=0000ff,contour=no")
    weight = data[..., None] / 255 * 0.25
    error = np.abs(image - (pixels + (np.array(BLUE) - pixels) * weight))
    assert error[data >= 4 * FAINT].max() <= 1.0  # weights have eight bits
    assert np.array_equal(image[data < 4 * FAINT - 2], pixels[data < 4 * FAINT - 2])


def test_a_full_mask_at_full_opacity_is_the_colour() -> None:
    image = show(make_mask(np.full((4, 5), 255, np.uint8)), "overlay:alpha=1,color=ff0000")
    assert np.all(image == RED)


def test_the_contour_runs_inside_and_not_along_the_frame() -> None:
    data = np.zeros((480, 640), np.uint8)
    data[100:200, 0:300] = 255
    frame = make_frame(np.zeros((480, 640, 3), np.uint8))
    image = show(Mask(frame, data), "overlay:alpha=0,color=00ff00")
    line = (image == GREEN).all(axis=2)
    expected = np.zeros_like(line)
    expected[100, :300] = expected[199, :300] = expected[100:200, 299] = True
    assert np.array_equal(line, expected)


def test_the_contour_grows_with_the_picture() -> None:
    data = np.zeros((1440, 640), np.uint8)
    data[100:200] = 255
    image = show(Mask(make_frame(np.zeros((1440, 640, 3), np.uint8)), data), "overlay:alpha=0,color=00ff00")
    assert image[:, 5, 1].nonzero()[0].tolist() == [100, 101, 102, 197, 198, 199]


def test_matte_is_the_mask_itself() -> None:
    mask = make_mask(disc())
    assert show(mask, view="matte") is mask.data


def test_cutout_shows_the_frame_where_the_mask_is_full() -> None:
    pixels, data = noise(), np.random.default_rng(1).integers(0, 256, (47, 65), dtype=np.uint8)
    image = show(Mask(make_frame(pixels), data), "cutout:background=00ff00")
    assert np.array_equal(image[data == 255], pixels[data == 255])
    assert np.all(image[data == 0] == GREEN)
    assert np.abs(image - (GREEN + (pixels - np.array(GREEN)) * (data[..., None] / 255))).max() <= 0.51


def test_read_only_pictures_will_do() -> None:
    pixels = noise()
    pixels.flags.writeable = False
    assert np.array_equal(show(Mask(make_frame(pixels), np.zeros((47, 65), np.uint8))), pixels)


def test_views_are_switched_while_running() -> None:
    node = Render(view="cutout")
    seen = []
    there = [name for name in VIEWS.names() if for_live(name)]
    for _ in there:
        assert node.command("view", "next")
        seen.append(node.view)
    assert sorted(seen) == there
    assert node.view == "cutout"
    assert node.command("view", "matte")
    assert node.process(make_mask(disc())).view == "matte"
    assert not node.command("model", "next")
    with pytest.raises(UnknownNameError, match="overlay"):
        node.command("view", "overly")


def test_an_unknown_view_is_refused_at_once_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"no view is called 'mate'; did you mean matte"):
        Render(view="mate")


def test_other_peoples_views() -> None:
    @view("test-negative")
    def negative(picture: U8, mask: Mask, out: U8) -> U8:
        np.subtract(255, picture, out=out)
        return out

    try:
        pixels = noise()
        image = show(Mask(make_frame(pixels), np.zeros((47, 65), np.uint8)), view="test-negative")
        assert np.array_equal(image, 255 - pixels)
    finally:
        VIEWS._loaded.pop("test-negative")


@pytest.mark.parametrize(("text", "color"), [("00c850", (80, 200, 0)), ("#FF0000", RED), (" 0000ff ", BLUE)])
def test_colours(text: str, color: tuple[int, int, int]) -> None:
    assert parse_color(text) == color


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("overlay:color=green", "'green' is not a colour"),
        ("overlay:colour=ffffff", "view overlay has no option 'colour'; did you mean color"),
        ("overlay:alpha=1.5", "view overlay.alpha: .* less than or equal to 1"),
        ("cutout:background=12345", "12345 is neither a colour"),
        ("cutout:background=/no/such.png", "neither a colour .rrggbb. nor an image or video"),
        ("step:low=0.8,high=0.2+cutout", "low must not be more than high"),
        ("overlay:alpha", "a name and = are missing before 'alpha'"),
        ("overlay:alpha=0.1,alpha=0.2", "alpha is said twice"),
        ("overlay+", "the name of a view is missing"),
        ("", "it names no view"),
        ('cutout:background="a"b', "'b' after .* says nothing"),
        ("seamless-clone", "background: Field required"),
        ("seamless-clone:background=00ff00", "needs an image or a video"),
        ("matte:alpha=1", "view matte has no option 'alpha'"),
    ],
)
def test_what_cannot_be_shown_is_refused(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        show(make_mask(disc()), text)


def test_pictures_that_are_kept_stay_distinct() -> None:
    node = Render(view="cutout")
    images = [node.process(Mask(make_frame(picture(step=i)), np.full((48, 64), 255, np.uint8))).image for i in range(5)]
    assert all(np.array_equal(image, picture(step=i)) for i, image in enumerate(images))


def test_mix_with_nothing_is_a_copy() -> None:
    pixels, out = noise(), np.empty((47, 65, 3), np.uint8)
    mix(pixels, np.full((47, 65), 255, np.uint8), out, RED, 0.0)
    assert np.array_equal(out, pixels)
