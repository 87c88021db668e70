from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError, RuntimeUnavailableError
from rtskin.infer.base import load_segmenter
from rtskin.infer.cards import Card
from rtskin.infer.runtimes.fake import FakeRuntime

from .conftest import frame_of, halves

CARD = Card(name="none", architecture="fake")


def fake(device: str = "auto", card: Card = CARD, **options: Any) -> FakeRuntime:
    return FakeRuntime(card, device=device, threads=None, options=options)


TENSOR = np.zeros((1, 3, 256, 256), np.float32)


def test_a_disc_in_re_used_memory() -> None:
    runtime = fake()
    first = runtime.run(TENSOR)
    assert first.shape == (1, 1, 256, 256)
    assert first[0, 0, 128, 128] == 1
    assert first[0, 0, 0, 0] == 0
    assert 0 < first[0, 0, 128, 64] < 1  # soft edge
    kept = first.copy()
    assert runtime.run(TENSOR + 1) is first
    assert np.array_equal(first, kept)


@pytest.mark.parametrize("burn", [False, True])
def test_it_takes_its_time(burn: bool) -> None:
    runtime = fake(delay_ms=20, burn=burn)
    runtime.warm_up()
    begun = time.monotonic_ns()
    runtime.run(TENSOR)
    assert time.monotonic_ns() - begun >= 20e6 * 0.99


def test_sleeping_uses_no_processor_and_burning_does() -> None:
    for burn, low, high in ((False, 0.0, 0.5), (True, 0.02, 1.1)):
        runtime = fake(delay_ms=50, burn=burn)
        runtime.warm_up()
        begun = time.thread_time()
        runtime.run(TENSOR)
        used = (time.thread_time() - begun) / 0.05
        assert low <= used <= high


def test_burning_leaves_the_gil_to_others() -> None:
    """While one thread burns until it is told otherwise, this one runs Python."""
    runtime = fake(delay_ms=300, burn=True)
    runtime.warm_up()
    begun, done = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        runtime.run(TENSOR)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(10)
    steps = 0
    while not done.is_set():
        steps += 1
        time.sleep(0)
    thread.join(10)
    assert steps > 100


def test_failing_at_a_run() -> None:
    runtime = fake(fail_at=3)
    runtime.warm_up()
    runtime.run(TENSOR)
    runtime.run(TENSOR)
    with pytest.raises(RuntimeError, match="told to fail at run 3"):
        runtime.run(TENSOR)
    runtime.run(TENSOR)


def test_wrong_options() -> None:
    with pytest.raises(InputError, match=r"no option 'delay'; did you mean delay_ms\?"):
        fake(delay=5)
    for delay in (-1, "5", float("nan"), float("inf")):
        with pytest.raises(InputError, match="delay_ms is milliseconds"):
            fake(delay_ms=delay)
    with pytest.raises(RuntimeUnavailableError, match="no device 'cuda'"):
        fake("cuda")


def test_it_runs_any_card_without_weights() -> None:
    for model in (CARD, "ellipse", Card.parse({"name": "x", "architecture": "y", "weights": {"file": "gone.onnx"}})):
        segmenter = load_segmenter(model, runtime="fake")
        segmenter.warm_up()
        assert segmenter.info.runtime == "fake"
        scores = segmenter.infer(segmenter.prepare(frame_of(halves())))
        assert scores.data.shape == (256, 256)


def test_a_card_with_channels() -> None:
    card = Card.parse(
        {"name": "x", "architecture": "y", "input": {"width": 32, "height": 16}, "output": {"channel": 2}}
    )
    assert fake(card=card).warm_up().shape == (1, 3, 16, 32)
