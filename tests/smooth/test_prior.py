"""Models that look at their last mask: what they are given, in a graph and out of one."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from rtskin.frame import BgrPicture, Frame, Scores, SourceInfo
from rtskin.graph import Graph
from rtskin.infer.cards import Card
from rtskin.media import cv2
from rtskin.smooth.prior import Prior

from .test_motion import HEIGHT, WIDTH, scene, texture


def frame(number: int, small: np.ndarray, ms: int | None = None) -> Frame:
    pixels = np.repeat(small[:, :, None], 3, axis=2)
    info = SourceInfo("made", small.shape[1], small.shape[0])
    return Frame(number, BgrPicture(pixels), info, number * 33 if ms is None else ms, Fraction(1, 1000))


def write_model(folder: Path) -> Path:
    """skin = 0.1 + prior / 2: the first mask is 0.1, and then 0.15, 0.175 … nearing 0.2."""
    onnx = pytest.importorskip("onnx")
    helper, types = onnx.helper, onnx.TensorProto
    picture, prior = (
        helper.make_tensor_value_info(name, types.FLOAT, [1, channels, 32, 64])
        for name, channels in (("image", 3), ("prior", 1))
    )
    weights = onnx.numpy_helper.from_array(np.zeros((1, 3, 1, 1), np.float32), "w")
    bias = onnx.numpy_helper.from_array(np.float32([0.1]), "b")
    half = onnx.numpy_helper.from_array(np.float32(0.5), "half")
    nodes = [
        helper.make_node("Conv", ["image", "w", "b"], ["base"]),
        helper.make_node("Mul", ["prior", "half"], ["part"]),
        helper.make_node("Add", ["base", "part"], ["skin"]),
    ]
    answer = helper.make_tensor_value_info("skin", types.FLOAT, [1, 1, 32, 64])
    graph = helper.make_graph(nodes, "tiny", [picture, prior], [answer], [weights, bias, half])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    folder.mkdir()
    (folder / "net.onnx").write_bytes(made.SerializeToString())
    digest = hashlib.sha256((folder / "net.onnx").read_bytes()).hexdigest()
    table = {
        "name": "again", "architecture": "net", "input": {"width": 64, "height": 32, "prior": True},
        "weights": {"file": "net.onnx", "sha256": digest},
    }  # fmt: skip
    Card.parse(table).save(folder / "model.toml")
    return folder / "model.toml"


def run(folder: Path, cut: int | None = None, **settings: object) -> tuple[list[float], dict[str, object]]:
    """The mean of each mask of 12 frames, and the smooth node's figures."""
    model = write_model(folder / "model")
    (folder / "shots").mkdir()
    for number in range(12):
        small = texture(1 if cut is None or number < cut else 7)
        cv2.imwrite(str(folder / "shots" / f"{number:02}.png"), np.repeat(small[:, :, None], 3, axis=2))
    chosen = {"source.uri": str(folder / "shots" / "*.png"), "infer.model": str(model)} | settings
    graph = Graph.from_toml("masks", chosen)
    means = [float(packet.data.mean()) / 255 for packet in graph]  # type: ignore[attr-defined]
    return means, dict(graph.statistics().nodes["smooth"].counters)


def test_auto_gives_a_model_its_last_mask(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    means, figures = run(tmp_path, **{"smooth.strength": 0.0})
    assert means[:3] == pytest.approx([0.1, 0.15, 0.175], abs=0.004)
    assert means[-1] == pytest.approx(0.2, abs=0.004)
    assert figures["mode"] == "prior"
    assert figures["why"] == "the model takes a prior"
    assert figures["priors"] == 11


def test_without_smoothing_there_is_none(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    means, figures = run(tmp_path, **{"smooth.method": "none"})
    assert means == pytest.approx([0.1] * 12, abs=0.004)
    assert "priors" not in figures


def test_a_cut_forgets_it_and_workers_do_not_mix_it_up(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    means, figures = run(tmp_path, 6, **{"smooth.method": "prior", "smooth.strength": 0.0})
    assert means[5:8] == pytest.approx([0.198, 0.1, 0.15], abs=0.005)
    assert figures["resets"] == 1
    assert figures["priors"] == 10


def test_with_the_fake_runtime(tmp_path: Path) -> None:
    """Whose answer does not depend on it: it is given all the same, also with several workers."""
    settings = {"infer.runtime": "fake", "infer.workers": 3, "smooth.method": "prior"}
    means, figures = run(tmp_path, **settings)
    assert len(means) == 12
    assert figures["mode"] == "prior"
    assert 1 <= int(figures["priors"]) <= 11  # type: ignore[call-overload]


def test_it_is_moved_to_where_things_are() -> None:
    prior = Prior()
    (before, mask), (now, truth) = scene(80), scene(84)
    first = frame(0, before)
    assert prior.before(first, "a") is None
    prior.after(Scores(first, mask, "a"))
    given = prior.before(frame(1, now), "a")
    assert given is not None
    assert given.dtype == np.float32
    assert np.abs(given - truth).sum() < 0.8 * np.abs(mask - truth).sum()
    # What was uncovered is not known, so it is none.
    assert given[55:85, 80:83].mean() < 0.5


@pytest.mark.parametrize("breaks", ["cut", "size", "gap", "back", "model"])
def test_it_forgets_where_the_smooth_node_does(breaks: str) -> None:
    prior, first = Prior(), frame(10, texture())
    prior.before(first, "a")
    prior.after(Scores(first, np.ones((HEIGHT // 2, WIDTH // 2), np.float32), "a"))
    assert prior.before(frame(11, texture()), "a") is not None
    picture = {"cut": texture(7), "size": texture()[:100]}.get(breaks, texture())
    ms = {"gap": 3000, "back": 5}.get(breaks)
    assert prior.before(frame(12, picture, ms), "b" if breaks == "model" else "a") is None
