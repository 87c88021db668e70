from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError, ModelError, UnknownNameError
from rtskin.frame import F32, U8
from rtskin.infer.base import BaseSegmenter, load_segmenter
from rtskin.infer.cards import Card
from rtskin.media import cv2

from .conftest import MakeCard, frame_of, halves

pytest.importorskip("onnxruntime")


def scores(segmenter: BaseSegmenter, image: U8) -> F32:
    result = segmenter.infer(segmenter.prepare(frame_of(image)))
    assert result.data.dtype == np.float32
    return result.data  # type: ignore[return-value]


def load(card: Card, **options: Any) -> BaseSegmenter:
    segmenter = load_segmenter(card, device="cpu", **options)
    segmenter.warm_up()
    return segmenter


def test_logits_through_a_sigmoid(make_card: MakeCard) -> None:
    data = scores(load(make_card()), halves())
    logit = 255 / 64
    assert data.shape == (16, 16)
    assert np.allclose(data[:, :8], 1 / (1 + np.exp(-logit)), atol=1e-5)
    assert np.allclose(data[:, 8:], 1 / (1 + np.exp(logit)), atol=1e-5)


def test_the_other_channel(make_card: MakeCard) -> None:
    data = scores(load(make_card(output={"channel": 1, "activation": "sigmoid"})), halves())
    assert data[0, 0] < 0.1
    assert data[0, 15] > 0.9


def test_softmax_over_the_channels(make_card: MakeCard) -> None:
    data = scores(load(make_card(output={"channel": 0, "activation": "softmax"})), halves())
    assert np.allclose(data[:, :8], 1 / (1 + np.exp(-2 * 255 / 64)), atol=1e-5)


def test_softmax_of_large_logits_does_not_overflow(make_card: MakeCard) -> None:
    net = {"weights": ((4.0, 0, -4.0), (-4.0, 0, 4.0))}
    for channel in (0, 1):
        data = scores(load(make_card(net=net, output={"channel": channel, "activation": "softmax"})), halves())
        assert np.array_equal(np.unique(data), [0, 1])


