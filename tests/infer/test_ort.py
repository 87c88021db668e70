from __future__ import annotations

import shutil
import sys
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError, MissingExtraError, ModelError, RuntimeUnavailableError
from rtskin.infer.cards import Card
from rtskin.infer.runtimes.ort import OnnxRuntime

from .conftest import MakeCard, write_net

pytest.importorskip("onnxruntime")


def open_runtime(card: Card, device: str = "cpu", threads: int | None = None, **options: Any) -> OnnxRuntime:
    return OnnxRuntime(card, device=device, threads=threads, options=options)


def tensor(value: float = 0, size: int = 16, dtype: str = "float32") -> Any:
    return np.full((1, 3, size, size), value, dtype)


def test_it_runs_and_says_on_what(make_card: MakeCard) -> None:
    runtime = open_runtime(make_card(net={"bias": (1.0, 2.0)}), threads=2)
    assert (runtime.info.runtime, runtime.info.device, runtime.info.threads) == ("onnxruntime", "cpu", 2)
    output = runtime.run(tensor())
    assert output.shape == (1, 2, 16, 16)
    assert (output[0, 0] == 1).all()
    assert (output[0, 1] == 2).all()


def test_the_output_is_the_same_memory_every_time_and_one_a_thread(make_card: MakeCard) -> None:
    runtime = open_runtime(make_card())
    first = runtime.run(tensor())
    assert runtime.run(tensor(5)) is first
    others: list[Any] = []
    thread = threading.Thread(target=lambda: others.append(runtime.run(tensor())))
    thread.start()
    thread.join(10)
    assert not np.shares_memory(others[0], first)


def test_nothing_large_is_allocated_once_warm(make_card: MakeCard) -> None:
    runtime = open_runtime(make_card(net={"size": (128, 128)}, input={"width": 128, "height": 128}))
    value = tensor(size=128)
    runtime.run(value)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for _ in range(5):
            runtime.run(value)
        grown = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert grown < 8192  # the output is 128 kB


def test_sizes_left_open(make_card: MakeCard) -> None:
    runtime = open_runtime(make_card(net={"size": ("h", "w"), "bias": (3.0, 0.0)}))
    assert runtime.warm_up().shape == (1, 2, 16, 16)
    assert (runtime.run(tensor())[0, 0] == 3).all()


def test_an_open_batch_size(make_card: MakeCard) -> None:
    runtime = open_runtime(make_card(net={"out_shape": ["n", 2, 16, 16]}))
    assert runtime.run(tensor()) is runtime.run(tensor())


def test_uint8_input(make_card: MakeCard) -> None:
    card = make_card(
        net={"dtype": "UINT8", "weights": ((1 / 255,) * 3,)}, input={"width": 16, "height": 16, "dtype": "uint8"}
    )
    assert np.allclose(open_runtime(card).run(tensor(85, dtype="uint8")), 1)


@pytest.mark.parametrize(
    ("output", "sign"), [({"name": "other"}, -1), ({"index": 1}, -1), ({"name": "skin"}, 1), ({}, 1)]
)
def test_the_output_that_the_card_names(make_card: MakeCard, output: dict[str, Any], sign: int) -> None:
    runtime = open_runtime(make_card(net={"outputs": 2, "bias": (1.0, 2.0)}, output=output))
    assert (runtime.run(tensor())[0, 0] == sign).all()


@pytest.mark.parametrize(
    ("net", "parts", "message"),
    [
        ({"size": (24, 16)}, {}, r"input 'x' is 1×3×24×16, the card says 1×3×16×16"),
        ({"weights": ((1.0,) * 4,)}, {}, r"input 'x' is 1×4×16×16, the card says 1×3×16×16"),
        ({"dtype": "UINT8"}, {}, r"input 'x' is uint8, the card says float32"),
        ({}, {"output": {"name": "skim"}}, r"no output 'skim'; did you mean skin\?"),
        ({}, {"output": {"index": 1}}, r"the card says output 1, it has 1 \(skin\)"),
        ({}, {"output": {"channel": 2}}, r"the card says channel 2, output 'skin' has 2"),
        ({"flat": True}, {}, r"output 'flat' is 1×.*, it should be 1×C×h×w"),
    ],
)
def test_networks_that_do_not_match(
    make_card: MakeCard, net: dict[str, Any], parts: dict[str, Any], message: str
) -> None:
    with pytest.raises(ModelError, match=f"net.onnx does not match the card of 'tiny': .*{message}"):
        open_runtime(make_card(net=net, **parts))


