from __future__ import annotations

import numpy as np
import pytest

from rtskin.capture.frozen import Frozen


def still(value: int = 0) -> np.ndarray:
    return np.full((48, 64, 3), value, np.uint8)


@pytest.mark.parametrize(("there", "step", "dead"), [(True, 1 / 30, False), (False, 1 / 30, True), (True, 0.005, True)])
def test_the_same_picture_for_seconds(there: bool, step: float, dead: bool) -> None:
    frozen = Frozen(30, lambda: there)
    times = np.arange(0, 5, step)
    answers = [frozen(still(), now) for now in times]
    assert any(answers) is dead
    assert not any(answer for answer, now in zip(answers, times, strict=True) if now < 2)


def test_pictures_that_change_are_alive() -> None:
    asked: list[int] = []
    frozen = Frozen(30, lambda: bool(asked.append(1)))
    assert not any(frozen(still(n % 2), n / 30) for n in range(300))
    assert asked == []
