from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from rtskin.errors import ModelError
from rtskin.infer import weights
from rtskin.infer.cards import Card
from rtskin.infer.weights import checked_weights


def card(folder: Path, **parts: str) -> Card:
    Card.parse({"name": "m", "architecture": "tiny", "weights": parts}).save(folder / "model.toml")
    return Card.load(folder / "model.toml")


def test_right_weights_are_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "w.onnx").write_bytes(b"abc")
    model = card(tmp_path, file="w.onnx", sha256=hashlib.sha256(b"abc").hexdigest().upper())
    hashed = []
    digest = weights.digest
    monkeypatch.setattr(weights, "digest", lambda path: hashed.append(path) or digest(path))
    assert checked_weights(model) == tmp_path / "w.onnx"
    assert checked_weights(model) == tmp_path / "w.onnx"
    assert len(hashed) == 1
    (tmp_path / "w.onnx").write_bytes(b"abcd")  # changed since: looked at again
    with pytest.raises(ModelError, match="not the ones"):
        checked_weights(model)


def test_wrong_weights(tmp_path: Path) -> None:
    (tmp_path / "w.onnx").write_bytes(b"abc")
    with pytest.raises(
        ModelError, match=r"'m' are not the ones.*sha256.*install rtskin again, or pull the model again"
    ):
        checked_weights(card(tmp_path, file="w.onnx", sha256="1" * 64))


def test_missing_weights(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"missing: there is no file .*w\.onnx; install rtskin again"):
        checked_weights(card(tmp_path, file="w.onnx"))
    with pytest.raises(ModelError, match=r"get them from https://example\.org"):
        checked_weights(card(tmp_path, path="../w.onnx", url="https://example.org"))


def test_no_weights_at_all() -> None:
    with pytest.raises(ModelError, match="names no weights"):
        checked_weights(Card(name="m", architecture="tiny"))
