"""MediaPipe's .tflite networks as models of rtskin."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from rtskin.errors import ModelError
from rtskin.frame import U8
from rtskin.infer.base import load_segmenter
from rtskin.infer.cards import Card, CardWeights
from rtskin.infer.network import NetworkSegmenter
from rtskin.infer.runtimes.litert import LiteRt

from ..conftest import frame_of
from .conftest import TfliteCard

pytest.importorskip("ai_edge_litert")

PERSON = {"input": {"width": 256, "height": 256, "scale": 1 / 255}, "output": {"classes": ["person"]}}
#: Its fourth channel is the mask of a moment ago; its two outputs are background and hair.
HAIR = {
    "input": {"width": 512, "height": 512, "scale": 1 / 255, "prior": True},
    "output": {"classes": ["background", "hair"], "channel": 1, "activation": "softmax"},
}


def direct(card: Card, tensor: Any) -> Any:
    """What the interpreter itself answers, channels last."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(card.weights_path), num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], tensor)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def test_a_person_is_found(tflite_card: TfliteCard, portraits: list[U8]) -> None:
    card = tflite_card("selfie_segmenter", **PERSON)
    segmenter = load_segmenter(card)
    segmenter.warm_up()
    assert (segmenter.info.runtime, segmenter.info.device, segmenter.info.precision) == ("litert", "cpu", "fp32")
    scores = segmenter.infer(segmenter.prepare(frame_of(portraits[0]))).data
    height, width = scores.shape
    assert scores[height // 4, width * 45 // 100] > 0.9, "the face"
    assert scores[: height // 8, : width // 8].mean() < 0.3, "the corner behind her"


def test_the_answer_is_the_interpreters_own(tflite_card: TfliteCard) -> None:
    card = tflite_card("selfie_segmenter", **PERSON)
    picture = np.random.default_rng(0).uniform(0, 1, (1, 3, 256, 256)).astype(np.float32)
    found = LiteRt(card, device="cpu", threads=1, options={}).run(picture)
    assert found.shape == (1, 1, 256, 256)
    expected = direct(card, np.ascontiguousarray(picture.transpose(0, 2, 3, 1)))
    assert np.array_equal(found, expected.transpose(0, 3, 1, 2))


def test_the_fourth_channel_is_the_prior(tflite_card: TfliteCard) -> None:
    card = tflite_card("hair_segmentation", **HAIR)
    runtime = LiteRt(card, device="cpu", threads=1, options={})
    rng = np.random.default_rng(0)
    picture, prior = (rng.uniform(0, 1, (1, many, 512, 512)).astype(np.float32) for many in (3, 1))
    found = runtime.run(picture, prior).copy()
    expected = direct(card, np.concatenate([picture, prior], 1).transpose(0, 2, 3, 1))
    assert np.array_equal(found, expected.transpose(0, 3, 1, 2))
    blank = direct(card, np.concatenate([picture, 0 * prior], 1).transpose(0, 2, 3, 1))
    assert np.array_equal(runtime.run(picture), blank.transpose(0, 3, 1, 2)), "no prior is an empty one"
    segmenter = load_segmenter(card)
    assert isinstance(segmenter, NetworkSegmenter)
    assert segmenter.takes_prior


def test_each_thread_has_its_own_interpreter(tflite_card: TfliteCard) -> None:
    runtime = LiteRt(tflite_card("selfie_segmenter", **PERSON), device="cpu", threads=1, options={})
    pictures = [np.full((1, 3, 256, 256), value, np.float32) for value in (0.1, 0.5, 0.9)]
    alone = [runtime.run(picture).copy() for picture in pictures]
    wrong = []

    def work(number: int) -> None:
        for _ in range(5):
            if not np.array_equal(runtime.run(pictures[number]), alone[number]):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    runtime.close()
    runtime.close()


def test_cards_that_do_not_match(tflite_card: TfliteCard) -> None:
    small = tflite_card("selfie_segmenter", input={"width": 128, "height": 128})
    with pytest.raises(ModelError, match="input 'input_1' is 1×3×256×256, the card says 1×3×128×128"):
        load_segmenter(small)
    boxes = tflite_card("face_detection_short_range", input={"width": 128, "height": 128})
    with pytest.raises(ModelError, match="it should be 1×C×h×w"):
        load_segmenter(boxes)


def test_damaged_files(tflite_card: TfliteCard, tmp_path: Any) -> None:
    card = tflite_card("selfie_segmenter", **PERSON)
    assert card.weights_path is not None
    broken = tmp_path / "broken.tflite"
    for data in (b"hello", card.weights_path.read_bytes()[:1000], b""):
        broken.write_bytes(data)
        with pytest.raises(ModelError, match=r"broken\.tflite cannot be loaded by LiteRT"):
            load_segmenter(card.model_copy(update={"weights": CardWeights(path=str(broken))}))
