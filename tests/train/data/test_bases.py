"""Base masks of training pictures: what shipped models make of them, and how they get into batches and validations."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from rtskin.errors import InputError  # noqa: E402
from rtskin.train.data import crops  # noqa: E402
from rtskin.train.data.bases import VARIANTS, Bases  # noqa: E402
from rtskin.train.data.batches import Batches  # noqa: E402
from rtskin.train.data.sets import Picture, Reader, padded, scan  # noqa: E402
from rtskin.train.loop.trainer import Trainer  # noqa: E402
from rtskin.train.recipe import Crops, Prior, parse  # noqa: E402
from rtskin.train.terms.origins import with_origins  # noqa: E402

SPEC = {"use": True, "of": ["ellipse"], "of_scale": [0.5, 1.0], "own": 0.0}


@pytest.fixture
def refining(table: dict[str, Any]) -> dict[str, Any]:
    return {**table, "prior": SPEC, "crops": {"native": [0.8, 1.0], "rotate": 0.0}}


class Echo(torch.nn.Module):
    """Says what its fourth channel says."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = torch.nn.Parameter(torch.tensor(10.0))

    def forward(self, x: Any) -> Any:
        return (x[:, 3:] - 0.5) * self.gain


def test_a_picture_gets_the_same_masks_every_time(
    refining: dict[str, Any], data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rtskin.train.data.bases._LEAST", 16)
    pairs = scan(parse(refining), [data])[0]
    bases = Bases(Prior.model_validate(SPEC))
    reader = Reader(bases=bases)
    for item in pairs.train[:3]:
        one = reader.read(item)
        # In another process.
        again = Reader(bases=pickle.loads(pickle.dumps(bases))).read(item)
        assert len(one.bases) == VARIANTS
        for first, second in zip(one.bases, again.bases, strict=True):
            assert first.dtype == np.uint8
            assert first.shape == one.mask.shape
            assert np.array_equal(first, second)
            # Made of the picture, not of the truth: about the same, with errors of its own.
            overlap = ((first > 127) & (one.mask > 127)).sum() / ((first > 127) | (one.mask > 127)).sum()
            assert 0.5 < overlap < 1
        assert any((one.bases[0] != other).any() for other in one.bases[1:])
    assert reader.read(item).bytes > Reader().read(item).bytes


def test_crops_are_centred_on_what_must_go_too(refining: dict[str, Any], data: Path, tmp_path: Path) -> None:
    """The whole picture has the colour of skin, and nothing in it is."""
    from rtskin.train.data.imaging import cv2

    for path in (data / "tree" / "one").iterdir():
        cv2.imwrite(str(path), np.full((60, 80, 3), (110, 150, 215), np.uint8))
    tree = scan(parse(refining), [data])[1]
    item = next(item for item in (*tree.train, *tree.held) if item.group == "one")
    assert len(Reader().read(item).skin) == 0
    picture = Reader(bases=Bases(Prior.model_validate(SPEC))).read(item)
    assert len(picture.skin) > 50


def test_they_are_the_fourth_channel_of_batches(refining: dict[str, Any], data: Path) -> None:
    recipe = parse(refining)
    batch = Batches(recipe, scan(recipe, [data]))[0]
    assert batch.priors is not None
    assert batch.priors.shape == batch.targets.shape
    assert batch.priors.dtype == np.uint8
    skin = batch.targets.max(axis=(1, 2)) > 0
    assert skin.any()
    for prior, target in zip(batch.priors[skin], batch.targets[skin], strict=True):
        assert ((prior > 127) & (target > 127)).sum() > 0.5 * (target > 127).sum()
        assert (prior != target).any()
    again = Batches(recipe, scan(recipe, [data]))[0]
    assert again.priors is not None
    assert np.array_equal(batch.priors, again.priors)
    other = Batches(recipe, scan(recipe, [data]))[1].priors
    assert other is not None
    assert not np.array_equal(batch.priors, other)


def test_a_refiner_trains_and_is_judged_with_them(refining: dict[str, Any], data: Path, tmp_path: Path) -> None:
    recipe = parse(refining)
    trainer = Trainer(recipe, scan(recipe, [data]), tmp_path / "out")
    before = [one.clone() for one in trainer.net.parameters()]
    held = trainer.validation.pictures["pairs"]
    assert all(len(picture.bases) == VARIANTS and not picture.mask.shape[0] % 32 for picture in held)
    trainer.run()
    assert any((one != other).any() for one, other in zip(before, trainer.net.parameters(), strict=True))
    assert trainer.net.state_dict()["stem.0.weight"].shape[1] == 4
    # The fourth channel is what judges see.
    assert trainer.validation.run(Echo())["pairs"]["iou"] > 0.5


def test_crops_at_the_pictures_own_size() -> None:
    mask = np.zeros((900, 1200), np.uint8)
    picture = Picture(np.zeros((900, 1200, 3), np.uint8), mask, mask, np.zeros((0, 2), np.int32), mask)
    spec = Crops(native=(0.5, 1.25), whole=1.0, aspect=1.0)
    sides = [crops.draw(np.random.default_rng(seed), picture, spec, (256, 128)) for seed in range(200)]
    factors = np.array([(crop.width / 256, crop.height / 128) for crop in sides])
    assert np.allclose(factors[:, 0], factors[:, 1])
    assert 0.5 <= factors.min() < 0.55
    assert 1.15 < factors.max() <= 1.25
    small = crops.draw(np.random.default_rng(0), picture, Crops(native=(4, 4), aspect=1.0), (512, 512))
    assert small.height == pytest.approx(900)
    assert small.width == pytest.approx(900)


def test_padded_pictures_count_nothing_beyond_their_sides() -> None:
    image, mask = np.full((40, 70, 3), 9, np.uint8), np.full((40, 70), 255, np.uint8)
    picture = Picture(image, mask, mask, np.zeros((0, 2), np.int32), mask, bases=(mask,))
    grown = padded(picture)
    assert grown.image.shape == (64, 96, 3)
    assert grown.bases[0].shape == grown.mask.shape == (64, 96)
    assert grown.weight[:40, :70].min() == 255
    assert not grown.weight[40:].any()
    assert not grown.weight[:, 70:].any()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"prior": {**SPEC, "use": False}}, "prior.of is of whole pictures: set prior.use to true"),
        ({"prior": {**SPEC, "own": 0.2}}, "prior.own, compose.share, compose.limbs to 0"),
        ({"compose": {"limbs": 0.1}}, "prior.own, compose.share, compose.limbs to 0"),
        ({"prior": {**SPEC, "of_scale": [0.5, 0.1]}}, "prior.of_scale is from the smallest to the largest"),
        ({"crops": {"native": [2.0, 1.0]}}, "crops.native is from the smallest to the largest"),
    ],
)
def test_what_cannot_be_is_refused(refining: dict[str, Any], change: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse({**refining, **change})


def test_the_terms_of_base_models_are_those_of_the_training(refining: dict[str, Any], tmp_path: Path) -> None:
    found = with_origins(parse(refining), tmp_path)
    assert [origin.name for origin in found.origins] == ["ellipse"]
    with pytest.raises(InputError, match="did you mean ellipse"):
        with_origins(parse({**refining, "prior": {**SPEC, "of": ["elipse"]}}), tmp_path)
