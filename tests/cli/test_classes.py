"""--class of the verbs that run a graph: another class of the model than its card names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rtskin.media import cv2
from tests.cli.conftest import Outcome
from tests.infer.conftest import MakeCard, halves, make_card  # noqa: F401

Rtskin = Callable[..., Outcome]


@pytest.fixture
def card(make_card: MakeCard) -> Path:  # noqa: F811
    """A network whose probabilities are red, green and blue; red is its background, green what it is made for."""
    pytest.importorskip("onnxruntime")
    net = {"weights": np.eye(3) / 255, "bias": (0.0, 0.0, 0.0)}
    output = {"classes": ["background", "green", "blue"], "channel": 1, "activation": "none"}
    path = make_card(net=net, output=output).path
    assert path is not None
    return path


@pytest.mark.parametrize(("asked", "left"), [("blue", 32), ("!blue", 0), ("background", 0), (None, None)])
def test_regions_are_those_of_the_class(
    rtskin: Rtskin, card: Path, tmp_path: Path, asked: str | None, left: int | None
) -> None:
    cv2.imwrite(str(tmp_path / "shot.0001.png"), halves(64, 48))
    more = ("--class", asked) if asked else ()
    outcome = rtskin("roi", tmp_path / "shot.%04d.png", "--model", card, "--smooth", "none", "--pace", "max", *more)
    assert outcome.status == 0, outcome.err
    (line,) = outcome.out.splitlines()
    boxes = [region["box"] for region in json.loads(line)["rois"]]
    if left is None:
        assert boxes == []
        return
    ((x, _, width, height),) = boxes
    # The network sees a quarter of the width: a pixel of it is four.
    assert (x, width, height) == (pytest.approx(left, abs=4), pytest.approx(32, abs=4), 48)


def test_a_class_that_the_model_does_not_know_is_refused(rtskin: Rtskin, card: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "shot.0001.png"), halves(64, 48))
    outcome = rtskin("roi", tmp_path / "shot.%04d.png", "--model", card, "--class", "bleu")
    assert outcome.status == 2
    assert "no class 'bleu'; did you mean blue" in outcome.err
