"""Views one after another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np
import pytest
from pydantic import Field

from rtskin.frame import U8, Mask
from rtskin.registry import VIEWS
from rtskin.render.views import view
from rtskin.render.views.chain import Chain, is_edge

from ..conftest import disc, make_frame, make_mask


@pytest.fixture
def counted() -> Iterator[None]:
    """A view with a memory, and one with an argument, as others write them."""

    @view("test-count")
    class Count:
        def __init__(self, *, start: Annotated[int, Field(ge=0)] = 0) -> None:
            self.count = start

        def __call__(self, picture: U8, mask: Mask, out: U8) -> U8:
            out[:] = self.count
            self.count += 1
            return out

    @view("test-add")
    def add(picture: U8, mask: Mask, out: U8, *, much: int = 1) -> U8:
        return np.add(picture, much, out=out)

    yield
    for name in ("test-count", "test-add"):
        VIEWS._loaded.pop(name)


@pytest.mark.usefixtures("counted")
def test_a_view_sees_what_the_one_before_it_made() -> None:
    chain = Chain("test-count:start=5 + test-add:much=10 + test-add")
    assert chain.stateful
    assert not Chain("test-add").stateful
    mask = make_mask(disc())
    assert [int(chain(mask).max()) for _ in range(3)] == [16, 17, 18]


def test_the_mask_of_an_edge_is_that_of_the_views_after_it() -> None:
    data = np.full((48, 64), 100, np.uint8)
    assert Chain("step:low=0.1,high=0.2+matte")(make_mask(data)).min() == 255
    assert Chain("matte+step")(make_mask(data)).max() == 100
    assert is_edge("feather")
    assert not is_edge("overlay")


def test_edges_alone_show_the_frame() -> None:
    mask = make_mask(disc())
    assert Chain("feather")(mask) is mask.frame.bgr


def test_a_matte_can_be_painted_on() -> None:
    mask = Mask(make_frame(), disc())
    image = Chain("matte+overlay:alpha=1,color=ff0000,contour=no")(mask)
    assert image[24, 32].tolist() == [0, 0, 255]
    assert image[0, 0].tolist() == [0, 0, 0]


def test_pictures_that_are_kept_stay_distinct() -> None:
    chain = Chain("skin-blur+overlay")
    masks = [make_mask(disc(step=step)) for step in (-8, 0, 8)]
    kept = [chain(mask) for mask in masks]
    assert all(np.array_equal(one, chain(mask)) for one, mask in zip(kept, masks, strict=True))
