from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import GraphStateError, InputError, ModelError, UnknownNameError
from rtskin.frame import Prepared, Scores
from rtskin.graph.run import JOIN_SECONDS
from rtskin.infer import node as module
from rtskin.infer import switch
from rtskin.infer.base import BaseSegmenter
from rtskin.infer.cards import DEFAULT_MODEL, Card, list_models
from rtskin.infer.node import Infer
from rtskin.node import Context
from rtskin.preprocess.answer import Answer
from rtskin.preprocess.node import Preprocess

from .conftest import frame_of, halves


def add_model(folder: Path, name: str, text: str = "") -> None:
    (folder / name).mkdir()
    (folder / name / "model.toml").write_text(f'name = "{name}"\narchitecture = "tiny"\n{text}')


@pytest.fixture
def fakes(models: Path) -> Path:
    """Three models that the fake runtime runs beside the bundled ones, sorted last."""
    for name in ("z1", "z2", "z3"):
        add_model(models, name)
    return models


@pytest.fixture
def opened(fakes: Path) -> Iterator[Infer]:
    node = Infer(model="z1", runtime="fake")
    node.open(Context())
    yield node
    node.close()


def settle(node: Infer) -> None:
    """Until the load under way has ended."""
    assert node._switch is not None
    thread = node._switch._thread
    if thread is not None:  # it may have ended already
        thread.join(30)
        assert not thread.is_alive()


def test_a_frame_goes_through() -> None:
    infer, preprocess = Infer(model="ellipse"), Preprocess()
    preprocess.bind({"infer": infer, "preprocess": preprocess})
    infer.open(Context())
    frame = frame_of(halves())
    scores = infer.process(preprocess.process(frame))
    assert scores.frame is frame
    assert scores.model == "ellipse"
    assert scores.data.shape == (48, 64)
    infer.close()


