"""Checkpoints become models that answer as torch does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from rtskin import nets  # noqa: E402
from rtskin.errors import InputError, ModelError, OutputExistsError, SinkError, UnknownNameError  # noqa: E402
from rtskin.infer.base import load_segmenter  # noqa: E402
from rtskin.infer.cards import load_card  # noqa: E402
from rtskin.infer.chunked import refined, tile_of  # noqa: E402
from rtskin.nets import onnx_file  # noqa: E402
from rtskin.store.importing import import_checkpoint  # noqa: E402
from tests.exports import traced  # noqa: E402
from tests.infer.conftest import frame_of  # noqa: E402
from tests.store.conftest import Save, random_state  # noqa: E402


@pytest.mark.parametrize("architecture", ["straight-u2net", "dlmv", pytest.param("u2netp", marks=pytest.mark.slow)])
def test_it_answers_as_torch_does(architecture: str, save: Save) -> None:
    state = random_state(architecture)
    done = import_checkpoint(architecture, save({"state": {"state_dict": state}}), name="mine", size=64)
    assert done.difference < 1e-4
    net = nets.build(architecture).eval()
    net.load_state_dict(state)
    picture = np.random.default_rng(3).integers(0, 256, (64, 64, 3), np.uint8)
    with torch.no_grad():
        expected = net(torch.from_numpy(picture[None].astype(np.float32) / 255).permute(0, 3, 1, 2)).sigmoid()
    expected = expected.numpy()[0, 0]
    assert expected.std() > 0.01, "a flat answer would prove nothing"
    for runtime in ("onnxruntime", "torch"):  # which reads its network back from the file
        segmenter = load_segmenter("mine", runtime=runtime, device="cpu", threads=1)
        scores = segmenter.infer(segmenter.prepare(frame_of(np.ascontiguousarray(picture[..., ::-1])))).data
        segmenter.close()
        assert np.abs(scores - expected).max() < 1e-4, "the same picture, in the same order of colours"


def test_the_published_refiner_sees_the_base_mask(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four channels: RGB and the mask, both ÷ 255. It refines what any other model found."""
    monkeypatch.setattr(onnx_file, "write", traced)
    state = random_state("u2netp", channels=4)
    done = import_checkpoint("u2netp-refiner", save(state), size=64)
    assert done.difference < 1e-4
    card = done.card
    assert (card.name, card.architecture, card.parameters) == ("u2netp-refiner", "u2netp", 1_131_757)
    assert card.tensor.prior
    net = nets.build("u2netp", channels=4).eval()
    net.load_state_dict(state)
    rng = np.random.default_rng(3)
    picture, base = rng.integers(0, 256, (64, 64, 3), np.uint8), rng.random((64, 64), np.float32)
    x = np.concatenate([picture.astype(np.float32).transpose(2, 0, 1) / 255, base[None]])
    with torch.no_grad():
        expected = net(torch.from_numpy(x[None])).sigmoid().numpy()[0, 0]
    assert expected.std() > 0.01
    refiner = load_segmenter("u2netp-refiner", runtime="onnxruntime", device="cpu", threads=1)
    tile = frame_of(np.ascontiguousarray(picture[..., ::-1]))
    said = refined(refiner, tile, base)
    assert np.abs(said - expected).max() < 1e-4
    assert np.abs(said - refined(refiner, tile, np.zeros_like(base))).max() > 1e-3
    assert tile_of(refiner) == 64
    refiner.close()


def test_the_card_says_what_it_is(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, "write", traced)
    path = save(random_state("straight-u2net"), "theirs.pt")
    said: list[str] = []
    done = import_checkpoint(
        "straight-u2net", path, size=64, name="mine", licence="MIT", terms="my own photographs", said=said.append
    )
    card = load_card("mine")
    assert card == done.card
    assert (card.architecture, card.parameters, card.ships) == ("straight-u2net", 79_937, False)
    assert (card.licence, card.data_terms) == ("MIT", "my own photographs")
    assert card.origin.startswith("skin: pixels ÷ 255")
    assert card.description.startswith("Imported from theirs.pt (sha256 ")
    assert card.macs == 8_113_356_800 * 64 * 64 // (320 * 320)
    assert len(said) == 3


