"""Frames that look the same take the scores of one; what moves, creeps or fades does not."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from rtskin.frame import BgrPicture, Frame, SourceInfo
from rtskin.graph import Graph
from rtskin.media import cv2
from rtskin.preprocess.skip import STRETCH, Skip

WIDTH, HEIGHT = 640, 360
RANDOM = np.random.default_rng(11)
WALL = cv2.resize(RANDOM.integers(40, 200, (9, 16, 3)).astype(np.uint8), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
MODEL = object()


def frame(seq: int, pixels: np.ndarray, noise: float = 0.0, ms: float = 33.0) -> Frame:
    if noise:
        pixels = np.clip(pixels + RANDOM.normal(0, noise, pixels.shape), 0, 255).astype(np.uint8)
    height, width = pixels.shape[:2]
    return Frame(seq, BgrPicture(pixels), SourceInfo("made", width, height), round(seq * ms), Fraction(1, 1000))


def hand(left: float) -> np.ndarray:
    """A square a little brighter than the wall, at a place between pixels."""
    shift = np.float32([[1, 0, left], [0, 1, 100]])
    square = cv2.warpAffine(np.full((120, 80), 60, np.uint8), shift, (WIDTH, HEIGHT))
    return np.clip(WALL.astype(int) + square[:, :, None], 0, 255).astype(np.uint8)


def skipped(frames: list[Frame], *, by_number: bool = False) -> list[int]:
    skip = Skip(by_number=by_number)
    return [one.seq for one in frames if skip(one, MODEL)[1]]


@pytest.mark.parametrize("noise", [0, 1, 3, 6, 10])
def test_a_still_picture_is_skipped_whatever_the_noise(noise: float) -> None:
    """All but one a second."""
    assert len(skipped([frame(n, WALL, noise) for n in range(60)])) >= 56


@pytest.mark.parametrize("noise", [0, 3])
def test_a_hand_that_moves_is_never_skipped(noise: float) -> None:
    assert skipped([frame(n, hand(100 + 4 * n), noise) for n in range(20)]) == []


@pytest.mark.parametrize("noise", [0, 3])
def test_a_hand_that_creeps_is_not_lost(noise: float) -> None:
    """A tenth of a pixel a frame: the mask is never more than three pixels behind, and it is not looked at all the time."""
    skip, place = Skip(), 0.0
    for number in range(120):
        now = 100 + 0.1 * number
        if not skip(frame(number, hand(now), noise, ms=1), MODEL)[1]:
            place = now
        assert now - place < 3
    assert skip.frames > 60


def test_light_that_fades_is_not_lost() -> None:
    """Half a percent a frame."""
    skip, level = Skip(), 1.0
    for number in range(100):
        now = 1 - 0.005 * number
        if not skip(frame(number, (WALL * now).astype(np.uint8), 1, ms=1), MODEL)[1]:
            level = now
        assert level - now < 0.035
    assert 20 < skip.frames < 90


def test_another_model_size_or_time_is_looked_at() -> None:
    skip = Skip()
    assert [skip(frame(n, WALL), MODEL)[1] for n in range(2)] == [False, True]
    assert not skip(frame(2, WALL), object())[1]
    assert not skip(frame(3, WALL[:180]), MODEL)[1]
    assert not skip(frame(4, WALL), MODEL)[1]
    assert skip(frame(5, WALL), MODEL)[1]
    assert not skip(frame(6, WALL, ms=500), MODEL)[1]
    assert not skip(frame(5, WALL), MODEL)[1]  # older than what it would have to wait for


@pytest.mark.parametrize("noise", [0, 3])
def test_by_number_a_part_skips_what_the_whole_skips(noise: float) -> None:
    """From the first multiple on; else what a part begins with is compared to for long, and the noise is remembered."""
    frames = [frame(n, hand(100 + 0.1 * n), noise) for n in range(100)]
    whole = skipped(frames, by_number=True)
    assert 60 < len(whole) < 97
    differ = set()
    for begin in (1, 17, 44):
        first = -(-begin // STRETCH) * STRETCH
        part = [n for n in skipped(frames[begin:], by_number=True) if n >= first]
        assert part == [n for n in whole if n >= first]
        differ.update({*skipped(frames[begin:])} ^ {n for n in skipped(frames) if n >= begin})
    assert differ - {1, 17, 44}, "without numbers it would not be so"


def test_by_number_a_lost_frame_changes_nothing_after_the_next_multiple() -> None:
    """The first that is there begins anew in place of one that cannot be decoded."""
    frames = [frame(n, WALL) for n in range(3 * STRETCH) if n != STRETCH]
    assert STRETCH + 1 not in skipped(frames, by_number=True)
    assert skipped(frames, by_number=True)[-STRETCH + 1 :] == list(range(2 * STRETCH + 1, 3 * STRETCH))


def test_without_any_clock_nothing_is_skipped() -> None:
    skip, info = Skip(), SourceInfo("made", WIDTH, HEIGHT)
    assert not any(skip(Frame(n, BgrPicture(WALL), info), MODEL)[1] for n in range(4))


@pytest.mark.parametrize("workers", [1, 3])
def test_in_a_graph_the_network_runs_for_what_changed(tmp_path, workers: int) -> None:  # type: ignore[no-untyped-def]
    """Ten still pictures, ten that move: every frame has its mask, and eleven or so went through the network."""
    for number in range(20):
        cv2.imwrite(str(tmp_path / f"{number:02}.png"), hand(100 + 8 * max(0, number - 10)))
    settings = {
        "source.uri": str(tmp_path / "*.png"), "infer.model": "ellipse", "preprocess.skip": True, "smooth.method": "none",
        "preprocess.workers": workers, "infer.workers": workers,
    }  # fmt: skip
    graph = Graph.from_toml("masks", settings)
    skipping = [packet.data.copy() for packet in graph]  # type: ignore[attr-defined]
    plain = [packet.data.copy() for packet in Graph.from_toml("masks", settings | {"preprocess.skip": False})]  # type: ignore[attr-defined]
    count = graph.statistics().nodes["preprocess"].counters["skip.frames"]
    assert (count == 10) if workers == 1 else (count <= 10)
    assert len(skipping) == len(plain) == 20
    assert all(np.array_equal(one, other) for one, other in zip(skipping, plain, strict=True))
