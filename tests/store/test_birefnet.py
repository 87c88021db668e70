"""A checkpoint of BiRefNet_lite becomes a model that the command line masks with.

Tracing a transformer takes most of a minute of one core. So one of the same parts, but with fewer of the blocks that are
alike, is traced, once for all; the whole is imported without its graph.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")

from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from rtskin import nets  # noqa: E402
from rtskin.cli.main import run  # noqa: E402
from rtskin.errors import ModelError  # noqa: E402
from rtskin.infer.base import load_segmenter  # noqa: E402
from rtskin.infer.cards import Card  # noqa: E402
from rtskin.media import cv2  # noqa: E402
from rtskin.nets import onnx_file  # noqa: E402
from rtskin.nets.birefnet import swin  # noqa: E402
from rtskin.store.importing import Imported, import_checkpoint  # noqa: E402
from tests.infer.conftest import frame_of  # noqa: E402
from tests.store.conftest import Save  # noqa: E402

SIDE = 64
#: Blocks of each stage: with and without a shift in the first.
FEWER = (2, 1, 1, 1)
MANIFEST = Path(__file__).parents[2].parent / "shared" / "manifests" / "BiRefNet_lite.json"


def random_state() -> dict[str, Any]:
    """As the published checkpoints are named, offsets and normalisation at work, the answer not flat."""
    torch.manual_seed(7)
    net = nets.build("birefnet-lite").eval()
    for name, module in net.named_modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.running_mean, 0, 0.2)
            torch.nn.init.uniform_(module.running_var, 0.3, 1.5)
        if name.endswith(("offset_conv", "modulator_conv")):
            torch.nn.init.normal_(module.weight, 0, 0.05)
    last = net.get_submodule("decoder.conv_out1.0")
    with torch.no_grad():
        logits = net(torch.rand(1, 3, SIDE, SIDE))
        last.weight *= 2 / logits.std()
        last.bias.copy_((last.bias - logits.mean()) * 2 / logits.std())
    return dict(net.state_dict())


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Imported]:
    folder = tmp_path_factory.mktemp("birefnet")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(swin, "_DEPTHS", FEWER)
        state = random_state()
        torch.save({"state": {"state_dict": state}}, folder / "birefnet_skin.pt")
        done = import_checkpoint("birefnet-lite", folder / "birefnet_skin.pt", size=SIDE, folder=folder / "models")
    return state, done


@pytest.fixture
def fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks are built with as many blocks as ``imported`` has."""
    monkeypatch.setattr(swin, "_DEPTHS", FEWER)


