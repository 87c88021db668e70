"""Every shipped model on every runtime that is installed: the same answer on pictures of a person."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rtskin.frame import F32, U8
from rtskin.infer.base import load_segmenter
from rtskin.infer.cards import load_card
from rtskin.infer.network import NetworkSegmenter
from rtskin.infer.runtimes.machine import gpus
from rtskin.infer.runtimes.quantised import is_quantised
from rtskin.infer.weights import checked_weights
from rtskin.registry import RUNTIMES

from ..conftest import frame_of
from . import OURS
from .conftest import SHIPPED

#: Mean difference in probability that a runtime may have from ONNX Runtime on the CPU.
SAME = 1e-3
#: In 8 bits runtimes round at other places of a network whose values are not all above 0. On ccp and hgr, from dlmv's in
#: fp32: ONNX Runtime 0.0041, OpenVINO 0.0042.
ROUNDED = {"dlmv": 0.01}
#: How sure a network is of its surest pixel, at least; one that sees little of a picture is less so.
SURE, LESS_SURE = 0.9, {"straight-u2net": 0.8, "straight-u2net-int8": 0.8}
OTHERS = [name for name in OURS if name not in ("fake", "onnxruntime")]


def answers(model: str, pictures: list[U8], runtime: str, **options: Any) -> list[F32]:
    """The probability of skin in each picture, by a network of a kind that runs here."""
    kind = RUNTIMES.get(runtime)
    if not kind.is_installed():
        pytest.skip(f"{runtime} needs {' or '.join(kind.modules)}, which is not installed")
    if not kind.loads(load_card(model)):
        pytest.skip(f"{runtime} loads {' and '.join(kind.files)} files only")
    if runtime == "torch" and is_quantised(checked_weights(load_card(model))):
        pytest.skip("torch runs no file in 8 bits: see tests/nets/test_from_onnx.py")
    if kind.devices == ("cuda",) and not gpus():
        pytest.skip(f"{runtime} needs an NVIDIA GPU")
    segmenter = load_segmenter(model, runtime=runtime, device=kind.devices[0], threads=1, runtime_options=options)
    assert isinstance(segmenter, NetworkSegmenter)
    try:
        assert segmenter.info.runtime == runtime
        found = []
        for picture in pictures:
            prior = None
            if segmenter.takes_prior:
                prior = np.linspace(0, 1, 64 * 48, dtype=np.float32).reshape(48, 64)
            found.append(segmenter.infer(segmenter.prepare(frame_of(picture)), prior).data.copy())
        return found
    finally:
        segmenter.close()


@pytest.mark.parametrize("model", SHIPPED)
@pytest.mark.parametrize("runtime", OTHERS)
def test_the_answer_is_that_of_onnxruntime(model: str, runtime: str, portraits: list[U8]) -> None:
    found, expected = (answers(model, portraits, name) for name in (runtime, "onnxruntime"))
    surest = max(float(answer.max()) for answer in expected)
    assert surest > LESS_SURE.get(model, SURE), "there is skin in it"
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        assert np.abs(one - other).mean() <= ROUNDED.get(model, SAME)


def test_another_answer_would_be_seen(portraits: list[U8]) -> None:
    """The measure of the test above: two models differ by far more than a runtime may."""
    one, other = (answers(name, portraits[:1], "onnxruntime")[0] for name in ("mobile-unet", "mobile-unet-parts"))
    assert np.abs(one - other).mean() > 3 * SAME
