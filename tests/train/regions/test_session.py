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


def kept(probabilities: np.ndarray, labels: np.ndarray) -> session.Side:
    count = len(labels)
    nothing, ones = np.zeros((count, 1, 1, 4), np.uint8), np.ones(count)
    names = [f"n{number}" for number in range(count)]
    return session.Side(nothing, labels, ones, ones > 0, names, [f"g{number // 2}" for number in range(count)])


def test_no_half_is_told_by_what_fits_itself() -> None:
    """What is added to one half comes from the other half alone."""
    rng = np.random.default_rng(1)
    labels = np.tile([0, 1, 2], 60)
    logits = rng.normal(0, 1, (180, 3))
    logits[np.arange(180), labels] += 1.5
    logits[:, 1] -= 0.8
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    added = session.crossed_over(probabilities, kept(probabilities, labels)) - np.log(probabilities)
    first = (added.round(6) == added.round(6)[0]).all(1)
    assert 0 < first.sum() < 180
    leaning = np.where(first[:, None], probabilities * (1, 1, 3), probabilities)
    leaning /= leaning.sum(1, keepdims=True)
    after = session.crossed_over(leaning, kept(leaning, labels)) - np.log(leaning)
    assert after[first] == pytest.approx(added[first]), "its own leaning changes nothing"
    apart = (after - added)[~first][0]
    assert apart[2] - apart[0] == pytest.approx(-np.log(3), abs=0.15), "the other half's does"


def test_the_halves_are_of_whole_groups_and_a_leaning_is_found_in_either() -> None:
    rng = np.random.default_rng(0)
    labels = np.tile([0, 1, 2], 200)
    logits = rng.normal(0, 1, (600, 3))
    logits[np.arange(600), labels] += 1.5
    logits[:, 1] -= 0.8
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    side = kept(probabilities, labels)
    added = session.crossed_over(probabilities, side) - np.log(probabilities)
    steps = {tuple(row) for row in added.round(6)}
    assert len(steps) == 2, "one for each half"
    assert all(row[1] - row[0] == pytest.approx(0.8, abs=0.35) for row in steps)
    by_group: dict[str, set[tuple[float, ...]]] = {}
    for group, row in zip(side.groups, added.round(6), strict=True):
        by_group.setdefault(group, set()).add(tuple(row))
    assert all(len(rows) == 1 for rows in by_group.values())


@pytest.mark.slow
def test_a_training_from_regions_to_a_model_that_may_ship(folder: Path) -> None:
    lines = list(session.train(folder / "my.toml", folder, folder / "models" / "tiny", folder / "wrong.png"))
    assert any("kept out: face " in line for line in lines)
    (added,) = [line for line in lines if line.startswith("added: face ")]
    assert "; kept out, each half with what the other half would add: face " in added
    assert not any(line.startswith("step 60") for line in lines[lines.index(added) + 1 :]), (
        "no figure after it was fitted"
    )
    assert (folder / "wrong.png").stat().st_size > 0
    card = load_label_card(folder / "models" / "tiny")
    assert card.description.endswith("they are no test of it")
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
