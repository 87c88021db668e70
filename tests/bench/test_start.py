"""The bench of starts really waits for a picture, and says why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import start


def test_a_median_above_its_target_is_bold() -> None:
    text = start.table({(start.HERE, "first"): [9.0, 12.0, 30.0], (Path("/elsewhere"), "first"): [20.0]})
    assert "| first | **12.0** | 9.0 … 30.0 | 10 |" in text
    assert "| first, before | 20.0 | 20.0 … 20.0 | 10 |" in text


def test_a_start_that_fails_is_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "SOURCE", "nowhere.mp4")
    with pytest.raises(SystemExit, match=r"(?s)there was no picture: .*nowhere"):
        start.first_picture(start.HERE, None)
