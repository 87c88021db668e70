"""The choice among ways that were measured, and what is kept of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rtskin.errors import ModelError
from rtskin.infer.cards import load_card
from rtskin.infer.measure import tune as tuning
from rtskin.infer.measure.race import Limits
from rtskin.infer.measure.tune import SAME, candidates, choose, tuned
from rtskin.infer.measure.ways import Measured, Way

from ..conftest import MakeCard

pytest.importorskip("onnxruntime")


def way(ms: float, runtime: str = "onnxruntime", threads: int = 1, difference: float = 0.0, **options: Any) -> Measured:
    info = {"device": "cpu"}
    return Measured("m", (1, 1), Way(runtime, "cpu", threads, options), info, ms=[ms] * 3, difference=difference)


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "default_threads", lambda: 1)
    monkeypatch.setattr(tuning, "cores", lambda: 2)


def test_the_fastest_that_answers_the_same() -> None:
    found = [way(10.0), way(6.0, "openvino"), way(4.0, "openvino", difference=2 * SAME, precision="bf16")]
    best, why = choose(found)
    assert best is found[1]
    assert "6.00 ms, 1.67 × as fast as onnxruntime on cpu with 1 thread" in why
    assert "openvino:precision=bf16 on cpu with 1 thread (4.00 ms) answers otherwise, by 0.002" in why


def test_noise_changes_nothing() -> None:
    best, why = choose([way(10.0), way(9.8, "openvino")])
    assert best.way.runtime == "onnxruntime"
    assert "nothing that answers the same was clearly faster" in why


@pytest.mark.parametrize(("two", "taken"), [(7.0, False), (6.0, True)])
def test_more_threads_have_to_pay(two: float, taken: bool) -> None:
    """On two cores the second one decodes and renders: 1.43 times as fast is not worth it, 1.67 times is."""
    best, why = choose([way(10.0), way(two, threads=2)])
    assert (best.way.threads == 2) is taken
    assert ("takes cores from decoding and rendering" in why) is not taken


def test_what_failed_is_not_chosen_and_if_all_did_why_is_said() -> None:
    failed = Measured("m", (1, 1), Way("openvino"), error="it is broken")
    assert choose([failed, way(10.0)])[0].way.runtime == "onnxruntime"
    with pytest.raises(ModelError, match="no runtime here runs m: openvino: it is broken"):
        choose([failed])


def test_candidates(make_card: MakeCard) -> None:
    card = load_card("mobile-unet")
    ways = candidates(card, "cpu")
    assert ways[0] == Way("onnxruntime", "cpu", 1, {})
    assert Way("onnxruntime", "cpu", 2, {"spinning": True}) in ways
    assert Way("onnxruntime", "cpu", 1, {"spinning": True}) not in ways, "one thread waits for nobody"
    assert "fake" not in {one.runtime for one in ways}
    assert "litert" not in {one.runtime for one in ways}, "it reads other files"
    assert {one.threads for one in candidates(card, "cpu", threads=3)} == {3}
    brief = candidates(card, "auto", brief=True)
    assert len({one.runtime for one in brief}) == len(brief)
    assert "torch" not in {one.runtime for one in brief}
    assert candidates(card, "npu") in (
        [],
        [Way("openvino", "npu", None, {}), Way("openvino", "npu", None, {"precision": "bf16"})],
    )


def test_what_was_chosen_is_kept_for_this_model_machine_and_version(
    make_card: MakeCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("RTSKIN_CACHE", str(tmp_path / "cache"))
    ran: list[Any] = []

    def measured(model: str, shape: Any, ways: Any, limits: Limits, progress: Any) -> list[Measured]:
        ran.append((model, shape))
        return [way(10.0), way(5.0, "openvino", precision="fp32")]

    monkeypatch.setattr(tuning, "race", measured)
    card = make_card()
    assert tuned(card) is None
    choice, _ = tuning.tune(card)
    assert ran == [(str(card.path), (16, 16))]
    assert choice.way == Way("openvino", "cpu", 1, {"precision": "fp32"})
    kept = tuned(card)
    assert kept is not None
    assert (kept.way, kept.why, kept.brief) == (choice.way, choice.why, False)
    assert tuned(card, "cpu") is None, "another question"
    with monkeypatch.context() as patch:
        patch.setattr(tuning, "versions", lambda: {"onnxruntime": "99.0"})
        assert tuned(card) is None
    with monkeypatch.context() as patch:
        patch.setattr(tuning, "machine", lambda: {"processor": "another"})
        assert tuned(card) is None
    assert tuned(make_card("tiny2", net={"bias": (1.0, 1.0)})) is None
    (file,) = (tmp_path / "cache" / "tune").iterdir()
    file.write_bytes(file.read_bytes().replace(b"openvino", b"openvina"))
    assert tuned(card) is None
    assert "is damaged; it is made anew" in caplog.text
    assert json.loads(json.dumps(kept.measured))[1]["p50_ms"] == 5.0


def test_a_short_look_that_had_no_time_for_all_is_not_kept(
    make_card: MakeCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RTSKIN_CACHE", str(tmp_path / "cache"))
    late = Measured("m", (1, 1), Way("onnxruntime", "cpu", 1), error="no answer within 4 s")
    monkeypatch.setattr(tuning, "race", lambda *_: [late, way(5.0, "openvino")])
    card = make_card()
    assert tuning.tune(card, brief=True)[0].way.runtime == "openvino"
    assert tuned(card) is None
    tuning.tune(card)
    assert tuned(card) is not None
