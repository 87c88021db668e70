"""Deformable convolution: as ONNX defines it, in torch and in both forms that runtimes get."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")

from rtskin.errors import ModelError  # noqa: E402
from rtskin.infer.runtimes.onnx_sampled import sampled, without_deform_conv  # noqa: E402
from rtskin.nets import onnx_file  # noqa: E402
from rtskin.nets.birefnet.deform import DeformableConv2d, deform_conv, is_in  # noqa: E402


def bent(kernel: int) -> DeformableConv2d:
    """With offsets of some pixels, that also leave the picture."""
    torch.manual_seed(kernel)
    layer = DeformableConv2d(3, 5, kernel)
    for part in (layer.offset_conv, layer.modulator_conv):
        torch.nn.init.normal_(part.weight, 0, 2 / (3 * kernel * kernel) ** 0.5)
        torch.nn.init.normal_(part.bias, 0, 2)
    return layer.eval()


class Pixels(torch.nn.Module):
    """As networks ship: pixels in, probability out."""

    def __init__(self, layer: DeformableConv2d) -> None:
        super().__init__()
        self.layer = layer
        self.eval()

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.layer(image / 255).sigmoid()


def test_at_first_it_is_an_ordinary_convolution() -> None:
    torch.manual_seed(0)
    layer = DeformableConv2d(4, 6, 3)
    x = torch.randn(2, 4, 9, 7)
    torch.testing.assert_close(layer(x), layer.regular_conv(x), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kernel", [1, 3, 7])
def test_it_is_what_onnx_defines(kernel: int) -> None:
    """Compared with the reference implementation that ONNX brings along."""
    from onnx import TensorProto, helper
    from onnx.reference import ReferenceEvaluator

    layer = bent(kernel)
    x = torch.randn(1, 3, 4, 5)
    with torch.no_grad():
        offset, weights = layer.offset_conv(x), 2 * layer.modulator_conv(x).sigmoid()
        found = layer(x)
    assert offset.abs().max() > 3, "what stays where it is would prove nothing"
    given = {"x": x, "w": layer.regular_conv.weight.detach(), "o": offset, "m": weights}
    graph = helper.make_graph(
        [helper.make_node("DeformConv", ["x", "w", "o", "", "m"], ["y"], pads=[kernel // 2] * 4)],
        "one",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, list(value.shape)) for name, value in given.items()],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, list(found.shape))],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)])
    (expected,) = ReferenceEvaluator(model).run(None, {name: value.numpy() for name, value in given.items()})
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-4)


@pytest.mark.parametrize("kernel", [1, 7])
def test_both_forms_answer_as_torch_does(kernel: int, tmp_path: Path) -> None:
    net, path = Pixels(bent(kernel)), tmp_path / "bent.onnx"
    assert is_in(net)
    onnx_file.write(net, path, [(24, 16)])
    assert onnx_file.compare(net, path, [(24, 16)]) < 1e-4
    kinds = {node.op_type for node in onnx.load(str(path)).graph.node}
    assert "DeformConv" in kinds
    other = tmp_path / "sampled.onnx"
    other.write_bytes(sampled(path) or b"")
    kinds = {node.op_type for node in onnx.load(str(other)).graph.node}
    assert "GridSample" in kinds
    assert "DeformConv" not in kinds
    assert onnx_file.compare(net, other, [(24, 16)]) < 1e-4


def test_fp16_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime.transformers.float16")
    from rtskin.infer.runtimes.onnx_half import to_half

    path = tmp_path / "bent.onnx"
    onnx_file.write(Pixels(bent(1)), path, [(24, 16)])
    with pytest.raises(
        ModelError, match="has deformable convolutions, which cannot be had in fp16; use precision fp32"
    ):
        to_half(path)


def test_a_file_without_any_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "plain.onnx"
    path.write_bytes(b"anything")
    assert sampled(path) is None


def test_kinds_that_are_not_known_are_refused(tmp_path: Path) -> None:
    net, path = Pixels(bent(3)), tmp_path / "bent.onnx"
    onnx_file.write(net, path, [(24, 16)])
    model = onnx.load(str(path))
    for node in model.graph.node:
        if node.op_type == "DeformConv":
            node.attribute.append(onnx.helper.make_attribute("strides", [2, 2]))
    with pytest.raises(ModelError, match=r"has a DeformConv .* use --runtime onnxruntime"):
        without_deform_conv(model.SerializeToString(), path)


def test_every_part_learns() -> None:
    layer = bent(3).train()
    layer(torch.randn(1, 3, 8, 8)).square().mean().backward()
    assert all(parameter.grad.any() for parameter in layer.parameters())


def test_half_precision_looks_where_the_whole_does() -> None:
    layer, x = bent(3), torch.randn(1, 3, 8, 8)
    with torch.no_grad():
        offset, weights = layer.offset_conv(x), 2 * layer.modulator_conv(x).sigmoid()
        expected = deform_conv(x, offset, weights, layer.regular_conv.weight, 1)
        with torch.autocast("cpu", torch.bfloat16):
            found = layer(x)
    assert found.dtype == torch.float32
    assert (found - expected).abs().mean() < 0.15 * expected.abs().mean()
