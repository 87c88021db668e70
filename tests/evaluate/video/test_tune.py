"""The strength at which two trail alike."""

from __future__ import annotations

import pytest

from rtskin.evaluate.video.tune import TRIES, same_trail


@pytest.mark.parametrize("power", [0.5, 1, 3])
def test_found_in_few_runs(power: float) -> None:
    asked: list[float] = []

    def trail(strength: float) -> float:
        asked.append(strength)
        return 0.2 + 0.6 * strength**power

    found = same_trail(trail, 0.35)
    assert found.trail == pytest.approx(0.35, rel=0.021)
    assert found.strength == pytest.approx(0.25 ** (1 / power), abs=0.05)
    assert found.remark == ""
    assert len(asked) <= TRIES + 2


def test_what_cannot_be_had_is_said() -> None:
    assert same_trail(lambda strength: 0.3 + strength, 0.2).remark == " (even at strength 0)"
    assert same_trail(lambda strength: 0.1 * strength, 0.2).remark == " (even at strength 1)"
    assert same_trail(lambda strength: 0.3 + strength, 0.3).remark == ""
    stairs = same_trail(lambda strength: 0.0 if strength < 0.5 else 1.0, 0.4)
    assert "the nearest of" in stairs.remark
