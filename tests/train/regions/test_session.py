from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.nets.region_net import RegionNet
from rtskin.roi.label.card import load_label_card
from rtskin.roi.label.network import NetworkMethod
from rtskin.train.regions import collect, session
from rtskin.train.regions import recipe as recipes
from rtskin.train.regions.batches import plain
from rtskin.train.regions.collect import KEPT
from rtskin.train.regions.decide import Evidence
from rtskin.train.terms.shipping import faults

RECIPE = """
name = "tiny"
steps = 60
batch = 24
ema = 0.9
folds = 4
[net]
widths = [8, 8, 16, 16]
[[data]]
name = "made"
paths = ["made"]
group = "picture"
ship = true
terms = "CC0"
"""
SEEN = (
    Evidence(0.95, 0.7, 0, 0, 0, 0, 0.1),
    Evidence(0, 0, 0.95, 0.9, 0.9, 0, 0.1, in_hand=0.9),
    Evidence(0, 0, 0, 0, 0, 0, 0.1),
)


def regions(count: int) -> collect.Regions:
    """Three kinds: bright above, bright on the left, and even."""
    rng = np.random.default_rng(0)
    crops = rng.integers(60, 100, (count, KEPT, KEPT, 4), np.uint8)
    crops[..., 3] = 0
    edge = round(KEPT * (1 - 1 / collect.WIDE) / 2)
    crops[:, edge:-edge, edge:-edge, 3] = 255
    crops[0::3, : KEPT // 2, :, :3] += 120
    crops[1::3, :, : KEPT // 2, :3] += 120
    crops[1::3, :, :, 0] //= 2
    evidence = np.array([tuple(vars(SEEN[index % 3]).values()) for index in range(count)], np.float32)
    groups, names = ([f"{kind}{index}" for index in range(count)] for kind in "gn")
    return collect.Regions(crops, evidence, np.zeros((count, 4), np.float32), groups, names)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("regions")
    (home / "my.toml").write_text(RECIPE)
    recipe = recipes.load(home / "my.toml")
    made = regions(120)
    np.savez(
        home / "made.npz", crops=made.crops, evidence=made.evidence, boxes=made.boxes, groups=np.array(made.groups),
        names=np.array(made.names), about=np.array(collect.about(recipe.data[0], recipe)),
    )  # fmt: skip
    return home


def test_the_split_keeps_groups_apart(folder: Path) -> None:
    ours, kept = session.split(recipes.load(folder / "my.toml"), folder)
    assert len(ours.names) + len(kept.names) == 120
    assert len(kept.names) > 15
    assert not set(ours.names) & set(kept.names)
    assert [bool(ours.alike[ours.labels == kind].all()) for kind in range(3)] == [False, True, True]


@pytest.mark.slow
def test_a_training_from_regions_to_a_model_that_may_ship(folder: Path) -> None:
    lines = list(session.train(folder / "my.toml", folder, folder / "models" / "tiny", folder / "wrong.png"))
    assert any("kept out: face " in line for line in lines)
    assert any(line.startswith("added: face ") for line in lines)
    assert (folder / "wrong.png").stat().st_size > 0
    card = load_label_card(folder / "models" / "tiny")
    assert card.ships
    assert card.parameters == sum(tensor.numel() for tensor in RegionNet([8, 8, 16, 16]).parameters())
    assert card.macs is not None
    assert card.macs > 100_000
    assert card.data_terms.startswith("made: CC0; mobile-unet: ")
    assert faults(folder / "models") == []
    network = NetworkMethod(folder / "models" / "tiny" / "label.toml")
    network.warm_up()
    made = regions(30)
    seen = np.stack([plain(crop, 64) for crop in made.crops])
    assert (network.run(seen).argmax(1) == np.arange(30) % 3).mean() > 0.9


def test_a_set_that_was_not_collected(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no .*made\.npz; make it with"):
        session.split(recipes.load(folder / "my.toml"), tmp_path)
