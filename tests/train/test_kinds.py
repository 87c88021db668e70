"""Trainings of networks that know several classes, or take a prior: from weights that do not, resumed, exported, run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxruntime")

from rtskin import nets  # noqa: E402
from rtskin.errors import InputError  # noqa: E402
from rtskin.infer.base import load_segmenter  # noqa: E402
from rtskin.infer.card_toml import dumps  # noqa: E402
from rtskin.infer.cards import Card  # noqa: E402
from rtskin.infer.network import NetworkSegmenter  # noqa: E402
from rtskin.segmenter import Segmenter  # noqa: E402
from rtskin.train.data.sets import scan  # noqa: E402
from rtskin.train.export import export  # noqa: E402
from rtskin.train.loop import checkpoint, probe  # noqa: E402
from rtskin.train.loop.trainer import Trainer  # noqa: E402
from rtskin.train.loop.warm import fitted  # noqa: E402
from rtskin.train.losses import distil  # noqa: E402
from rtskin.train.losses.class_losses import skin_logit  # noqa: E402
from rtskin.train.losses.objective import tensors  # noqa: E402
from rtskin.train.recipe import parse  # noqa: E402

from ..infer.conftest import frame_of  # noqa: E402
from .conftest import parted, picture, small_data, small_recipe  # noqa: E402

NAMES = ["background", "skin", "hair", "clothes", "glasses"]
PRIOR = {"prior": {"use": True, "own": 0.5}}


def trainer(table: dict[str, Any], data: Path, out: Path, init: Path | None = None) -> Trainer:
    recipe = parse(table)
    return Trainer(recipe, scan(recipe, [data]), out, init)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of a network that knows skin only."""
    folder = tmp_path_factory.mktemp("plain")
    trainer({**small_recipe(), "optimiser": {"rate": 1e-2}}, small_data(folder), folder / "run").run()
    return folder / "run/last.pt"


@pytest.mark.parametrize(("options", "classes"), [({"channels": 4}, ["skin"]), ({"classes": 5}, NAMES)])
def test_what_starts_says_the_same_of_skin(plain: Path, options: dict[str, int], classes: list[str]) -> None:
    state = checkpoint.load(plain)["ema"]
    old, new = nets.build("mobile-unet", width=0.25), nets.build("mobile-unet", width=0.25, **options)
    old.load_state_dict(state)
    new.load_state_dict(fitted(state, new, classes))
    x = torch.randn(2, 4, 64, 64)
    skin = classes.index("skin")
    with torch.no_grad():
        expected, found = old.eval()(x[:, :3]), new.eval()(x[:, : options.get("channels", 3)])
    assert torch.allclose(skin_logit(found, skin), expected, atol=1e-4)
    if len(classes) > 1:
        others = found.softmax(1)[:, [0, 2, 3, 4]]
        assert torch.allclose(others, others[:, :1].expand_as(others), atol=1e-5), "nothing is said of the others yet"


def test_other_differences_are_refused(plain: Path, table: dict[str, Any], data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="another network"):
        trainer({**table, "net": {"options": {"width": 0.5}}, **PRIOR}, data, tmp_path / "one", plain)
    trainer(parted(table, data), data, tmp_path / "five").save()
    with pytest.raises(InputError, match="another network"):
        trainer(table, data, tmp_path / "two", tmp_path / "five/last.pt")


def test_the_head_meets_the_new_classes_first(plain: Path, table: dict[str, Any], data: Path, tmp_path: Path) -> None:
    run = trainer({**parted(table, data), "batch": 6}, data, tmp_path / "parts", plain)
    assert not probe.untaught(run.net, 1)
    batch = tensors(run.batches[50], torch.device("cpu"))
    assert batch.others is not None
    net = nets.build("mobile-unet", width=0.25, classes=5)
    net.load_state_dict(fitted(checkpoint.load(plain)["ema"], net, NAMES))
    assert probe.untaught(net, 1)
    with torch.no_grad():
        before, after = (run.change.objective(each.eval(), batch)[1]["classes"] for each in (net, run.net))
    assert after < 0.8 * before


