from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from rtskin.errors import InputError, RuntimeUnavailableError
from rtskin.infer.runtimes import devices
from rtskin.infer.runtimes.devices import CPU, CUDA, TENSORRT, providers, settle
from rtskin.infer.runtimes.threads import check_threads, cores, default_threads


def runtime(*names: str) -> Any:
    return SimpleNamespace(get_available_providers=lambda: list(names))


GPU_BUILD, CPU_BUILD = runtime(CUDA, CPU), runtime(CPU)


def test_asking() -> None:
    assert providers(GPU_BUILD, "cpu") == [CPU]
    assert providers(CPU_BUILD, "auto") == [CPU]
    assert providers(GPU_BUILD, "auto") == [(CUDA, {"device_id": 0}), CPU]
    assert providers(GPU_BUILD, "cuda:1") == [(CUDA, {"device_id": 1}), CPU]


@pytest.mark.parametrize("device", ["tpu", "cuda:", "cuda:x", "npu:1", "", "CPU"])
def test_unknown_devices(device: str) -> None:
    with pytest.raises(InputError, match="there are: auto, cpu, cuda"):
        providers(GPU_BUILD, device)


def test_cuda_without_the_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "onnxruntime_distributions", lambda: {"onnxruntime": "1.22"})
    with pytest.raises(RuntimeUnavailableError, match=r"'cuda': .* no CUDA: pip uninstall .* 'rtskin\[gpu\]'"):
        providers(CPU_BUILD, "cuda")
    monkeypatch.setattr(devices, "onnxruntime_distributions", lambda: {"onnxruntime-gpu": "1.22"})
    with pytest.raises(RuntimeUnavailableError, match="built without CUDA for this system"):
        providers(CPU_BUILD, "cuda")


def test_cuda_that_does_not_start() -> None:
    """ONNX Runtime leaves such a provider out, and runs on the CPU without a word."""
    with pytest.raises(RuntimeUnavailableError, match="CUDA did not start: check the driver"):
        settle("cuda", providers(GPU_BUILD, "cuda"), [CPU])


def test_only_auto_chooses_and_says_what(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "rtskin.infer"):
        assert settle("auto", providers(GPU_BUILD, "auto"), [CPU]) == "cpu"
        assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
        caplog.clear()
        assert settle("auto", providers(GPU_BUILD, "auto"), [CUDA, CPU]) == "cuda:0"
        assert "chose cuda:0" in caplog.text
        caplog.clear()
        assert settle("cuda:1", providers(GPU_BUILD, "cuda:1"), [CUDA, CPU]) == "cuda:1"
        assert settle("cpu", [CPU], [CPU]) == "cpu"
        assert caplog.text == ""


def test_threads() -> None:
    assert [default_threads(cores) for cores in (1, 2, 3, 4, 8, 64)] == [1, 1, 1, 2, 4, 4]
    assert default_threads() >= 1


def test_more_threads_than_cores_are_a_warning_and_none_an_error(caplog: pytest.LogCaptureFixture) -> None:
    check_threads(None)
    check_threads(cores())
    assert caplog.text == ""
    check_threads(cores() + 62)
    assert f"{cores() + 62} threads on {cores()} cores" in caplog.text
    with pytest.raises(InputError, match="at least 1, not 0"):
        check_threads(0)


@pytest.mark.parametrize("device", ["gpu", "gpu:1", "npu"])
def test_a_device_of_another_runtime_is_named_with_it(device: str) -> None:
    with pytest.raises(RuntimeUnavailableError, match=f"onnxruntime runtime has no device '{device}'.*openvino"):
        providers(GPU_BUILD, device)


def test_tensorrt_of_onnxruntime_is_asked_for_in_front_of_cuda() -> None:
    both = runtime(TENSORRT, CUDA, CPU)
    asked = providers(both, "cuda:1", tensorrt=True, cuda={"gpu_mem_limit": 5})
    assert asked == [(TENSORRT, {"device_id": 1}), (CUDA, {"device_id": 1, "gpu_mem_limit": 5}), CPU]
    with pytest.raises(RuntimeUnavailableError, match=r"TensorRT: pip install 'rtskin\[gpu\]'"):
        providers(GPU_BUILD, "cuda", tensorrt=True)
    with pytest.raises(RuntimeUnavailableError, match="'cpu' is none"):
        providers(both, "cpu", tensorrt=True)
    with pytest.raises(RuntimeUnavailableError, match=r"TensorRT did not start.*libraries"):
        settle("cuda:1", asked, [CUDA, CPU])
