from __future__ import annotations

import logging
import sys
from pathlib import Path

import numpy as np
import pytest

from rtskin.errors import InputError, ModelError, RuntimeUnavailableError
from rtskin.infer.cards import Card, load_card
from rtskin.infer.runtimes.torch_net import TorchRuntime

from ..conftest import MakeCard

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")


def open_runtime(card: Card, **options: object) -> TorchRuntime:
    return TorchRuntime(card, device="cpu", threads=1, options=options, shapes=((64, 64),))


def changed(folder: Path, change: str) -> Card:
    """mobile-unet with one of its constants renamed or altered."""
    card = load_card("mobile-unet")
    model = onnx.load(str(card.weights_path))
    head = next(tensor for tensor in model.graph.initializer if tensor.name == "net.head.bias")
    if change == "rename":
        head.name = "net.head.offset"
        for node in model.graph.node:
            node.input[:] = ["net.head.offset" if name == "net.head.bias" else name for name in node.input]
    else:  # what the file computes is no longer what its names say
        model.graph.node[0].op_type = "Add"
    folder.mkdir()
    (folder / "net.onnx").write_bytes(model.SerializeToString())
    table = card.model_dump(mode="json", exclude_none=True)
    Card.parse({**table, "name": "changed", "weights": {"file": "net.onnx"}}).save(folder / "model.toml")
    return Card.load(folder / "model.toml")


@pytest.mark.parametrize("mode", ["eager", "inference_mode"])
def test_it_runs_and_says_on_what(mode: str) -> None:
    runtime = open_runtime(load_card("mobile-unet"), mode=mode)
    assert (runtime.info.runtime, runtime.info.device, runtime.info.precision) == ("torch", "cpu", "fp32")
    output = runtime.run(np.full((1, 3, 64, 64), 128, np.float32))
    assert output.shape == (1, 1, 64, 64)
    assert 0 <= output.min() <= output.max() <= 1
    runtime.close()
    runtime.close()


def test_modes_that_it_does_not_have() -> None:
    with pytest.raises(InputError, match=r"no mode 'complie'; did you mean compile\?"):
        open_runtime(load_card("mobile-unet"), mode="complie")


def test_networks_of_others_are_refused(make_card: MakeCard) -> None:
    names = r"birefnet-lite, detail-unet, dlmv, .*"
    with pytest.raises(RuntimeUnavailableError, match=rf"torch runs rtskin's own networks \({names}\), .* 'tiny'"):
        TorchRuntime(make_card(), device="cpu", threads=1, options={})


def test_a_file_that_only_calls_itself_ours(make_card: MakeCard) -> None:
    with pytest.raises(ModelError, match=r"was not exported by rtskin: it holds no net\.stem"):
        TorchRuntime(make_card(architecture="mobile-unet"), device="cpu", threads=1, options={})


def test_names_that_do_not_match(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"does not hold the weights of mobile-unet: .*head\.bias"):
        open_runtime(changed(tmp_path / "changed", "rename"))


def test_what_the_file_computes_is_compared(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"differs by .* from ONNX Runtime"):
        open_runtime(changed(tmp_path / "changed", "compute"))


def test_without_onnxruntime_nothing_is_compared_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with caplog.at_level(logging.WARNING, "rtskin.infer"):
        open_runtime(changed(tmp_path / "changed", "compute"))
    assert "not compared with ONNX Runtime" in caplog.text


def test_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Traced by torch.compile, each shape its own; compiling what it generates takes a minute, and is torch's affair."""
    real, asked = torch.compile, []

    def compiled(net: object, dynamic: bool) -> object:
        asked.append(dynamic)
        return real(net, backend="eager", dynamic=dynamic)

    monkeypatch.setattr(torch, "compile", compiled)
    plain = open_runtime(load_card("mobile-unet"))
    assert asked == []
    runtime = open_runtime(load_card("mobile-unet"), mode="compile+inference_mode")
    picture = np.random.default_rng(0).uniform(0, 255, (1, 3, 64, 64)).astype(np.float32)
    assert np.abs(runtime.run(picture) - plain.run(picture)).max() < 1e-5
    assert asked == [False]