def test_a_network_that_cannot_run(make_card: MakeCard) -> None:
    """The file leaves the number of channels open, but its weights want four."""
    runtime = open_runtime(make_card(net={"channels": "c", "size": ("h", "w"), "weights": ((1.0,) * 4,)}))
    with pytest.raises(ModelError, match="the network of 'tiny' cannot run at 16×16: ") as caught:
        runtime.warm_up()
    assert "\n" not in str(caught.value)


def test_corrupted_weights(make_card: MakeCard, tmp_path: Path) -> None:
    card = make_card(weights={"file": "net.onnx"})
    path = tmp_path / "tiny" / "net.onnx"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ModelError, match=r"net\.onnx cannot be loaded by ONNX Runtime") as caught:
        open_runtime(card)
    assert "\n" not in str(caught.value)
    path.write_text("hello")
    with pytest.raises(ModelError, match="cannot be loaded"):
        open_runtime(card)
    path.write_bytes(b"")
    with pytest.raises(ModelError, match=r"cannot be loaded|does not match"):
        open_runtime(card)


def test_wrong_sha256(make_card: MakeCard, tmp_path: Path) -> None:
    card = make_card()
    write_net(tmp_path / "tiny" / "net.onnx", bias=(9.0, 9.0))
    with pytest.raises(ModelError, match="are not the ones its card was written for"):
        open_runtime(card)


def test_missing_weights(make_card: MakeCard, tmp_path: Path) -> None:
    card = make_card()
    (tmp_path / "tiny" / "net.onnx").unlink()
    with pytest.raises(ModelError, match="are missing"):
        open_runtime(card)


def test_without_onnxruntime(make_card: MakeCard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"rtskin\[cpu\]"):
        open_runtime(make_card())


def test_cuda_asked_but_absent(make_card: MakeCard) -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime has CUDA")
    with pytest.raises(RuntimeUnavailableError, match=r"'cuda:0'.*rtskin\[gpu\]"):
        open_runtime(make_card(), device="cuda:0")


def test_options(make_card: MakeCard) -> None:
    card = make_card()
    runtime = open_runtime(card, spinning=True, inter_threads=2, log_severity=4)
    options = runtime._session.get_session_options()
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "1"
    assert options.inter_op_num_threads == 2
    quiet = open_runtime(card)._session.get_session_options()
    assert quiet.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    with pytest.raises(InputError, match=r"no option 'spining'; did you mean spinning\?"):
        open_runtime(card, spining=True)
    with pytest.raises(InputError, match="not a whole number"):
        open_runtime(card, inter_threads="many")


def test_threads_give_equal_results(make_card: MakeCard) -> None:
    card = make_card()
    value = np.random.default_rng(1).random((1, 3, 16, 16)).astype(np.float32)
    one, two = (open_runtime(card, threads=threads).run(value).copy() for threads in (1, 2))
    assert np.array_equal(one, two)


def test_closing_twice(make_card: MakeCard) -> None:
    runtime = open_runtime(make_card())
    runtime.close()
    runtime.close()


def test_the_optimised_network_is_kept_and_damage_is_no_harm(
    make_card: MakeCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("RTSKIN_CACHE", str(tmp_path / "cache"))
    card = make_card(net={"bias": (1.0, 2.0)})
    value = np.random.default_rng(1).random((1, 3, 16, 16)).astype(np.float32)
    plain = open_runtime(card).run(value).copy()
    assert not (tmp_path / "cache").exists()
    open_runtime(card, store=True)
    (file,) = (tmp_path / "cache" / "optimised").iterdir()
    assert np.array_equal(open_runtime(card, store=True).run(value), plain)
    file.write_bytes(file.read_bytes()[:-9])
    assert np.array_equal(open_runtime(card, store=True).run(value), plain)
    assert "is damaged; it is made anew" in caplog.text
    shutil.rmtree(tmp_path / "cache")
    (tmp_path / "cache").write_text("in the way")
    assert np.array_equal(open_runtime(card, store=True).run(value), plain)
    assert "not kept for the next start" in caplog.text


def test_limits_of_the_gpus_arena(make_card: MakeCard) -> None:
    assert open_runtime(make_card(), gpu_memory_mb=500)._arena()["gpu_mem_limit"] == 500_000_000
    with pytest.raises(InputError, match="whole number of megabytes"):
        open_runtime(make_card("other"), gpu_memory_mb=-1)


@pytest.mark.parametrize(("side", "kept"), [(512, True), (1024, False)])
def test_a_large_input_keeps_no_memory_between_passes(make_card: MakeCard, side: int, kept: bool) -> None:
    import onnxruntime as ort

    card = make_card(net={"size": ("h", "w")})
    runtime = OnnxRuntime(card, device="cpu", threads=1, options={}, shapes=[(side, side)])
    options = runtime._session_options(ort)
    assert (options.enable_cpu_mem_arena, options.enable_mem_pattern) == (kept, kept)