def macs(net: Any) -> int:
    """Multiply-accumulates of one picture, as torch counts them while it runs."""
    with FlopCounterMode(display=False) as counted, torch.no_grad():
        net.eval()(torch.zeros(1, 3, SIDE, SIDE))
    return int(counted.get_total_flops()) // 2


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("fewer")
def test_every_runtime_answers_as_torch_does(imported: tuple[dict[str, Any], Imported]) -> None:
    state, done = imported
    assert done.difference < 1e-4
    net = nets.build("birefnet-lite").eval()
    net.load_state_dict(state)
    # A wide picture lies in the upper left corner of the input, black below.
    picture = np.random.default_rng(3).integers(0, 256, (SIDE // 2, SIDE, 3), np.uint8)
    whole = np.zeros((SIDE, SIDE, 3), np.float32)
    whole[: SIDE // 2] = picture / np.float32(255)
    with torch.no_grad():
        answer = net(torch.from_numpy(whole).permute(2, 0, 1)[None]).sigmoid()
    expected = answer.numpy()[0, 0, : SIDE // 2]
    assert expected.std() > 0.01, "a flat answer would prove nothing"
    runtimes = ["onnxruntime", "torch"]
    try:
        import openvino  # noqa: F401

        runtimes.append("openvino")
    except ImportError:
        pass
    for runtime in runtimes:
        segmenter = load_segmenter(done.card, runtime=runtime, device="cpu", threads=1)
        scores = segmenter.infer(segmenter.prepare(frame_of(np.ascontiguousarray(picture[..., ::-1])))).data
        segmenter.close()
        assert scores.shape == expected.shape
        assert np.abs(scores - expected).max() < 1e-3, runtime


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_command_line_masks_with_it(
    imported: tuple[dict[str, Any], Imported], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = imported[1].card
    assert card.path is not None
    monkeypatch.setenv("RTSKIN_MODELS", str(card.path.parent.parent))
    picture = np.random.default_rng(5).integers(0, 256, (90, 120, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "photo.png"), picture)
    arguments = ["mask", str(tmp_path / "photo.png"), "--model", "birefnet-lite", "--out", str(tmp_path / "masks")]
    with contextlib.suppress(SystemExit):
        run([*arguments, "--no-mirror"])
    mask = cv2.imread(str(tmp_path / "masks/photo.png"), cv2.IMREAD_UNCHANGED)
    assert (mask.shape, mask.dtype) == ((90, 120), np.uint8)
    assert mask.std() > 1


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("fewer")
def test_the_card_says_what_it_is(imported: tuple[dict[str, Any], Imported]) -> None:
    card: Card = imported[1].card
    net = nets.build("birefnet-lite")
    assert (card.architecture, card.ships) == ("birefnet-lite", False)
    assert card.parameters == sum(parameter.numel() for parameter in net.parameters())
    assert card.origin.startswith("skin: pixels ÷ 255")
    assert card.tensor.fit == "corner"
    assert card.macs == macs(net)


def test_the_whole_is_as_large_as_the_published_one(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, "write", lambda net, path, shapes: path.write_bytes(b"graph"))
    monkeypatch.setattr(onnx_file, "compare", lambda net, path, shapes: 0.0)
    monkeypatch.setattr("rtskin.evaluate.macs.count_macs", lambda path, shape: 0)
    monkeypatch.setattr("rtskin.nets.footprint.footprint", lambda path: 0)
    net = nets.build("birefnet-lite")
    state = net.state_dict()
    if MANIFEST.exists():
        wanted = {key: tuple(value["shape"]) for key, value in json.loads(MANIFEST.read_text())["state_dict"].items()}
        assert {key: tuple(value.shape) for key, value in state.items()} == wanted
    card = import_checkpoint("birefnet-lite", save({"state": {"state_dict": state}}), size=SIDE).card
    assert card.parameters == 44_313_720
    assert macs(net) == 2_052_766_656, "what is counted in a graph, see above"


def test_a_checkpoint_without_normalisation_is_explained(save: Save) -> None:
    """Upstream leaves it out of the decoder where it is trained with batches of one."""
    with torch.device("meta"):
        shapes = nets.build("birefnet-lite").state_dict()
    state = {name: torch.zeros(value.shape) for name, value in shapes.items() if "bn" not in name.split(".")[-2]}
    with pytest.raises(ModelError, match=r"is not a checkpoint of birefnet-lite: it has no .*\.bn.* more$"):
        import_checkpoint("birefnet-lite", save(state), size=SIDE)
    with pytest.raises(ModelError, match="is not a checkpoint of u2netp: it has no"):
        import_checkpoint("u2netp", save(state), size=SIDE)


@pytest.mark.slow
def test_tensorrt_builds_it(imported: tuple[dict[str, Any], Imported], tmp_path: Path, monkeypatch: Any) -> None:
    """It has no deformable convolutions: it is given the form without."""
    from rtskin.errors import MissingExtraError
    from rtskin.infer.runtimes.trt_build import engine, require_tensorrt

    try:
        require_tensorrt()
    except MissingExtraError as error:
        pytest.skip(str(error))
    monkeypatch.setenv("RTSKIN_CACHE", str(tmp_path))
    assert len(engine(imported[1].card, (SIDE, SIDE)).data) > 1_000_000
