from __future__ import annotations

import numpy as np
import pytest

from rtskin.train.light.augment import photometric
from rtskin.train.recipe import Augment

from ..conftest import picture

#: Strengths are kept, shares are 0.
_SHARES = (
    "tone", "colour", "grey", "any_hue", "blur", "noise", "jpeg", "low_light", "vignette", "banding", "halo", "chroma",
    "h264",
)  # fmt: skip
_NONE = dict.fromkeys(_SHARES, 0.0)


def test_nothing_asked_nothing_done() -> None:
    image, _ = picture(0)
    assert np.array_equal(photometric(np.random.default_rng(0), image, Augment(**_NONE)), image)


@pytest.mark.parametrize("kind", _SHARES)
def test_each_kind_changes_the_picture_but_not_its_form(kind: str) -> None:
    image, _ = picture(0, (64, 64))
    before = image.copy()
    changed = photometric(np.random.default_rng(5), image, Augment(**{**_NONE, kind: 1.0}))
    assert changed.shape == image.shape
    assert changed.dtype == np.uint8
    assert not np.array_equal(changed, before)
    assert np.array_equal(image, before), "the picture is in the cache: it must not be changed in place"


def test_new_kinds_leave_the_draws_of_the_others() -> None:
    image, _ = picture(0, (64, 64))
    spec = {**_NONE, "jpeg": 1.0}
    one, two = np.random.default_rng(3), np.random.default_rng(3)
    photometric(one, image, Augment(**spec))
    photometric(two, image, Augment(**{**spec, "halo": 1.0, "chroma": 1.0, "banding": 1.0}))
    assert one.random() == two.random()


def test_low_light_is_dark() -> None:
    image, _ = picture(0, (64, 64))
    spec = Augment(**{**_NONE, "low_light": 1.0, "brightness": 0, "gamma": 0, "contrast": 0})
    assert photometric(np.random.default_rng(5), image, spec).mean() < 0.75 * image.mean()
