from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from rtskin.errors import InputError, RuntimeUnavailableError
from rtskin.infer.runtimes import devices
from rtskin.infer.runtimes.devices import CPU, CUDA, default_threads, providers, settle


def runtime(*names: str) -> Any:
    return SimpleNamespace(get_available_providers=lambda: list(names))


GPU_BUILD, CPU_BUILD = runtime(CUDA, CPU), runtime(CPU)


def test_asking() -> None:
    assert providers(GPU_BUILD, "cpu") == [CPU]
    assert providers(CPU_BUILD, "auto") == [CPU]
    assert providers(GPU_BUILD, "auto") == [(CUDA, {"device_id": 0}), CPU]
    assert providers(GPU_BUILD, "cuda:1") == [(CUDA, {"device_id": 1}), CPU]


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:x", "", "CPU"])
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