@pytest.mark.parametrize("kind", ["parts", "prior"])
def test_killed_and_resumed_equals_never_stopped(kind: str, table: dict[str, Any], data: Path, tmp_path: Path) -> None:
    table = parted(table, data) if kind == "parts" else {**table, **PRIOR}
    trainer(table, data, tmp_path / "whole").run()
    first = trainer({**table, "checkpoint_minutes": 1e-9}, data, tmp_path / "part")

    class Killed(Exception):  # noqa: N818
        pass

    def kill(progress: Any) -> None:
        if progress.step == 4:
            raise Killed

    with pytest.raises(Killed):
        first.run(kill)
    resumed = trainer(table, data, tmp_path / "part")
    resumed.resume()
    assert resumed.step == 3
    resumed.run()
    one, two = (checkpoint.load(tmp_path / name / "last.pt") for name in ("whole", "part"))
    assert all(torch.equal(one["net"][key], two["net"][key]) for key in one["net"])


@pytest.mark.parametrize("kind", ["parts", "prior"])
def test_gradients_reach_what_is_new(kind: str, plain: Path, table: dict[str, Any], data: Path, tmp_path: Path) -> None:
    table = parted(table, data) if kind == "parts" else {**table, "prior": {"use": True, "empty": 0}}
    run = trainer(table, data, tmp_path / "run", plain)
    loss, _ = run.change.objective(run.net.train(), tensors(run.batches[0], torch.device("cpu")))
    loss.backward()
    new: Any = run.net.head.weight if kind == "parts" else run.net.stem[0].weight  # type: ignore[union-attr,index]
    gradient = new.grad if kind == "parts" else new.grad[:, 3]
    assert gradient.view(len(gradient), -1).any(1).all()


@pytest.mark.slow
def test_classes_from_training_to_mask(plain: Path, table: dict[str, Any], data: Path, tmp_path: Path) -> None:
    table = {**parted(table, data), "steps": 40, "batch": 6, "optimiser": {"rate": 1e-2}, "validate_every": 40}
    trainer(table, data, tmp_path / "run", plain).run()
    done = export(tmp_path / "run/last.pt", tmp_path / "model")
    card = Card.load(done.card)
    assert (card.output.classes, card.output.channel, card.output.activation) == (tuple(NAMES), 1, "none")
    image, mask = picture(1)  # kept out or not: it is about the channels
    found = {name: Segmenter(card, classes=name)(image) for name in (*NAMES, "person")}
    assert np.array_equal(Segmenter(card)(image), found["skin"]), "skin is what it gives when nothing is said"
    assert (found["skin"][mask > 127] > 127).mean() > 0.7
    assert (found["background"][mask > 127] > 127).mean() < 0.3
    total = sum(found[name].astype(int) for name in NAMES)
    assert abs(np.median(total) - 255) < 6, "they exclude each other"


@pytest.mark.slow
def test_a_prior_from_training_to_mask(plain: Path, table: dict[str, Any], data: Path, tmp_path: Path) -> None:
    trainer({**table, **PRIOR, "steps": 30, "optimiser": {"rate": 1e-2}}, data, tmp_path / "run", plain).run()
    done = export(tmp_path / "run/last.pt", tmp_path / "model")
    assert done.difference < 1e-4
    segmenter = load_segmenter(Card.load(done.card))
    assert isinstance(segmenter, NetworkSegmenter)
    assert segmenter.takes_prior
    segmenter.warm_up()
    prepared = segmenter.prepare(frame_of(picture(1)[0]))
    without = segmenter.infer(prepared).data.copy()
    ones = segmenter.infer(prepared, np.ones((64, 64), np.float32)).data.copy()
    assert np.abs(ones - without).max() > 0.01, "it looks at it"
    assert np.array_equal(segmenter.infer(prepared).data, without), "and does not keep it"
    # Nobody learns from it: whoever teaches is shown pictures alone.
    (tmp_path / "model/recipe.toml").write_text(
        dumps(parse({**table, **PRIOR}).model_dump(mode="json", exclude_none=True))
    )
    with pytest.raises(InputError, match="model cannot take inputs of 64×64"):
        distil.open_teachers([tmp_path / "model"], parse(table), torch.device("cpu"), None)
