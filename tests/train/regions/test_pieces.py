from __future__ import annotations

import numpy as np

from rtskin.media import cv2
from rtskin.train.regions.pieces import LEAST, SHORTEST, piece_of, view_of


def crop(mask: np.ndarray) -> np.ndarray:
    return np.dstack([np.full((*mask.shape, 3), 90, np.uint8), mask])


def disc() -> np.ndarray:
    return np.asarray(cv2.circle(np.zeros((128, 128), np.uint8), (64, 64), 30, 255, -1))


def test_a_piece_is_one_part_of_the_region_and_large_enough() -> None:
    whole, rng = disc(), np.random.default_rng(0)
    shares = []
    for _ in range(60):
        piece = piece_of(rng, crop(whole))
        assert (piece[..., :3] == 90).all()
        assert not (piece[..., 3] & ~whole).any()
        assert cv2.connectedComponents((piece[..., 3] > 0).astype(np.uint8))[0] == 2
        assert view_of(piece).length >= SHORTEST
        shares.append((piece[..., 3] > 0).sum() / (whole > 0).sum())
    assert min(shares) >= LEAST
    assert 0.2 < np.median(shares) < 0.8


def test_where_it_lies() -> None:
    mask = np.zeros((128, 128), np.uint8)
    mask[10:20, 30:70] = 255
    assert view_of(crop(mask)) == ((49.5, 14.5), 40.0)


def test_what_is_too_small_stays_whole() -> None:
    mask = np.zeros((128, 128), np.uint8)
    mask[60:64, 60:64] = 255
    assert (piece_of(np.random.default_rng(0), crop(mask))[..., 3] == mask).all()
    assert (piece_of(np.random.default_rng(0), crop(mask * 0))[..., 3] == 0).all()
