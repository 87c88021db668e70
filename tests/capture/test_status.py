from __future__ import annotations

import pytest

from rtskin.capture.fitted import fitted
from rtskin.capture.status import status_picture


@pytest.mark.parametrize("size", [(1280, 720), (64, 48), (2, 2), (100, 2000)])
def test_letters_fit_into_any_size(size: tuple[int, int]) -> None:
    picture = status_picture(size, ["camera 0 is gone", "looking for it (12)"])
    assert picture.shape == (size[1], size[0], 3)
    if size[0] > 64:
        assert picture.max() > 120
        assert picture[:, 0].max() == picture[:, -1].max() == 24  # clear of the border


def test_a_picture_of_that_size_is_itself() -> None:
    picture = status_picture((64, 48), ["x"])
    assert fitted(picture, (64, 48)) is picture
