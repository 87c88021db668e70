from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rtskin import nets
from rtskin.errors import InputError, ModelError
from rtskin.train.data.sets import scan
from rtskin.train.export import export
from rtskin.train.loop.trainer import Trainer
from rtskin.train.loop.warm import start_from
from rtskin.train.recipe import parse

from ..conftest import small_data, small_recipe

pytest.importorskip("onnx")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a short training: last.pt and its export in model/."""
    folder = tmp_path_factory.mktemp("trained")
    recipe = parse({**small_recipe(), "optimiser": {"rate": 1e-2}})
    trainer = Trainer(recipe, scan(recipe, [small_data(folder)]), folder / "run")
    trainer.run()
    export(folder / "run/last.pt", folder / "run/model")
    return folder / "run"


def batches(count: int = 4) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(4, 3, 64, 64, generator=generator) for _ in range(count)]


def fresh() -> torch.nn.Module:
    torch.manual_seed(5)
    return nets.build("mobile-unet", width=0.25)


@pytest.mark.parametrize("file", ["last.pt", "model/tiny.onnx", "model", "model/model.toml"])
def test_answers_are_those_of_the_weights(trained: Path, file: str) -> None:
    expected, found = fresh(), fresh()
    start_from(expected, trained / "last.pt", [])
    start_from(found, trained / file, batches())
    with torch.no_grad():
        x = batches(1)[0]
        assert torch.allclose(expected.eval()(x), found.eval()(x), atol=1e-3)


def test_batch_normalisation_is_put_back(trained: Path) -> None:
    """In training mode too the answers are about the same: what the file folded away is there again."""
    net = fresh()
    start_from(net, trained / "model/tiny.onnx", batches())
    with torch.no_grad():
        x = torch.cat(batches())
        still, moving = net.eval()(x), net.train()(x)
    assert float((still - moving).abs().mean()) < 0.1 * float(still.std())


def test_a_recipe_starts_from_a_card(trained: Path, data: Path, table: dict[str, Any], tmp_path: Path) -> None:
    recipe = parse({**table, "steps": 1})
    trainer = Trainer(recipe, scan(recipe, [data]), tmp_path / "next", trained / "model")
    expected = fresh()
    start_from(expected, trained / "last.pt", [])
    with torch.no_grad():
        x = batches(1)[0]
        assert np.allclose(expected.eval()(x).numpy(), trainer.ema.net(x).numpy(), atol=1e-3)


def test_other_weights_are_refused(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="another network"):
        start_from(nets.build("mobile-unet", width=0.5), trained / "last.pt", [])
    with pytest.raises(InputError, match="another network"):
        start_from(nets.build("mobile-unet", width=0.5), trained / "model/tiny.onnx", [])
    with pytest.raises(InputError, match="there are no weights at"):
        start_from(fresh(), tmp_path / "none.onnx", [])
    (tmp_path / "junk.onnx").write_bytes(b"no network")
    with pytest.raises(ModelError, match=r"junk\.onnx is no ONNX file"):
        start_from(fresh(), tmp_path / "junk.onnx", [])
    with pytest.raises(ModelError, match="no model card"):
        start_from(fresh(), tmp_path / "none.toml", [])


@pytest.mark.parametrize("file", ["last.pt", "model"])
def test_a_network_with_more_behind_it_begins_as_the_one_it_grew_from(trained: Path, file: str) -> None:
    """Its own logits are those of the other one, smoothed; its normalisations are as they were built."""
    torch.manual_seed(6)
    grown, plain = nets.build("detail-unet", width=0.25, channels=3), fresh()
    start_from(plain, trained / "last.pt", [])
    start_from(grown, trained / file, batches())
    x = batches(1)[0]
    with torch.no_grad():
        wanted = torch.nn.functional.pad(plain.eval()(x), (1, 1, 1, 1), mode="replicate")
        wanted = torch.nn.functional.conv2d(wanted, grown.get_buffer("smooth"))
        assert torch.allclose(wanted, grown.eval()(x), atol=1e-3)
    assert float(grown.get_parameter("detail.first.1.weight").detach().min()) == 1.0


def test_what_a_grown_network_became_is_where_it_goes_on(tmp_path: Path) -> None:
    """Once it is exported, the grown parts are read back too."""
    recipe = parse({**small_recipe(), "net": {"architecture": "detail-unet", "options": {"width": 0.25}}, "steps": 3})
    trainer = Trainer(recipe, scan(recipe, [small_data(tmp_path)]), tmp_path / "run")
    trainer.run()
    export(tmp_path / "run/last.pt", tmp_path / "run/model")
    expected, found = (nets.build("detail-unet", width=0.25, channels=3) for _ in range(2))
    start_from(expected, tmp_path / "run/last.pt", [])
    start_from(found, tmp_path / "run/model", batches())
    x = batches(1)[0]
    with torch.no_grad():
        assert torch.allclose(expected.eval()(x), found.eval()(x), atol=1e-3)
