"""What cannot be had is refused, by name, and with what would mend it: the same for every runtime."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rtskin.errors import InputError, MissingExtraError, ModelError, RuntimeUnavailableError
from rtskin.infer.base import load_segmenter
from rtskin.infer.cards import Card, CardWeights, load_card
from rtskin.infer.runtimes.load_errors import load_error, unknown_operators
from rtskin.infer.runtimes.machine import gpus
from rtskin.infer.runtimes.ov_core import core
from rtskin.registry import RUNTIMES

from ..conftest import MakeCard
from . import OURS
from .conftest import SHIPPED

#: What says what is missing, and what mends it.
NO_CUDA = {
    "onnxruntime": r"'cuda': the installed onnxruntime has no CUDA: .*pip install 'rtskin\[gpu\]'|driver with nvidia-smi",
    "torch": r"'cuda': .*(built without CUDA; install one that has it|check the driver with nvidia-smi)",
    "openvino": r"openvino runtime has no device 'cuda', only cpu and gpu and npu; --runtime onnxruntime",
    "litert": r"litert runtime has no device 'cuda'",
    "tensorrt": r"pip install 'rtskin\[tensorrt\]'|'cuda': .*check the driver with nvidia-smi",
    "fake": r"fake runtime has no device 'cuda'",
}
#: The module that a runtime is made of, and the extra that brings it.
EXTRAS = {"onnxruntime": "cpu", "torch": "torch", "openvino": "openvino", "ai_edge_litert.interpreter": "litert"}


def test_every_runtime_is_asked() -> None:
    assert set(NO_CUDA) == set(OURS)


@pytest.mark.skipif(bool(gpus()), reason="this machine has a GPU")
@pytest.mark.parametrize("runtime", sorted(NO_CUDA))
def test_cuda_without_cuda(runtime: str) -> None:
    kind = RUNTIMES.get(runtime)
    if not kind.is_installed() and runtime != "tensorrt":
        pytest.skip(f"{runtime} is not installed")
    with pytest.raises((RuntimeUnavailableError, MissingExtraError), match=NO_CUDA[runtime]):
        kind(_card(), device="cuda", threads=None, options={})


@pytest.mark.parametrize(("module", "extra"), EXTRAS.items())
def test_a_missing_extra_is_named(module: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    name = {"ai_edge_litert.interpreter": "litert"}.get(module, module)
    kind = RUNTIMES.get(name)
    card = _card() if ".onnx" in kind.files else _card().model_copy(update={"weights": _tflite()})
    with pytest.raises(MissingExtraError, match=rf"pip install 'rtskin\[{extra}\]'"):
        kind(card, device="cpu", threads=None, options={})


@pytest.mark.parametrize(
    ("device", "mend"), [("gpu", "intel-opencl-icd"), ("npu", "NPU driver"), ("gpu:7", "intel-opencl-icd")]
)
def test_devices_that_openvino_does_not_see(device: str, mend: str) -> None:
    pytest.importorskip("openvino")
    if device.split(":")[0].upper() in " ".join(core().available_devices):
        pytest.skip(f"this machine has a {device}")
    with pytest.raises(RuntimeUnavailableError, match=f"'{device}': OpenVINO sees CPU here; .*{mend}"):
        load_segmenter(SHIPPED[0], runtime="openvino", device=device)


def test_precisions_that_openvino_does_not_have() -> None:
    pytest.importorskip("openvino")
    with pytest.raises(InputError, match="no precision 'int3'; there are: fp32, bf16, fp16"):
        load_segmenter(SHIPPED[0], runtime="openvino", runtime_options={"precision": "int3"})


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_an_operator_that_nobody_knows_is_named(runtime: str, make_card: MakeCard) -> None:
    kind = RUNTIMES.get(runtime)
    if not kind.is_installed():
        pytest.skip(f"{runtime} is not installed")
    card = make_card(net={"op": "Sharpen"})
    with pytest.raises(ModelError, match="does not know the operator Sharpen; use another runtime"):
        kind(card, device="cpu", threads=None, options={})


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_a_network_of_another_shape_than_its_card(runtime: str, make_card: MakeCard) -> None:
    kind = RUNTIMES.get(runtime)
    if not kind.is_installed():
        pytest.skip(f"{runtime} is not installed")
    with pytest.raises(ModelError, match=r"net\.onnx does not match .*input 'x' is 1×3×24×16, the card says 1×3×16×16"):
        kind(make_card(net={"size": (24, 16)}), device="cpu", threads=None, options={})


def test_files_of_another_runtime(make_card: MakeCard) -> None:
    with pytest.raises(
        RuntimeUnavailableError, match=r"litert loads \.tflite files, and the weights of 'tiny' are net\.onnx"
    ):
        load_segmenter(make_card(), runtime="litert")
    card = _card().model_copy(update={"weights": _tflite()})
    for runtime in ("onnxruntime", "openvino", "torch"):
        with pytest.raises(RuntimeUnavailableError, match=rf"{runtime} loads \.onnx files, .* are net\.tflite"):
            RUNTIMES.get(runtime)(card, device="cpu", threads=None, options={})


def test_operators_are_found_in_what_runtimes_say() -> None:
    said = {
        "Fatal error: Sharpen is not a registered function/op": [],
        "Fatal error: com.x:Sharpen(-1) is not a registered function/op": ["com.x:Sharpen"],
        "Could not find an implementation for DeformConv(19) node with name 'n'": ["DeformConv"],
        "OpenVINO does not support the following ONNX operations: DeformConv, com.x.Sharpen": [
            "DeformConv",
            "com.x.Sharpen",
        ],
        "Summary: -- No conversion rule found for operations: Sharpen-17, Blur-3": ["Blur", "Sharpen"],
        "Encountered unresolved custom op: Sharpen.": ["Sharpen"],
        "it is broken": [],
    }
    for text, operators in said.items():
        assert unknown_operators(text) == operators
    assert str(load_error(Path("a.onnx"), "X", "it is\nbroken")) == "a.onnx cannot be loaded by X: it is broken"


def _card() -> Card:
    return load_card(SHIPPED[0])


def _tflite() -> CardWeights:
    return CardWeights(file="net.tflite")
