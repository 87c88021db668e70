"""TensorRT's engines, which tensorrt-rtx builds without a GPU; running one needs a GPU."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from rtskin.errors import InputError, MissingExtraError, ModelError, RuntimeUnavailableError
from rtskin.frame import U8
from rtskin.infer.base import load_segmenter
from rtskin.infer.cards import CardWeights, load_card
from rtskin.infer.runtimes import trt_build
from rtskin.infer.runtimes.cuda import check, select
from rtskin.infer.runtimes.machine import gpus
from rtskin.infer.runtimes.onnx_half import to_half
from rtskin.infer.runtimes.quantised import is_quantised
from rtskin.infer.runtimes.trt import TensorRt
from rtskin.infer.runtimes.trt_build import INT8_SUFFIX, engine, int8_file, network_file
from rtskin.infer.weights import checked_weights

from ..conftest import MakeCard, frame_of
from .conftest import SHIPPED

#: Those that are not in 8 bits already, and those that come with what TensorRT can build.
WHOLE = [name for name in SHIPPED if not is_quantised(checked_weights(load_card(name)))]
BUILT = [name for name in SHIPPED if name != "dlmv"]


def wide(name: str) -> tuple[int, int]:
    """The shape of a camera's picture, of those that a network takes."""
    live = load_card(name).tensor.live
    return (416, 224) if (416, 224) in live else live[0]


@pytest.fixture
def trt() -> ModuleType:
    try:
        return trt_build.require_tensorrt()
    except MissingExtraError as error:
        pytest.skip(str(error))


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RTSKIN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_an_engine_is_built_once_with_progress(trt: ModuleType, make_card: MakeCard, own_cache: Path) -> None:
    card = make_card(net={"size": ("h", "w")})
    phases: list[tuple[str, float]] = []
    built = engine(card, (16, 16), progress=lambda phase, part: phases.append((phase, part)))
    assert built.seconds is not None
    assert ("Building engine", 0.0) in phases
    assert ("Building engine", 1.0) in phases
    assert all(0 <= part <= 1 for _, part in phases)
    again = engine(card, (16, 16))
    assert (again.data, again.seconds) == (built.data, None)
    assert engine(card, (32, 16)).seconds is not None, "another shape is another engine"
    assert len(list((own_cache / "engines").iterdir())) == 2


def test_building_that_takes_too_long_is_stopped(trt: ModuleType) -> None:
    with pytest.raises(ModelError, match="did not build 'mobile-unet' at 64×64 within 0 s; give it more time"):
        engine(load_card("mobile-unet"), (64, 64), timeout=0)


def test_an_operator_that_it_does_not_know_is_named(trt: ModuleType, make_card: MakeCard) -> None:
    with pytest.raises(
        ModelError, match=r"net\.onnx cannot be loaded by TensorRT.* does not know the operator Sharpen"
    ):
        engine(make_card(net={"op": "Sharpen"}), (16, 16))


def test_precisions(make_card: MakeCard) -> None:
    card = make_card()
    with pytest.raises(InputError, match="no precision 'bf16'; there are: fp32, fp16, int8"):
        network_file(card, "bf16")
    with pytest.raises(ModelError, match=rf"no 8-bit network .*net{INT8_SUFFIX}; python -m rtskin\.train\.quantise"):
        network_file(card, "int8")


@pytest.mark.parametrize("name", WHOLE)
def test_in_fp16_the_answer_is_nearly_the_same(name: str, portraits: list[U8]) -> None:
    """ONNX Runtime runs fp16 on a CPU, slowly: it says whether the converted network is still the same."""
    ort, card = pytest.importorskip("onnxruntime"), load_card(name)
    pytest.importorskip("onnx")
    segmenter = load_segmenter(card, runtime="onnxruntime", threads=1, size=wide(name))
    tensor = segmenter.prepare(frame_of(portraits[0])).tensor
    assert tensor is not None
    answers = []
    for network in (str(card.weights_path), to_half(card.weights_path)):  # type: ignore[arg-type]
        session = ort.InferenceSession(network, providers=["CPUExecutionProvider"])
        assert all(value.type == "tensor(float)" for value in (*session.get_inputs(), *session.get_outputs()))
        feed = {value.name: tensor[:, : 1 if value.name == "prior" else 3] / 255 for value in session.get_inputs()}
        feed[session.get_inputs()[0].name] = tensor
        answers.append(session.run(None, feed)[0])
    assert 0 < np.abs(answers[0] - answers[1]).mean() < 5e-3


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize("name", BUILT)
def test_every_shipped_network_parses_and_builds(trt: ModuleType, name: str, precision: str) -> None:
    assert len(engine(load_card(name), wide(name), precision).data) > 100_000