def test_an_answer_says_what_the_model_took_and_those_that_share_it_wait_for_it(
    opened: Infer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock that runs while the model does."""
    clock = [10.0]
    segmenter, real = opened.segmenter, opened.segmenter.infer

    def slow(prepared: Prepared) -> Scores:
        clock[0] += 0.08
        return real(prepared)

    monkeypatch.setattr(segmenter, "infer", slow)
    monkeypatch.setattr(module.time, "perf_counter", lambda: clock[0])
    answer, frames = Answer(), [frame_of(halves()) for _ in range(3)]
    key = segmenter.prepare(frames[0])
    key.answer = answer
    first = opened.process(key)
    assert answer.seconds == pytest.approx(0.08)
    same = opened.process(Prepared(frames[1], segmenter, answer=answer, repeats=True))
    rides = opened.process(Prepared(frames[2], segmenter, answer=answer, repeats=True, rides=True))
    assert [one.frame for one in (first, same, rides)] == frames
    assert first.data is same.data is rides.data
    assert [one.rides for one in (first, same, rides)] == [False, False, True]
    assert clock == [pytest.approx(10.08)]


def test_counters_say_what_it_really_runs_on(opened: Infer) -> None:
    expected = {"model": "z1", "runtime": "fake", "device": "cpu", "precision": "none", "threads": 1}
    assert opened.counters() == expected
    assert Infer().counters() == {}


def test_wrong_options() -> None:
    with pytest.raises(InputError, match=r"no option 'modle'; did you mean model\?"):
        Infer(modle="x")
    with pytest.raises(InputError, match="threads"):
        Infer(threads=0)


def test_a_model_that_is_not_there_reaches_open_and_those_who_wait(models: Path) -> None:
    node = Infer(model="elipse")
    with pytest.raises(UnknownNameError):
        node.open(Context())
    with pytest.raises(UnknownNameError):
        _ = node.segmenter
    node.close()
    node.close()


class Gate:
    """Stands in for load_segmenter: says when it is asked, and answers when it is let."""

    def __init__(self, real: Any) -> None:
        self.asked, self.let, self._real = threading.Event(), threading.Event(), real

    def __call__(self, *arguments: Any, **options: Any) -> BaseSegmenter:
        self.asked.set()
        assert self.let.wait(30)
        segmenter: BaseSegmenter = self._real(*arguments, **options)
        return segmenter


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    gate = Gate(module.load_segmenter)
    monkeypatch.setattr(module, "load_segmenter", gate)
    return gate


def test_others_wait_for_the_first_load(gate: Gate) -> None:
    node, got = Infer(), []
    opener = threading.Thread(target=node.open, args=(Context(),))
    waiter = threading.Thread(target=lambda: got.append(node.segmenter.card.name))
    opener.start()
    assert gate.asked.wait(10)
    waiter.start()
    assert got == []
    gate.let.set()
    waiter.join(30)
    opener.join(30)
    assert got == [DEFAULT_MODEL]
    node.close()


def test_waiting_ends_when_the_graph_stops(gate: Gate) -> None:
    node, context, caught = Infer(), Context(), []

    def wait() -> None:
        try:
            _ = node.segmenter
        except GraphStateError as error:
            caught.append(str(error))

    opener, waiter = threading.Thread(target=node.open, args=(context,)), threading.Thread(target=wait)
    opener.start()
    assert gate.asked.wait(10)
    waiter.start()
    context.stopping.set()
    waiter.join(10)
    assert caught == ["the graph stopped while the model was loading"]
    gate.let.set()
    opener.join(30)
    node.close()


def test_waiting_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOAD_TIMEOUT", 0.01)
    with pytest.raises(GraphStateError, match=f"'{DEFAULT_MODEL}' was not loaded within"):
        _ = Infer().segmenter


def test_a_failing_warm_up_closes_what_was_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []

    class Broken:
        def warm_up(self) -> None:
            raise ModelError("no")

        def close(self) -> None:
            closed.append(True)

    monkeypatch.setattr(module, "load_segmenter", lambda *a, **k: Broken())
    with pytest.raises(ModelError, match="no"):
        Infer().open(Context())
    assert closed == [True]


def test_next_and_by_name(opened: Infer) -> None:
    seen = []
    for _ in range(2):
        assert opened.command("model", "next")
        settle(opened)
        seen.append(opened.segmenter.card.name)
    assert seen == ["z2", "z3"]
    assert opened.command("model", "z1")
    settle(opened)
    assert opened.counters()["model"] == "z1"


def test_next_begins_again_after_the_last(fakes: Path) -> None:
    node = Infer(model="z3", runtime="fake")
    node.open(Context())
    node.command("model", "next")
    settle(node)
    assert node.segmenter.card.name == list_models()[0].name
    node.close()


def test_other_commands_are_not_taken(opened: Infer) -> None:
    assert not opened.command("view", "next")
    assert not Infer().command("model", "next")  # not open


def test_the_old_one_goes_on_while_the_new_one_loads(
    opened: Infer, gate: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    old = opened.segmenter
    prepared = old.prepare(frame_of(halves()))
    opened.command("model", "z2")
    assert gate.asked.wait(10)
    assert opened.segmenter is old
    with caplog.at_level(logging.INFO, "rtskin.infer"):
        assert opened.command("model", "next")  # one at a time
    assert "still loading" in caplog.text
    gate.let.set()
    settle(opened)
    assert opened.segmenter.card.name == "z2"
    assert opened.process(prepared).model == "z1"  # was under way
    assert opened.process(opened.segmenter.prepare(frame_of(halves()))).model == "z2"


def test_of_those_asked_for_meanwhile_the_last_comes_next(opened: Infer, gate: Gate) -> None:
    opened.set("model", "z2")
    assert gate.asked.wait(10)
    opened.set("model", "z1")
    opened.set("model", "z3")
    gate.let.set()
    settle(opened)
    assert opened.segmenter.card.name == "z3"


def test_another_size_loads_the_model_anew(opened: Infer) -> None:
    before = opened.segmenter
    opened.set("classes", "skin")
    settle(opened)
    assert opened.segmenter is not before
    assert opened.segmenter.card.name == before.card.name


def test_a_model_that_is_not_there_is_refused_at_once(opened: Infer) -> None:
    with pytest.raises(UnknownNameError, match="did you mean z2"):
        opened.set("model", "z22")
    with pytest.raises(InputError, match=r"Infer\.device stays while it runs; what can change: classes, model, size"):
        opened.set("device", "cpu")
    with pytest.raises(InputError, match="size"):
        opened.set("size", "huge")
    assert opened.options.model == "z1"


def test_a_failing_load_is_a_warning(opened: Infer, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "rtskin.infer"):
        opened.command("model", "z22")
        settle(opened)
    assert "model z1 stays; z22 cannot be loaded: no model is called 'z22'; did you mean z2" in caplog.text
    assert opened.segmenter.card.name == "z1"


def test_next_passes_by_one_that_fails(fakes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = module.load_segmenter

    def load(model: Any, **options: Any) -> BaseSegmenter:
        if model == "z2":
            raise ZeroDivisionError("a runtime may raise anything")
        return real(model, **options)

    monkeypatch.setattr(module, "load_segmenter", load)
    node = Infer(model="z1", runtime="fake")
    node.open(Context())
    node.command("model", "next")
    settle(node)
    assert node.segmenter.card.name == "z1"
    node.command("model", "next")
    settle(node)
    assert node.segmenter.card.name == "z3"
    node.close()


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """z2 does not load, nor does anything for hair."""
    real = module.load_segmenter

    def load(model: Any, **options: Any) -> BaseSegmenter:
        if model == "z2" or options["classes"] == "hair":
            raise ZeroDivisionError("a runtime may raise anything")
        return real(model, **options)

    monkeypatch.setattr(module, "load_segmenter", load)


@pytest.mark.usefixtures("broken")
def test_the_options_are_those_of_what_runs(opened: Infer) -> None:
    before = opened.options
    opened.set("model", "z2")
    settle(opened)
    assert opened.options == before
    assert opened.counters()["not_loaded"] == "z2"
    opened.set("classes", "hair")
    settle(opened)
    assert opened.options == before
    opened.set("classes", "skin")  # what failed is not asked for again with it
    settle(opened)
    assert (opened.options.model, opened.options.classes) == ("z1", "skin")
    assert "not_loaded" not in opened.counters()
    opened.command("model", "z3")
    settle(opened)
    assert (opened.options.model, opened.options.classes) == ("z3", "skin")


@pytest.mark.usefixtures("broken")
def test_changes_that_wait_are_made_to_what_runs_then(opened: Infer, gate: Gate) -> None:
    opened.set("model", "z2")
    assert gate.asked.wait(10)
    opened.set("classes", "skin")
    opened.set("model", "z3")
    assert (opened.options.model, opened.options.classes) == ("z1", None)
    gate.let.set()
    settle(opened)
    assert (opened.options.model, opened.options.classes) == ("z3", "skin")
    assert opened.segmenter.card.name == "z3"


def test_what_is_set_while_the_first_model_loads_comes_after_it(fakes: Path, gate: Gate) -> None:
    node = Infer(model="z1", runtime="fake")
    opener = threading.Thread(target=node.open, args=(Context(),))
    opener.start()
    assert gate.asked.wait(10)
    node.set("model", "z3")
    gate.let.set()
    opener.join(30)
    settle(node)
    assert node.segmenter.card.name == node.options.model == "z3"
    node.close()


def test_closing_while_a_model_loads(opened: Infer, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    opened.command("model", "z2")
    assert gate.asked.wait(10)
    assert opened._switch is not None
    thread = opened._switch._thread
    closer = threading.Thread(target=opened.close)
    closer.start()
    gate.let.set()
    closer.join(30)
    assert not closer.is_alive()
    assert thread is not None
    assert not thread.is_alive()
    assert not opened.command("model", "z3")
    with pytest.raises(GraphStateError):
        _ = opened.segmenter


def test_a_model_that_is_still_loading_is_left_behind_and_named(
    opened: Infer, gate: Gate, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert switch.CLOSE_TIMEOUT < JOIN_SECONDS  # or the graph leaves the infer node's own thread behind
    monkeypatch.setattr(switch, "CLOSE_TIMEOUT", 0.05)
    opened.command("model", "z2")
    assert gate.asked.wait(10)
    with caplog.at_level(logging.WARNING, "rtskin.infer"):
        opened.close()
    assert "a model is still loading after 0.05 s; its thread is left behind" in caplog.text
    gate.let.set()
    settle(opened)


def test_fails_as_it_is_told(models: Path) -> None:
    add_model(models, "z1")
    node = Infer(model="z1", runtime="fake", runtime_options={"fail_at": 2})
    node.open(Context())
    frame = frame_of(np.zeros((4, 4, 3), np.uint8))
    node.process(node.segmenter.prepare(frame))  # the warm-up does not count
    with pytest.raises(RuntimeError, match="fail at run 2"):
        node.process(node.segmenter.prepare(frame))
    node.close()


def test_a_card_can_be_given_to_load() -> None:
    from rtskin.infer.base import load_segmenter

    assert load_segmenter(Card(name="mine", architecture="ellipse")).card.name == "mine"