def test_origins_differ(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    """torchvision's names lack a prefix, have one head more, and take ImageNet's statistics."""
    seen: list[tuple[Any, Any]] = []
    monkeypatch.setattr(
        onnx_file, "write", lambda net, path, shapes: (seen.append((net, shapes)), path.write_bytes(b"g"))
    )
    monkeypatch.setattr(onnx_file, "compare", lambda net, path, shapes: 0.0)
    monkeypatch.setattr("rtskin.evaluate.macs.count_macs", lambda path, shape: 0)
    monkeypatch.setattr("rtskin.nets.footprint.footprint", lambda path: 0)
    state = random_state("dlmv")
    theirs = {name.removeprefix("net."): value for name, value in state.items()}
    theirs["aux_classifier.0.0.weight"] = torch.zeros(1)
    done = import_checkpoint("dlmv", save(theirs), origin="torchvision", name="mine")
    ((pixels, shapes),) = seen
    assert torch.equal(pixels.net.state_dict()["net.backbone.0.0.weight"], state["net.backbone.0.0.weight"])
    assert pixels.mean.flatten().tolist() == pytest.approx(nets.IMAGENET[0])
    assert shapes == [(256, 256)]
    assert done.card.origin.startswith("torchvision: ImageNet")


@pytest.mark.parametrize(("origin", "align"), [("skin", True), ("upstream", False)])
def test_u2net_is_enlarged_as_its_origin_does(
    origin: str, align: bool, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(onnx_file, "write", lambda net, path, shapes: (seen.append(net), path.write_bytes(b"g")))
    monkeypatch.setattr(onnx_file, "compare", lambda net, path, shapes: 0.0)
    monkeypatch.setattr("rtskin.evaluate.macs.count_macs", lambda path, shape: 0)
    monkeypatch.setattr("rtskin.nets.footprint.footprint", lambda path: 0)
    card = import_checkpoint("u2netp", save(random_state("u2netp")), origin=origin).card
    picture = torch.rand(1, 3, 64, 64)
    expected = nets.build("u2netp", align_corners=align).eval()
    expected.load_state_dict(seen[0].net.state_dict())
    with torch.no_grad():
        assert torch.equal(seen[0].net(picture), expected(picture))
    assert ("align_corners" in card.origin, card.tensor.width) == ((True, 512) if align else (False, 320))


def test_unknown_networks_and_origins(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean u2netp"):
        import_checkpoint("u2ntp", tmp_path / "x.pt")
    with pytest.raises(InputError, match="straight-u2net has no origin 'upstream'; there are: skin"):
        import_checkpoint("straight-u2net", tmp_path / "x.pt", origin="upstream")


def test_a_name_that_is_taken_is_said_before_the_work(tmp_path: Path, home: Path) -> None:
    with pytest.raises(
        OutputExistsError, match="two of one name would be mixed up; choose another by --as mobile-unet-2"
    ):
        import_checkpoint("straight-u2net", tmp_path / "none.pt", name="mobile-unet", overwrite=True)
    assert not home.exists()


def test_nothing_stays_where_it_differs_from_torch(save: Save, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def differs(net: Any, path: Path, shapes: Any) -> float:
        raise ModelError("it differs from torch by 0.2")

    monkeypatch.setattr(onnx_file, "write", lambda net, path, shapes: path.write_bytes(b"g"))
    monkeypatch.setattr(onnx_file, "compare", differs)
    with pytest.raises(ModelError, match="differs from torch"):
        import_checkpoint("straight-u2net", save(random_state("straight-u2net")), name="mine")
    assert list(home.iterdir()) == []


def test_no_space(save: Save, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(net: Any, path: Path, shapes: Any) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(onnx_file, "write", full)
    with pytest.raises(SinkError, match=r"cannot be put into .*: No space left on device"):
        import_checkpoint("straight-u2net", save(random_state("straight-u2net")), name="mine")
    assert list(home.iterdir()) == []