@pytest.mark.skipif(not gpus(), reason="running an engine needs an NVIDIA GPU")
@pytest.mark.parametrize("name", BUILT)
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_on_a_gpu_the_answer_is_that_of_onnxruntime(
    trt: ModuleType, name: str, precision: str, portraits: list[U8]
) -> None:
    options = {"precision": precision}
    one = load_segmenter(name, runtime="tensorrt", device="cuda", size=wide(name), runtime_options=options)
    other = load_segmenter(name, runtime="onnxruntime", device="cpu", size=wide(name))
    for picture in portraits:
        found, expected = (which.infer(which.prepare(frame_of(picture))).data for which in (one, other))
        assert np.abs(found - expected).mean() <= (1e-3 if precision == "fp32" else 5e-3)


def test_a_network_in_8_bits_is_built_from_its_file_for_tensorrt_whatever_is_asked_for() -> None:
    card = load_card("straight-u2net-int8")
    expected = int8_file(checked_weights(card)).read_bytes()
    own = card.model_copy(update={"weights": CardWeights(file=int8_file(checked_weights(card)).name)})
    for precision in ("fp32", "fp16", "int8"):
        assert network_file(card, precision) == expected
        assert network_file(own, precision) == expected, "or from itself, where it is that already"


def test_without_either_package(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tensorrt", "tensorrt_rtx"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'rtskin\[tensorrt\]'"):
        load_segmenter(SHIPPED[0], runtime="tensorrt", device="cuda")


class Cudart:
    """The answers of CUDA's runtime: a code, then values."""

    def __init__(self, code: int = 0, count: int = 1, text: bytes = b"no error") -> None:
        self.code, self.count, self.text = code, count, text
        self.selected: list[int] = []

    def cudaGetDeviceCount(self) -> tuple[int, int | None]:  # noqa: N802 - its name there
        return self.code, None if self.code else self.count

    def cudaGetErrorString(self, code: int) -> tuple[int, bytes]:  # noqa: N802
        return 0, self.text

    def cudaSetDevice(self, index: int) -> tuple[int]:  # noqa: N802
        self.selected.append(index)
        return (0,)


def test_gpus_that_are_not_there() -> None:
    old = Cudart(35, text=b"CUDA driver version is insufficient for CUDA runtime version")
    with pytest.raises(
        RuntimeUnavailableError, match=r"'cuda': CUDA finds no GPU \(CUDA driver version is .*nvidia-smi"
    ):
        select(old, "cuda")
    with pytest.raises(RuntimeUnavailableError, match="finds no GPU"):
        select(Cudart(count=0), "auto")
    with pytest.raises(RuntimeUnavailableError, match="'cuda:2': CUDA finds 2 GPUs, cuda:0 … cuda:1"):
        select(Cudart(count=2), "cuda:2")
    two = Cudart(count=2)
    assert (select(two, "cuda:1"), select(two, "auto"), two.selected) == (1, 0, [1, 0])


def test_a_gpu_without_memory_left() -> None:
    with pytest.raises(ModelError, match=r"out of memory .*use a smaller --size"):
        check(Cudart(text=b"out of memory"), (2, None))
    assert check(Cudart(), (0, 17)) == 17


@pytest.mark.skipif(bool(gpus()), reason="this machine has a GPU")
def test_running_without_a_gpu(trt: ModuleType) -> None:
    pytest.importorskip("cuda.bindings.runtime")
    with pytest.raises(RuntimeUnavailableError, match="check the driver with nvidia-smi"):
        load_segmenter(SHIPPED[0], runtime="tensorrt", device="cuda")


class Loader:
    """TensorRT's runtime: answers None to what it cannot load on this GPU."""

    def __init__(self, *answers: object) -> None:
        self.answers, self.given = list(answers), list[bytes]()

    def deserialize_cuda_engine(self, data: bytes) -> object:
        self.given.append(data)
        return self.answers.pop(0)


@pytest.mark.parametrize(("answers", "loads"), [(("engine",), True), ((None, "engine"), True), ((None, None), False)])
def test_an_engine_of_another_gpu_is_built_anew(
    answers: tuple[object, ...], loads: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    version = ModuleType("tensorrt")
    version.__version__ = "11.0"  # type: ignore[attr-defined]
    built: list[bytes] = []

    def build(*_: object) -> bytes:
        built.append(b"new")
        return b"new"

    monkeypatch.setattr(trt_build, "require_tensorrt", lambda: version)
    monkeypatch.setattr(trt_build, "build", build)
    card = load_card("mobile-unet")
    trt_build.stored(version, card, (64, 64), "fp32").write(b"old")
    runtime = TensorRt.__new__(TensorRt)
    runtime.card, runtime.options, runtime._engines, runtime._trt = card, dict(TensorRt.defaults), {}, version
    loader = runtime._loader = Loader(*answers)
    if loads:
        assert runtime._engine((64, 64)) == runtime._engine((64, 64)) == "engine"
    else:
        with pytest.raises(ModelError, match=r"TensorRT 11\.0 cannot load the engine of 'mobile-unet' here"):
            runtime._engine((64, 64))
    assert loader.given == [b"old", b"new"][: len(answers)]
    assert ("is no engine for this GPU; it is built anew" in caplog.text) is (len(answers) > 1)
    assert len(built) == len(answers) - 1