def test_probabilities_are_taken_as_they_are_and_kept_in_range(make_card: MakeCard) -> None:
    net = {"weights": ((1 / 128, 0, 0),)}
    data = scores(load(make_card(net=net, output={"activation": "none"})), halves())
    assert (data[:, :8] == 1).all()  # 1.99 at the network
    assert (data[:, 8:] == 0).all()
    data = scores(load(make_card(net=net, output={"activation": "none"})), halves() // 2)
    assert np.allclose(data[:, :8], 127 / 128)


def test_logits_taken_for_probabilities_are_noticed(make_card: MakeCard) -> None:
    card = make_card(net={"bias": (-3.0, 0.0)}, output={"activation": "none"})
    with pytest.raises(ModelError, match=r"answers -3\.00 … -3\.00.*output\.activation"):
        load(card)


def test_broken_weights_are_noticed(make_card: MakeCard) -> None:
    with pytest.raises(ModelError, match="answers NaN or infinity"):
        load(make_card(net={"bias": (float("nan"), 0.0)}))


@pytest.mark.parametrize("activation", ["none", "sigmoid", "softmax"])
def test_what_is_not_a_number_never_gets_out(make_card: MakeCard, activation: str) -> None:
    # log(R - 1) is NaN where there is no red; warm_up would notice, and is left out.
    card = make_card(net={"weights": ((1.0, 0, 0),), "bias": (-1.0,), "op": "Log"}, output={"activation": activation})
    data = scores(load_segmenter(card, device="cpu"), halves())
    assert np.isfinite(data).all()
    assert (data[:, 8:] == 0).all()
    assert (data[:, :8] > 0.9).all()


def test_letterbox_padding_is_cut_away(make_card: MakeCard) -> None:
    # White padding would count as skin for this network: its answer is the green channel.
    net = {"weights": ((0, 1 / 255, 0),), "size": (64, 64)}
    card = make_card(
        net=net,
        input={"width": 64, "height": 64, "fit": "letterbox", "pad": 255},
        output={"activation": "none"},
    )
    segmenter = load(card)
    for width, height, shape in ((128, 72, (36, 64)), (72, 128, (64, 36)), (4000, 2, (1, 64)), (1, 1, (64, 64))):
        data = scores(segmenter, np.zeros((height, width, 3), np.uint8))
        assert data.shape == shape
        assert (data == 0).all()


def test_an_output_smaller_than_the_input(make_card: MakeCard) -> None:
    net = {"weights": ((1 / 255, 0, 0),), "size": (64, 64), "stride": 4, "out_shape": [1, 1, 16, 16]}
    card = make_card(
        net=net, input={"width": 64, "height": 64, "fit": "letterbox", "pad": 255}, output={"activation": "none"}
    )
    data = scores(load(card), halves(128, 64))
    assert data.shape == (8, 16)
    assert (data[:, :8] == 1).all()
    assert (data[:, 8:] == 0).all()


def test_normalisation_reaches_the_network(make_card: MakeCard) -> None:
    card = make_card(
        net={"weights": ((1.0, 0, 0),)},
        input={"width": 16, "height": 16, "scale": 1 / 255, "mean": [0.5, 0, 0], "std": [0.25, 1, 1]},
    )
    data = scores(load(card), halves())
    assert np.allclose(data[:, :8], 1 / (1 + np.exp(-2)), atol=1e-5)
    assert np.allclose(data[:, 8:], 1 / (1 + np.exp(2)), atol=1e-5)


def test_scores_stay_their_holders(make_card: MakeCard) -> None:
    segmenter = load(make_card())
    red = scores(segmenter, np.full((8, 8, 3), (0, 0, 255), np.uint8))
    blue = scores(segmenter, np.full((8, 8, 3), (255, 0, 0), np.uint8))
    assert red.min() > 0.9
    assert blue.max() < 0.1


def test_several_threads(make_card: MakeCard) -> None:
    segmenter = load(make_card())
    colours = [(0, 0, 255), (255, 0, 0), (0, 0, 100), (50, 0, 0)]
    images = [np.full((40, 30, 3), colour, np.uint8) for colour in colours]
    expected = [scores(segmenter, image).copy() for image in images]
    wrong: list[int] = []

    def work(index: int) -> None:
        for _ in range(50):
            if not np.array_equal(scores(segmenter, images[index]), expected[index]):
                wrong.append(index)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert wrong == []


def test_unknown_names_and_numbers(make_card: MakeCard) -> None:
    with pytest.raises(UnknownNameError, match=r"no runtime is called 'onnxrutime'; did you mean onnxruntime\?"):
        load_segmenter("ellipse", runtime="onnxrutime")
    with pytest.raises(UnknownNameError, match="no model is called"):
        load_segmenter("no-such-model")
    with pytest.raises(InputError, match="threads must be at least 1, not 0"):
        load_segmenter("ellipse", threads=0)
    with pytest.raises(InputError, match="no device is called 'tpu'"):
        load_segmenter(make_card(), device="tpu")


def third_party(shared: Path, folder: Path) -> Card:
    """A card for a network that lies elsewhere: RGB as ImageNet has it, the first of three probabilities."""
    weights = shared / "weights" / "pan_skin_512.onnx"
    if not weights.is_file():
        pytest.skip("no third-party network here")
    table = {
        "name": "pan",
        "architecture": "pan",
        "input": {
            "width": 512, "height": 512, "scale": 1 / 255, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225],
        },
        "output": {"index": 0, "channel": 0, "activation": "none", "classes": ["skin", "clothes", "hair"]},
        "weights": {"path": str(weights), "sha256": hashlib.sha256(weights.read_bytes()).hexdigest()},
    }  # fmt: skip
    Card.parse(table).save(folder / "model.toml")
    return Card.load(folder / "model.toml")


def test_weights_elsewhere_on_a_real_picture(shared: Path, tmp_path: Path) -> None:
    segmenter = load(third_party(shared, tmp_path))
    image = sorted((shared / "data/ccp/images").iterdir())[3]
    truth = cv2.imread(str(shared / "data/ccp/masks" / f"{image.stem}.png"), cv2.IMREAD_GRAYSCALE)
    data = scores(segmenter, cv2.imread(str(image)))
    found = cv2.resize(data, truth.shape[::-1]) > 0.5
    skin = truth > 127
    assert (found & skin).sum() / (found | skin).sum() > 0.4
