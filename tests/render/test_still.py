"""What a single image's mask becomes in a file."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.capture.deep import deep_bgr, picture_of
from rtskin.errors import InputError, UnknownNameError
from rtskin.frame import BgrPicture
from rtskin.media import cv2
from rtskin.render.still import check_view, encoded, shown


def test_matte_is_the_mask() -> None:
    mask = np.arange(60, dtype=np.uint8).reshape(6, 10)
    picture = BgrPicture(np.zeros((6, 10, 3), np.uint8))
    assert shown("matte", picture, mask) is mask
    deep = mask.astype(np.uint16) * 300
    back = cv2.imdecode(np.asarray(encoded(shown("matte", picture, deep))), cv2.IMREAD_UNCHANGED)
    assert back is not None
    assert np.array_equal(back, deep)


def test_overlay_marks_the_skin_alone() -> None:
    picture = np.full((40, 40, 3), 90, np.uint8)
    mask = np.zeros((40, 40), np.uint8)
    mask[10:30, 10:30] = 255
    found = shown("overlay", BgrPicture(picture), mask)
    assert np.array_equal(found[mask == 0], picture[mask == 0])
    assert (found[mask == 255] != picture[mask == 255]).any(axis=1).all()


def test_cutout_has_the_depth_of_the_mask() -> None:
    mask = np.zeros((40, 50), np.uint8)
    mask[10:30, 10:40] = 255
    fine = np.random.default_rng(0).integers(0, 65535, (40, 50, 3)).astype(np.uint16)
    deep = shown("cutout", picture_of(fine), mask * np.uint16(257))
    assert deep.dtype == np.uint16
    assert deep.shape == (40, 50, 4)
    assert np.array_equal(deep[mask == 255, :3], fine[mask == 255])
    assert np.array_equal(deep[..., 3], mask * np.uint16(257))
    shallow = shown("cutout", picture_of(fine), mask)
    assert shallow.dtype == np.uint8
    assert np.array_equal(shallow[mask == 255, :3], picture_of(fine).bgr()[mask == 255])


def test_eight_bits_are_spread() -> None:
    picture = np.array([[[0, 1, 255]]], np.uint8)
    assert deep_bgr(BgrPicture(picture)).tolist() == [[[0, 257, 65535]]]


def test_what_cannot_be() -> None:
    with pytest.raises(UnknownNameError, match="no view of single images is called 'matt'; did you mean matte"):
        check_view("matt", 8)
    with pytest.raises(InputError, match="8 or 16 bits, not 12"):
        check_view("matte", 12)
    with pytest.raises(InputError, match="an overlay has 8 bits; --bits 16 is for matte and cutout"):
        check_view("overlay", 16)
