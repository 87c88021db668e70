"""How long models take, side by side: interleaved in one run, at one thread; ``--write`` puts it onto their cards.

network: the bare ``session.run`` on a tensor that is there. frame: a 720p picture to scores, as the live path does it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np

from bench.loops import session
from bench.report import described, machine, markdown, publish
from rtskin.capture.kinds import open_source
from rtskin.cli.session import opencv_alone
from rtskin.evaluate.card_figures import check_cards
from rtskin.frame import Frame
from rtskin.infer.base import load_segmenter
from rtskin.infer.card_input import times as by
from rtskin.infer.cards import Card, list_models, load_card
from rtskin.infer.weights import checked_weights
from rtskin.preprocess.fit import choose

FRAME = (1280, 720)
SIZE = "x".join(map(str, FRAME))
#: Runs of one model in a row: enough that its weights are in the caches, as they are in a stream.
TOGETHER = 10


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", help="names, or paths of cards; all that are installed by default")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--write", action="store_true", help="write the figures into the cards")
    parser.add_argument("--no-publish", action="store_true", help="only print")
    chosen = parser.parse_args()
    cards = [load_card(name) for name in chosen.models] or list_models()
    if chosen.write:
        check_cards(cards)
    with opencv_alone():
        times = measure(cards, chosen.rounds)
    for card in cards if chosen.write else ():
        assert card.path is not None
        Card.load(card.path).measured(speed=speed(card, times[card.name])).save(card.path)
    text = report(cards, times, chosen.rounds)
    print(text) if chosen.no_publish else publish("models", text)
    return 0


def measure(cards: Sequence[Card], rounds: int) -> dict[str, dict[str, list[float]]]:
    """Milliseconds of every run, by model and by "network" and "frame"."""
    with open_source(f"pattern:{SIZE}") as source:
        frame = source.read()
    assert frame is not None
    frame.bgr  # noqa: B018 - converted once, before the clock runs
    runs = {card.name: _runs(card, frame) for card in cards}
    times: dict[str, dict[str, list[float]]] = {name: {what: [] for what in kinds} for name, kinds in runs.items()}
    for number in range(rounds + 1):
        for name, kinds in runs.items():
            for what, run in kinds.items():
                taken = [_milliseconds(run) for _ in range(TOGETHER)]
                times[name][what] += taken if number else []  # the first round warms up
    return times


def _runs(card: Card, frame: Frame) -> dict[str, Callable[[], object]]:
    segmenter = load_segmenter(card, threads=1)
    segmenter.warm_up()
    runs: dict[str, Callable[[], object]] = {"frame": lambda: segmenter.infer(segmenter.prepare(frame))}
    if card.weights is not None:
        checked_weights(card)
        bare, tensor = session(card, 1), segmenter.prepare(frame).tensor
        picture, *priors = (value.name for value in bare.get_inputs())
        assert tensor is not None
        feed = {picture: np.array(tensor)} | {name: np.zeros_like(tensor[:, :1]) for name in priors}
        runs["network"] = lambda: bare.run(None, feed)
    return runs


def _milliseconds(run: Callable[[], object]) -> float:
    begun = time.perf_counter()
    run()
    return (time.perf_counter() - begun) * 1e3


def speed(card: Card, times: dict[str, list[float]]) -> dict[str, object]:
    """What the card says. input: the shape, of several, that the frame takes."""
    medians = {f"{what}_ms": round(statistics.median(taken), 2) for what, taken in sorted(times.items())}
    shape = {} if card.weights is None else {"input": input_of(card)}
    return {**medians, "frame": SIZE, **shape, "threads": 1, "processor": described()}


def input_of(card: Card) -> str:
    """The shape of the network's input for the frame that is timed; "–" for what looks at the frame itself."""
    return "–" if card.weights is None else by(choose(card.tensor.live, FRAME))


def report(cards: Sequence[Card], times: dict[str, dict[str, list[float]]], rounds: int) -> str:
    """The section for bench/README.md."""
    rows = []
    for card in cards:
        cells = [_cell(times[card.name].get(what)) for what in ("network", "frame")]
        rows.append([card.name, f"{card.parameters or 0:,}", input_of(card), *cells])
    table = markdown(["model", "parameters", "input", "network, ms", f"{SIZE} frame, ms"], rows)
    return (
        f"## Models\n\n{machine()}. `python -m bench.models`: one thread, median (10th … 90th percentile) of "
        f"{rounds * TOGETHER} runs in {rounds} interleaved rounds. Network: its session in ONNX Runtime alone, "
        "at the input that the frame takes. Frame: a picture to scores, with everything before and after the network, on "
        f"the runtime that auto takes here.\n\n{table}"
    )


def _cell(taken: list[float] | None) -> str:
    if taken is None:
        return "–"
    low, high = np.percentile(taken, [10, 90])
    return f"{statistics.median(taken):.2f} ({low:.2f} … {high:.2f})"


if __name__ == "__main__":
    sys.exit(main())
