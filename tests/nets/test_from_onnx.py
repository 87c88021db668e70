"""ONNX files read back: what the network was built with is seen from its numbers and nodes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from rtskin import nets  # noqa: E402
from rtskin.errors import ModelError, RuntimeUnavailableError  # noqa: E402
from rtskin.nets.from_onnx import _OPTIONS, folded, from_onnx  # noqa: E402


def weights_of(architecture: str, **options: Any) -> dict[str, Any]:
    with torch.device("meta"):
        return {f"net.{name}": value for name, value in nets.build(architecture, **options).state_dict().items()}


def enlarging(mode: bytes) -> Any:
    attribute = SimpleNamespace(name="coordinate_transformation_mode", s=mode)
    return SimpleNamespace(node=[SimpleNamespace(op_type="Resize", attribute=[attribute])])


@pytest.mark.parametrize(
    ("architecture", "options"),
    [
        ("mobile-unet", {"channels": 4, "classes": 1, "width": 0.5}),
        ("mobile-unet", {"channels": 3, "classes": 5, "width": 1.0}),
        ("detail-unet", {"channels": 4, "classes": 1, "width": 0.5, "planes": 4, "inner": 8}),
        ("straight-u2net", {"base": 16, "mid": 8, "blocks": 3}),
        ("dlmv", {}),
        ("u2netp", {"channels": 4, "align_corners": True}),
        ("u2net", {"channels": 3, "align_corners": False}),
    ],
)
def test_what_it_was_built_with(architecture: str, options: dict[str, Any]) -> None:
    graph = enlarging(b"align_corners" if options.get("align_corners") else b"half_pixel")
    assert _OPTIONS[architecture](weights_of(architecture, **options), graph) == options


def test_every_network_of_ours_can_be_read_back() -> None:
    assert sorted(_OPTIONS) == nets.NETS.names()


@pytest.mark.parametrize("architecture", ["straight-u2net", "dlmv", "u2netp"])
def test_a_file_of_another_network_is_refused(architecture: str) -> None:
    path = Path(__file__).parents[2] / "models" / "mobile-unet" / "mobile-unet.onnx"
    with pytest.raises(ModelError, match=r"was not exported by rtskin: it holds no|does not hold the weights of"):
        from_onnx(architecture, path)
    with pytest.raises(
        RuntimeUnavailableError, match=r"\(birefnet-lite, detail-unet, dlmv, .*\), and .* is of the architecture 'unet'"
    ):
        from_onnx("unet", path)


def test_a_normalisation_that_the_file_has_stays() -> None:
    """One that does not follow its convolution at once cannot be folded, and the exporter leaves it."""
    name = "net.classifier.0.project.1"
    with torch.device("meta"):
        net = nets.build("dlmv")
        kept = {f"{name}.running_mean": net.state_dict()[f"{name}.running_mean"]}
        folded(net, kept)
    assert isinstance(net.get_submodule(name), torch.nn.BatchNorm2d)
    assert sum(isinstance(module, torch.nn.BatchNorm2d) for module in net.modules()) == 1


def test_a_file_in_8_bits_is_refused() -> None:
    path = Path(__file__).parents[2] / "models" / "straight-u2net-int8" / "straight-u2net.int8.onnx"
    with pytest.raises(
        RuntimeUnavailableError, match=r"straight-u2net\.int8\.onnx is in 8 bits, .*; use another runtime"
    ):
        from_onnx("straight-u2net", path)
