from __future__ import annotations

import pytest

from rtskin.preprocess.fit import choose, fit, scaled


def test_stretch_fills_everything() -> None:
    assert fit("stretch", (1280, 720), (256, 192)) == (0, 0, 256, 192)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ((1280, 720), (0, 56, 256, 144)),
        ((720, 1280), (56, 0, 144, 256)),
        ((256, 256), (0, 0, 256, 256)),
        ((1, 1), (0, 0, 256, 256)),
        ((2, 4000), (127, 0, 1, 256)),
        ((4000, 2), (0, 127, 256, 1)),
        ((641, 479), (0, 32, 256, 191)),
    ],
)
def test_letterbox_keeps_the_aspect_and_centres(source: tuple[int, int], expected: tuple[int, int, int, int]) -> None:
    assert fit("letterbox", source, (256, 256)) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ((1280, 720), (0, 0, 256, 144)),
        ((720, 1280), (0, 0, 144, 256)),
        ((2, 4000), (0, 0, 1, 256)),
        ((3, 3), (0, 0, 256, 256)),
    ],
)
def test_corner_keeps_the_aspect_and_pads_right_and_below(
    source: tuple[int, int], expected: tuple[int, int, int, int]
) -> None:
    assert fit("corner", source, (256, 256)) == expected


@pytest.mark.parametrize("source", [(1, 1), (2, 4000), (333, 77), (1279, 721), (8192, 1)])
@pytest.mark.parametrize("target", [(256, 256), (320, 180), (1, 1), (31, 97)])
def test_the_rectangle_lies_inside(source: tuple[int, int], target: tuple[int, int]) -> None:
    x, y, w, h = fit("letterbox", source, target)
    assert x >= 0
    assert y >= 0
    assert w >= 1
    assert h >= 1
    assert x + w <= target[0]
    assert y + h <= target[1]
    # One axis is full, and the padding of the other is even to a pixel.
    assert w == target[0] or h == target[1]
    assert target[0] - w - 2 * x in (0, 1)
    assert target[1] - h - 2 * y in (0, 1)


def test_a_rectangle_in_an_output_of_another_size() -> None:
    rect = (0, 56, 256, 144)
    assert scaled(rect, (256, 256), (256, 256)) == rect
    assert scaled(rect, (256, 256), (64, 64)) == (0, 14, 64, 36)
    assert scaled(rect, (256, 256), (512, 512)) == (0, 112, 512, 288)


@pytest.mark.parametrize("target", [(1, 1), (3, 5), (100, 7)])
def test_a_thin_rectangle_keeps_a_pixel_inside(target: tuple[int, int]) -> None:
    for rect in [(127, 0, 1, 256), (255, 255, 1, 1), (0, 127, 256, 1)]:
        x, y, w, h = scaled(rect, (256, 256), target)
        assert w >= 1
        assert h >= 1
        assert 0 <= x <= target[0] - w
        assert 0 <= y <= target[1] - h


SHAPES = ((320, 320), (352, 288), (416, 224), (288, 352), (224, 416))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ((1280, 720), (416, 224)),
        ((720, 1280), (224, 416)),
        ((640, 480), (352, 288)),
        ((480, 640), (288, 352)),
        ((3000, 3000), (320, 320)),
        ((320, 320), (320, 320)),
        ((1, 1), (320, 320)),
        ((16000, 10), (416, 224)),
        ((1, 9999), (224, 416)),
    ],
)
def test_the_nearest_aspect_is_chosen(source: tuple[int, int], expected: tuple[int, int]) -> None:
    assert choose(SHAPES, source) == expected
    assert choose(SHAPES[::-1], source) == expected


def test_near_is_meant_as_a_ratio() -> None:
    # 1.4 lies in the middle between 1 and 1.8, but by ratio nearer to 1.8 (1.29 times) than to 1 (1.4 times).
    assert choose(((100, 100), (180, 100)), (140, 100)) == (180, 100)
    assert choose(((100, 100), (100, 180)), (100, 140)) == (100, 180)


@pytest.mark.parametrize("source", [(100, 100), (7, 7), (1279, 1279)])
def test_of_equally_near_ones_the_first_is_chosen(source: tuple[int, int]) -> None:
    for wide, high in (((160, 96), (96, 160)), ((352, 288), (288, 352)), ((3, 1), (1, 3))):
        assert choose((wide, high), source) == wide
        assert choose((high, wide), source) == high
    assert choose(((64, 64), (128, 128)), source) == (64, 64)
