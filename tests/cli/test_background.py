"""The option --background, as live and render understand it."""

from __future__ import annotations

import pytest

from rtskin.cli.background import before
from rtskin.errors import InputError


def test_a_cutout_gets_its_background_and_other_views_stay() -> None:
    assert before("00ff00", ["feather:radius=2+cutout"]) == ["feather:radius=2+cutout:background=00ff00"]
    assert before("00ff00", ["cutout:background=112233", "overlay"]) == ["cutout:background=00ff00", "overlay"]


@pytest.mark.parametrize("views", [[], ["matte"], ["matte", "overlay"]])
def test_something_must_stand_before_it(views: list[str]) -> None:
    with pytest.raises(InputError, match="add --view cutout"):
        before("00ff00", views)


def test_what_is_no_background() -> None:
    with pytest.raises(InputError, match=r"--background: no\.png is neither a colour \(rrggbb\) nor an image or video"):
        before("no.png", ["cutout"])
