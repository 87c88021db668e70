"""Checkpoints of networks with random weights, as their authors would have saved them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from rtskin import nets  # noqa: E402

Save = Callable[..., Path]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of models that this test's are put into."""
    folder = tmp_path / "models"
    monkeypatch.setenv("RTSKIN_MODELS", str(folder))
    return folder


def random_state(architecture: str, **options: Any) -> dict[str, Any]:
    """Random weights, with statistics of batch normalisation that differ from channel to channel."""
    torch.manual_seed(7)
    net = nets.build(architecture, **options)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.running_mean, 0, 0.2)
            torch.nn.init.uniform_(module.running_var, 0.3, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.3)
    # The last convolution, so that the answer is not flat.
    last = [module for module in net.modules() if isinstance(module, torch.nn.Conv2d)][-1]
    with torch.no_grad():
        logits = net.eval()(torch.rand(1, options.get("channels", 3), 64, 64))
        last.weight *= 2 / logits.std()
        last.bias.copy_((last.bias - logits.mean()) * 2 / logits.std())
    return dict(net.state_dict())


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def write(state: Any, name: str = "checkpoint.pt") -> Path:
        path = tmp_path / name
        torch.save(state, path)
        return path

    return write
