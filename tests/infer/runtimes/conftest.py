"""Pictures of people, and networks of every kind of file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.frame import U8
from rtskin.infer.cards import Card, list_models
from rtskin.media import cv2

from ..conftest import MakeCard, make_card  # noqa: F401 - a fixture

#: The networks that rtskin brings.
SHIPPED = [card.name for card in list_models() if card.weights is not None]


@pytest.fixture(scope="session")
def portraits() -> list[U8]:
    """Real pictures of a person, BGR: whole and upright, a close face in wide, dark and turned."""
    data = pytest.importorskip("skimage.data", reason="the portrait comes with scikit-image")
    picture = np.ascontiguousarray(data.astronaut()[:, :, ::-1])
    face = picture[20:250, 60:460]
    return [
        picture,
        cv2.resize(face, (640, 368)),
        np.ascontiguousarray(np.rot90(picture // 3)),
    ]


TfliteCard = Callable[..., Card]


@pytest.fixture
def tflite_card(shared: Path, tmp_path: Path) -> TfliteCard:
    """tflite_card("selfie_segmenter", input={…}, output={…}) → a card on disk for one of the networks in shared/weights."""
    pytest.importorskip("ai_edge_litert")

    def make(file: str, **parts: Any) -> Card:
        weights = shared / "weights" / f"{file}.tflite"
        if not weights.is_file():
            pytest.skip(f"there is no {weights}")
        digest = hashlib.sha256(weights.read_bytes()).hexdigest()
        table: dict[str, Any] = {"name": file, "architecture": "tflite"}
        table["weights"] = {"path": str(weights.resolve()), "sha256": digest}
        card = tmp_path / file / "model.toml"
        card.parent.mkdir()
        Card.parse(table | parts).save(card)
        return Card.load(card)

    return make
