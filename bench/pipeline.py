"""The live path at full speed, against the network alone and against loops in one thread, interleaved in one run.

(a) the network's bare ``session.run`` at one thread; (b) the live path's own nodes, called in turn in one thread; (c) the
best plain OpenCV loop, without edge-aware step and smoothing; (d) ``rtskin live --pace max --sink null --view overlay``.
Exits with 1 when a target is missed, and fails when (d) does not render every frame it captured.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench import loops
from bench.load import Others
from bench.loops import Timing
from bench.report import machine, markdown, publish
from rtskin.capture.kinds import open_source
from rtskin.errors import InputError
from rtskin.infer.card_input import times
from rtskin.infer.cards import DEFAULT_MODEL, Card, load_card
from rtskin.infer.weights import checked_weights
from rtskin.media import av

VIDEO = Path(__file__).resolve().parents[2] / "shared/data/videos/sam2_01_dog.mp4"
MADE = "pattern:1280x720@30?frames=300"
#: What (d) is to reach, as a multiple of each.
TARGETS = {"b": 1.5, "c": 1.1, "a": 0.8}
NAMES = {
    "a": "(a) network alone, 1 thread",
    "b": "(b) the same nodes in turn, one thread",
    "c1": "(c) plain cv2 loop, 1 thread",
    "c2": "(c) plain cv2 loop, 2 threads",
    "d": "(d) rtskin live",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=DEFAULT_MODEL, help="name, or path of a card")
    parser.add_argument("--video", type=Path, default=VIDEO, help="a made one where it is absent")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--no-publish", action="store_true", help="only print")
    chosen = parser.parse_args()
    card = network(chosen.model)
    with tempfile.TemporaryDirectory() as folder:
        video = chosen.video if chosen.video.exists() else make(Path(folder) / "pattern.mp4")
        others = Others()
        rounds = measure(card, chosen.model, video, chosen.rounds)
        share = others.share()
    text, missed = report(rounds, card, video, share)
    print(text) if chosen.no_publish else publish("pipeline", text)
    return 1 if missed else 0


def network(model: str) -> Card:
    """The card of a network that the plain loop knows how to run."""
    card = load_card(model)
    if card.weights is None or card.output.activation != "none" or card.tensor.dtype != "float32":
        raise InputError(f"{model}: the benchmark needs a network that takes float32 and gives probabilities")
    checked_weights(card)
    return card


def make(path: Path) -> Path:
    """A 720p H.264 file of the moving test pattern."""
    with av.open(str(path), "w") as container, open_source(MADE) as source:
        stream = container.add_stream("libx264", rate=30, options={"crf": "23"})
        stream.width, stream.height, stream.pix_fmt = source.info.width, source.info.height, "yuv420p"
        for frame in source:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame.bgr, format="bgr24")))
        container.mux(stream.encode(None))
    return path


def measure(card: Card, model: str, video: Path, count: int) -> list[dict[str, Timing]]:
    """All contenders in every round, forwards and backwards in turn, so that no one profits from a quiet moment."""
    frames = loops.graph(model, video).frames  # also compiles what is not compiled yet
    shape = loops.shape_of(card, video)
    contenders: dict[str, Callable[[], Timing]] = {
        "a": lambda: loops.timed(loops.bare(card, shape, frames)),
        "b": partial(loops.sequential, model, video),
        "c1": lambda: loops.timed(loops.plain(card, video, 1)),
        "c2": lambda: loops.timed(loops.plain(card, video, 2)),
        "d": partial(loops.graph, model, video),
    }
    rounds = []
    for number in range(count):
        order = list(contenders) if number % 2 == 0 else list(reversed(contenders))
        timings = {name: contenders[name]() for name in order}
        rounds.append(timings)
        print(*(f"{name} {timings[name].fps:.1f}" for name in contenders), file=sys.stderr, flush=True)
    return rounds


def report(rounds: list[dict[str, Timing]], card: Card, video: Path, others: float) -> tuple[str, list[str]]:
    """The section for bench/README.md, and the targets that were missed."""
    best = max(("c1", "c2"), key=lambda name: _median(rounds, name, "fps"))
    rows = []
    for name, title in NAMES.items():
        age = "–" if rounds[0][name].age is None else f"{_median(rounds, name, 'age'):.1f}"
        figures = [
            f"{_median(rounds, name, what):{form}}" for what, form in (("fps", ".1f"), ("cpu", ".2f"), ("p95", ".2f"))
        ]
        rows.append([title, *figures, age])
    said, missed = [], []
    for other, target in TARGETS.items():
        ratios = [timings["d"].fps / timings[best if other == "c" else other].fps for timings in rounds]
        ratio = statistics.median(ratios)
        line = f"(d) / ({other}): {ratio:.2f} ({min(ratios):.2f} … {max(ratios):.2f}), at least {target:g}"
        said.append(line if ratio >= target else f"**{line}**")
        missed += [] if ratio >= target else [line]
    header = ["", "frames/s", "CPU ms a frame", "p95 ms, frame to frame", "p95 ms, capture to sink"]
    text = (
        f"## The live path at full speed\n\n{machine()}. `python -m bench.pipeline`: {card.name} "
        f"({(card.parameters or 0) / 1e6:.2f} M parameters, {times(loops.shape_of(card, video))}), {video.name}, "
        f"{rounds[0]['d'].frames} frames, medians of {len(rounds)} interleaved rounds. (b) and (d) have the edge-aware "
        f"step and smoothing, (c) has neither. In (d) frames wait in full queues, so its latency is not that of a "
        f"camera. Other programs took {others:.0%} of the machine meanwhile.\n\n"
        f"{markdown(header, rows)}\n\nFrames a second, median of the rounds' ratios (lowest … highest): "
        f"{'; '.join(said)}."
    )
    return text, missed


def _median(rounds: list[dict[str, Timing]], name: str, what: str) -> float:
    return float(statistics.median(getattr(timings[name], what) for timings in rounds))


if __name__ == "__main__":
    sys.exit(main())
