from __future__ import annotations

import pytest

from rtskin.preprocess.fit import fit, scaled


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
