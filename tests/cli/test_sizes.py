"""--size: which shape of the network's input each verb takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from rtskin.infer.runtimes.ort import OnnxRuntime

from ..infer.conftest import write_net
from .conftest import Outcome

pytest.importorskip("onnxruntime")

Rtskin = Callable[..., Outcome]
CARD = """
name = "open"
architecture = "tiny"
[input]
shapes = [[64, 64], [96, 64]]
still = [[128, 128], [160, 128]]
[output]
activation = "sigmoid"
[weights]
file = "net.onnx"
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    write_net(tmp_path / "open" / "net.onnx", size=("height", "width"))
    path = tmp_path / "open" / "model.toml"
    path.write_text(CARD, "utf-8")
    return path


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """(width, height) of every tensor that a network saw, the warm-up's too."""
    shapes: list[tuple[int, int]] = []
    run = OnnxRuntime.run

    def watched(self: OnnxRuntime, tensor: np.ndarray, *prior: object) -> np.ndarray:  # type: ignore[type-arg]
        shapes.append((tensor.shape[3], tensor.shape[2]))
        return run(self, tensor, *prior)  # type: ignore[arg-type]

    monkeypatch.setattr(OnnxRuntime, "run", watched)
    return shapes


@pytest.mark.parametrize(
    ("size", "expected"), [((), (160, 128)), (("--size", "live"), (96, 64)), (("--size", "32x64"), (32, 64))]
)
def test_images_are_stills(
    rtskin: Rtskin, model: Path, seen: list[tuple[int, int]], tmp_path: Path, size: tuple[str, ...], expected: object
) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((60, 80, 3), 120, np.uint8))
    outcome = rtskin("mask", tmp_path / "a.png", "--out", tmp_path / "masks", "--model", model, "--fast", *size)
    assert outcome.status == 0, outcome.err
    assert seen[-1] == expected


@pytest.mark.parametrize("verb", ["live", "render", "roi"])
@pytest.mark.parametrize(("size", "expected"), [((), (96, 64)), (("--size", "still"), (160, 128))])
def test_video_is_live_unless_told(
    rtskin: Rtskin,
    model: Path,
    seen: list[tuple[int, int]],
    clip: Path,
    tmp_path: Path,
    verb: str,
    size: tuple[str, ...],
    expected: object,
) -> None:
    others: dict[str, tuple[object, ...]] = {
        "live": ("--sink", "null", "--pace", "max"),
        "render": (tmp_path / "matte.mkv",),
        "roi": ("--out", tmp_path / "regions.jsonl", "--pace", "max"),
    }
    outcome = rtskin(verb, clip, *others[verb], "--model", model, *size)
    assert outcome.status == 0, outcome.err
    assert seen[-20:] == [expected] * 20  # the clip is 4:3


@pytest.mark.parametrize(("size", "expected"), [((), (160, 128)), (("--size", "live"), (96, 64))])
def test_measuring_is_of_stills_unless_told(
    rtskin: Rtskin, model: Path, seen: list[tuple[int, int]], tmp_path: Path, size: tuple[str, ...], expected: object
) -> None:
    for kind in ("images", "masks"):
        (tmp_path / "set" / kind).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / "set" / kind / "a.png"), np.full((60, 80), 255, np.uint8))
    outcome = rtskin("eval", tmp_path / "set", "--models", model, "--json", *size)
    assert outcome.status == 0, outcome.err
    assert seen[-1] == expected


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ("huge", "no input size is called 'huge'; there are: live, still, small, or WIDTHxHEIGHT"),
        ("100x100", "multiples of 32, not 100×100; use 96×96, or a shape of its card (64×64, 96×64, 128×128, 160×128)"),
    ],
)
def test_sizes_that_cannot_be(rtskin: Rtskin, model: Path, clip: Path, tmp_path: Path, size: str, message: str) -> None:
    for call in (("mask", clip, "--out", tmp_path / "m"), ("live", clip, "--sink", "null")):
        outcome = rtskin(*call, "--model", model, "--size", size)
        assert outcome.status == 2
        assert message in outcome.err
        assert len(outcome.err.strip().splitlines()) == 1
