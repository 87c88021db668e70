"""Real processes, with the fake runtime in them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rtskin.infer.measure import race as racing
from rtskin.infer.measure.process import Worker, WorkerFailed
from rtskin.infer.measure.race import Limits, race
from rtskin.infer.measure.ways import Way

SHAPE = (64, 48)


def fake(**options: object) -> Way:
    return Way("fake", "cpu", None, options)


def test_side_by_side_and_one_that_fails_is_no_harm() -> None:
    said: list[str] = []
    ways = [fake(delay_ms=2), fake(fail_at=4), Way("fake", "cuda"), fake(delay_ms=12)]
    quick, late, nowhere, slow = race("mobile-unet", SHAPE, ways, Limits(seconds=0.2, load=100), said.append)
    assert (quick.error, slow.error) == (None, None)
    assert 2 <= quick.p50 < slow.p50
    assert slow.p50 >= 12
    assert len(quick.ms) == len(slow.ms) >= racing.LEAST * racing.TOGETHER
    assert quick.info == {"runtime": "fake", "device": "cpu", "precision": "none", "threads": 1}
    assert quick.peak_mb > 20
    assert quick.load_s > 0
    assert (quick.difference, slow.difference) == (0.0, 0.0)
    assert late.error is not None
    assert "told to fail at run 4" in late.error
    assert nowhere.error is not None
    assert "no device 'cuda'" in nowhere.error
    assert [text for text in said if "fake:delay_ms=12" in text]


def test_a_worker_that_dies_or_never_answers() -> None:
    job = {"card": "mobile-unet", "shape": list(SHAPE), "way": fake(delay_ms=60_000).to_json()}
    worker = Worker(job)
    try:
        worker.answer(100)
        with pytest.raises(WorkerFailed, match="no answer within 0 s"):
            worker.ask({"runs": 1}, 0.2)
        worker._process.kill()
        with pytest.raises(WorkerFailed, match="it ended with signal 9"):
            worker.answer(60)
        with pytest.raises(WorkerFailed):
            worker.ask({"runs": 1}, 0.2)
    finally:
        worker.close()
        worker.close()
    assert worker._process.poll() is not None


def test_what_a_model_of_another_folder_says(tmp_path: Path) -> None:
    (one,) = race(str(tmp_path / "model.toml"), SHAPE, [fake()], Limits(0.1, 100))
    assert one.error is not None
    assert "there is no model at" in one.error
    assert os.linesep not in one.error
