"""The node that refines the masks of a video in tiles: the same tiles from frame to frame, no flicker, forgotten at cuts."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from rtskin.errors import GraphStateError, ModelError
from rtskin.frame import U8, BgrPicture, Frame, Mask, SourceInfo
from rtskin.media import cv2
from rtskin.node import Context
from rtskin.render import chunked as module
from rtskin.render.chunked import RefineTiles
from tests.infer.test_chunked import Red, disc

SIZE = (192, 320)


class Trembling(Red):
    """Says of an edge now more and now less, as it is told."""

    level = 1.0

    def infer(self, prepared: Any) -> Any:
        scores = super().infer(prepared)
        scores.data = (scores.data * self.level).astype(np.float32)
        return scores


@pytest.fixture
def refiner(monkeypatch: pytest.MonkeyPatch) -> list[Red]:
    """What is loaded: the one in the list."""
    loaded: list[Red] = [Red()]

    def load(name: str, **options: Any) -> Red:
        assert name == "red"
        return loaded[0]

    monkeypatch.setattr(module, "load_refiner", load)
    monkeypatch.setattr("rtskin.infer.chunked.TILE", 64)
    return loaded


def node(**options: Any) -> RefineTiles:
    made = RefineTiles(model="red", **options)
    made.open(Context())
    return made


def mask(number: int, picture: U8, base: U8) -> Mask:
    height, width = base.shape
    source = SourceInfo("test", width, height, rate=Fraction(30))
    return Mask(Frame(number, BgrPicture(picture), source, pts=number, time_base=Fraction(1, 30)), base, "base")


def test_a_still_picture_keeps_its_tiles_and_trembles_less(refiner: list[Red]) -> None:
    picture, _, base = disc(*SIZE)
    spread = {}
    for name, made in (("raw", node(strength=0)), ("steady", node())):
        trembling = made._chunked.refiner = Trembling()  # type: ignore[union-attr]
        rng, seen = np.random.default_rng(0), []
        for number in range(24):
            trembling.level = 1.0 if number % 2 else 0.93
            noisy = np.clip(base.astype(int) + rng.integers(-3, 4, base.shape), 0, 255).astype(np.uint8)
            seen.append(made.process(mask(number, picture, noisy)).data.astype(int))
        edge = (base > 60) & (base < 200)
        spread[name] = np.mean([np.abs(one - other)[edge].mean() for one, other in itertools.pairwise(seen[8:])])
    assert spread["raw"] > 5
    assert spread["steady"] < spread["raw"] / 2


def test_a_tile_stays_for_a_while_and_is_then_let_go(refiner: list[Red]) -> None:
    picture, _, base = disc(*SIZE)
    made = node()
    counts = []
    for number in range(60):
        before = len(refiner[0].sizes)
        shown = base if number < 5 else np.zeros_like(base)
        out = made.process(mask(number, picture if number < 5 else np.zeros_like(picture), shown))
        counts.append(len(refiner[0].sizes) - before)
    assert counts[4] > 4
    assert counts[8] > 0
    assert counts[-1] == 0
    assert not out.data.any()
    assert made.counters()["refiner"] == "red"
    assert made.counters()["tiles"] == round(sum(counts) / 60, 2)


def test_where_no_tile_is_the_base_stays(refiner: list[Red]) -> None:
    picture, _, base = disc(*SIZE)
    base = np.maximum(base, 3)
    made = node(tiles=2)
    for number in range(4):
        out = made.process(mask(number, picture, base)).data
    grid = made._chunked.grid(*base.shape)  # type: ignore[union-attr]
    chosen = made._chosen(made._chunked, base)  # type: ignore[arg-type]
    assert chosen.sum() == 2
    outside = ~module.covered(grid, chosen, base.shape)
    assert np.array_equal(out[outside], base[outside])
    assert (out[~outside] != base[~outside]).any()


def test_another_shot_begins_afresh(refiner: list[Red]) -> None:
    """Another size is another stream: nothing is left of what was before."""
    made, other = node(), node()
    picture, _, base = disc(*SIZE)
    for number in range(6):
        made.process(mask(number, picture, base))
    small = cv2.resize(picture, (160, 96)), cv2.resize(base, (160, 96))
    one, two = (each.process(mask(6, *small)).data for each in (made, other))
    assert np.array_equal(one, two)


def test_it_must_be_open_and_have_the_weights_that_were_planned(refiner: list[Red]) -> None:
    closed = RefineTiles(model="red")
    with pytest.raises(GraphStateError, match="is not open"):
        _ = closed.refiner
    with pytest.raises(ModelError, match="the weights of red are not those that this was planned with"):
        node(weights="0" * 64)
    closed.close()
