from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rtskin.errors import GraphSpecError, GraphStateError, InputError
from rtskin.frame import BgrPicture, Frame, Prepared, SourceInfo
from rtskin.node import Node
from rtskin.preprocess.answer import Answer
from rtskin.preprocess.node import Preprocess

FRAME = Frame(0, BgrPicture(np.zeros((2, 3, 3), np.uint8)), SourceInfo("test", 3, 2))


class Model:
    def prepare(self, frame: Frame) -> Prepared:
        return Prepared(frame, self)


class Switching(Node):
    """An infer node whose model changes on every look."""

    looks = 0

    @property
    def segmenter(self) -> Model:
        type(self).looks += 1
        return Model()


def test_it_prepares_for_the_model_in_use() -> None:
    node, infer = Preprocess(of="net"), Switching()
    node.bind({"net": infer, "pre": node})
    assert infer.looks == 0  # to look at a model may mean to wait for it
    first, second = node.process(FRAME), node.process(FRAME)
    assert first.frame is FRAME
    assert first.segmenter is not second.segmenter


def test_no_such_node() -> None:
    with pytest.raises(GraphSpecError, match=r"no node 'infre'; did you mean infer\?"):
        Preprocess(of="infre").bind({"infer": Switching(), "sink": Node()})


def test_not_a_node_that_infers() -> None:
    with pytest.raises(GraphSpecError, match="'sink' is a Node, not one that infers"):
        Preprocess(of="sink").bind({"infer": Switching(), "sink": Node()})


def test_outside_a_graph() -> None:
    with pytest.raises(GraphStateError, match="beside the infer node"):
        Preprocess().process(FRAME)


def test_unknown_option() -> None:
    with pytest.raises(InputError, match="did you mean of"):
        Preprocess(off="infer")


class Thirds:
    """Every third frame is a key frame."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []

    def __call__(self, frame: Frame, segmenter: Any) -> bool:
        return frame.seq % 3 == 0

    def asked(self, answer: Answer) -> None:
        self.answers.append(answer)


def numbered(seq: int) -> Frame:
    return Frame(seq, BgrPicture(np.zeros((2, 3, 3), np.uint8)), SourceInfo("test", 3, 2))


def test_between_key_frames_the_model_rests() -> None:
    """Those between share the answer of the key frame before them."""
    node, infer, keys = Preprocess(), Switching(), Thirds()
    node.bind({"infer": infer})
    assert node.reentrant
    node.look_only_at(keys, others_ride=True)
    assert (node.reentrant, node.emits) == (False, "each")
    found = [node.process(numbered(seq)) for seq in range(7)]
    assert [one.rides for one in found] == [seq % 3 != 0 for seq in range(7)]
    assert [one.repeats for one in found] == [one.rides for one in found]
    assert [keys.answers.index(one.answer) for one in found] == [0, 0, 0, 1, 1, 1, 2]


def test_frames_that_nobody_moves_masks_for_end_there() -> None:
    node, infer = Preprocess(), Switching()
    node.bind({"infer": infer})
    node.look_only_at(Thirds(), others_ride=False)
    assert (node.reentrant, node.emits) == (False, "some")
    found = [node.process(numbered(seq)) for seq in range(7)]
    assert [one and one.frame.seq for one in found] == [0, None, None, 3, None, None, 6]
