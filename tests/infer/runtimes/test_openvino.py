from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import ModelError, RuntimeUnavailableError
from rtskin.infer.cards import Card, load_card
from rtskin.infer.runtimes import ov
from rtskin.infer.runtimes.ov import OpenVino
from rtskin.infer.runtimes.ov_core import core

from ..conftest import MakeCard

pytest.importorskip("openvino")


def open_runtime(card: Card, threads: int | None = 1, **options: Any) -> OpenVino:
    return OpenVino(card, device="cpu", threads=threads, options=options)


def tensor(value: float = 0, size: int = 16) -> Any:
    return np.full((1, 3, size, size), value, np.float32)


def test_it_runs_in_fp32_unless_told_otherwise_and_says_so(make_card: MakeCard) -> None:
    runtime = open_runtime(make_card(net={"bias": (1.0, 2.0)}))
    assert (runtime.info.runtime, runtime.info.device) == ("openvino", "cpu")
    assert (runtime.info.precision, runtime.info.threads) == ("fp32", 1)
    output = runtime.run(tensor())
    assert output.shape == (1, 2, 16, 16)
    assert (output[0, 0] == 1).all()
    assert (output[0, 1] == 2).all()


def test_bf16_is_what_really_runs_or_an_error() -> None:
    """Where the processor has no bf16, OpenVINO would run fp32 without a word."""
    if "BF16" not in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        with pytest.raises(RuntimeUnavailableError, match="'bf16': this cpu has none, OpenVINO would run f32"):
            open_runtime(load_card("mobile-unet"), precision="bf16")
        return
    runtime = open_runtime(load_card("mobile-unet"), precision="bf16")
    assert runtime.info.precision == "bf16"
    ((_, network),) = runtime._compiled.items()
    assert network.get_property("INFERENCE_PRECISION_HINT").get_type_name() == "bf16"


def test_a_file_in_8_bits_is_said_to_be_so() -> None:
    card = load_card("straight-u2net-int8")
    assert open_runtime(card).info.precision == "int8"
    if "BF16" in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        assert open_runtime(card, precision="bf16").info.precision == "int8+bf16"


def test_pixels_are_split_in_bf16_where_the_network_gets_grey_levels(
    make_card: MakeCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "BF16" not in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("this processor has no bf16")
    split: list[str] = []
    monkeypatch.setattr(ov, "split_pixels", lambda model: split.append(model.get_friendly_name()))
    open_runtime(make_card(), store=False)
    open_runtime(make_card(input={"width": 16, "height": 16, "scale": 1 / 255}), store=False, precision="bf16")
    assert split == []
    open_runtime(make_card(), store=False, precision="bf16")
    assert len(split) == 1


def test_compiled_networks_are_kept_and_damage_is_no_harm(
    make_card: MakeCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("RTSKIN_CACHE", str(tmp_path / "cache"))
    card = make_card(net={"bias": (1.0, 2.0)})
    read: list[int] = []
    open_runtime(card, store=False)
    assert not (tmp_path / "cache").exists()
    open_runtime(card)
    (file,) = (tmp_path / "cache" / "openvino").iterdir()
    kind = type(core())
    real = kind.import_model
    monkeypatch.setattr(kind, "import_model", lambda *some: read.append(1) or real(*some))
    assert (open_runtime(card).run(tensor())[0, 1] == 2).all()
    assert read == [1]
    file.write_bytes(file.read_bytes()[:-10])
    assert (open_runtime(card).run(tensor())[0, 1] == 2).all()
    assert "is damaged; it is made anew" in caplog.text
    key = open_runtime(card)._kept((1, 3, 16, 16))
    assert key is not None
    key.write(b"whole, but nothing that OpenVINO knows")
    assert (open_runtime(card).run(tensor())[0, 1] == 2).all()
    assert "cannot be used" in caplog.text


def test_the_prior_is_the_second_input() -> None:
    runtime = open_runtime(load_card("mobile-unet-prior"))
    picture = np.random.default_rng(0).uniform(0, 255, (1, 3, 320, 320)).astype(np.float32)
    without = runtime.run(picture).copy()
    assert np.array_equal(without, runtime.run(picture, np.zeros((1, 1, 320, 320), np.float32)))
    assert np.abs(without - runtime.run(picture, np.ones((1, 1, 320, 320), np.float32))).mean() > 1e-4


def test_each_shape_has_its_network_and_each_thread_its_answer(make_card: MakeCard) -> None:
    card = make_card(net={"size": ("h", "w"), "bias": (3.0, 0.0)}, input={"width": 32, "height": 32})
    runtime = open_runtime(card)
    first = runtime.run(tensor(size=32))
    assert runtime.run(tensor(size=64)).shape == (1, 2, 64, 64)
    kept = runtime.run(tensor(9, size=32))
    others: list[Any] = []
    thread = threading.Thread(target=lambda: others.append(runtime.run(tensor(size=32))))
    thread.start()
    thread.join(20)
    assert not np.shares_memory(others[0], kept)
    assert np.shares_memory(first, kept)


def test_uint8_input(make_card: MakeCard) -> None:
    card = make_card(
        net={"dtype": "UINT8", "weights": ((1 / 255,) * 3,)}, input={"width": 16, "height": 16, "dtype": "uint8"}
    )
    assert np.allclose(open_runtime(card).run(tensor(85).astype(np.uint8)), 1)


def test_corrupted_weights_and_networks_that_cannot_run(make_card: MakeCard) -> None:
    card = make_card(weights={"file": "net.onnx"})
    assert card.weights_path is not None
    card.weights_path.write_text("hello")
    with pytest.raises(ModelError, match=r"net\.onnx cannot be loaded by OpenVINO [\d.]+: "):
        open_runtime(card)
    four = make_card("four", net={"channels": "c", "size": ("h", "w"), "weights": ((1.0,) * 4,)})
    with pytest.raises(ModelError, match=r"net\.onnx cannot be loaded by OpenVINO"):
        open_runtime(four)


def test_closing_twice(make_card: MakeCard) -> None:
    runtime = open_runtime(make_card())
    runtime.close()
    runtime.close()


#: A network comes and goes in another thread than the one that first asked; then a child process ends.
_SIGNALLED = """
import signal, subprocess, sys, threading
from rtskin.infer.base import load_segmenter

told = []
signal.signal(signal.SIGCHLD, lambda *_: told.append(1))
box = [load_segmenter("mobile-unet", runtime="openvino")]

def drop():
    box.pop().close()

thread = threading.Thread(target=drop)
thread.start()
thread.join()
told.clear()
subprocess.run([sys.executable, "-c", ""], check=True)
print("alive", told)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="signal stacks of OpenVINO are for Linux")
def test_signals_are_survived_after_a_network_went_in_another_thread() -> None:
    done = subprocess.run([sys.executable, "-c", _SIGNALLED], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "alive [1]"), done.stderr
