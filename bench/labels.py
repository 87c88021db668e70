"""How often regions get their right label, on the clips that are kept for measuring; published in bench/README.md.

``python -m bench.labels ../shared/data/videos``: the truth is bench/data/labels.csv, written by hand on pictures of the
regions: for some frames of each clip, every region of the bundled segmenter, and what it is. A region with a face in it is
a face, one with a hand in it a hand; of both, the larger; forearms without a hand, sleeves, screens, reflections are other.
Regions are found anew and matched by their boxes, so the segmenter may change; what is not found any more is counted apart.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.boxes import best
from bench.report import Cell, machine, markdown, publish
from rtskin.cli.session import opencv_alone
from rtskin.errors import InputError
from rtskin.frame import BgrPicture, Box, Frame, SourceInfo
from rtskin.media import cv2
from rtskin.roi.found import FoundRegion
from rtskin.roi.label import LABELS, Labeller, Probabilities
from rtskin.train.data.imaging import find_images, read_bgr
from rtskin.train.regions.find import Finder

TRUTH = Path(__file__).with_name("data") / "labels.csv"
#: What was to be reached: accuracy; milliseconds a region; bytes of the weights.
ACCURACY, MILLISECONDS, BYTES = 0.95, 0.5, 200e3


@dataclass(frozen=True)
class Known:
    """One row of the truth."""

    frame: int
    box: Box
    label: str


@dataclass(frozen=True)
class Answer:
    """A region of the truth that was found. voted: the label by all answers of its track so far."""

    clip: str
    label: str
    given: str
    voted: str


class Track:
    """Regions of one thing over the frames, by their boxes alone: enough to take a majority over."""

    def __init__(self, box: Box) -> None:
        self.box, self.votes = box, np.zeros(len(LABELS))

    def add(self, box: Box, probabilities: Probabilities) -> str:
        self.box = box
        self.votes += probabilities
        return LABELS[int(self.votes.argmax())]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="with the clips")
    parser.add_argument(
        "--hands", type=Path, metavar="FOLDER", help="pictures whose largest region is a hand, for breadth"
    )
    parser.add_argument("--rounds", type=int, default=30, help="of the timing")
    parser.add_argument("--no-publish", action="store_true", help="only print")
    parser.add_argument("--wrong", type=Path, metavar="FOLDER", help="write a picture of each wrong region there")
    chosen = parser.parse_args()
    with opencv_alone():
        text = report(chosen.folder, chosen.rounds, chosen.wrong)
        if chosen.hands is not None:
            text += f"\n\n{hands(chosen.hands)}"
    print(text) if chosen.no_publish else publish("labels", text)
    return 0


def read_truth(path: Path = TRUTH) -> dict[str, list[Known]]:
    """The rows of the table, by clip."""
    rows: dict[str, list[Known]] = defaultdict(list)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            x, y, w, h = (float(row[key]) for key in "xywh")
            rows[row["clip"]].append(Known(int(row["frame"]), (x, y, w, h), row["label"]))
    return rows


def measure(
    folder: Path, method: str, find: Finder, wrong: Path | None = None
) -> tuple[list[Answer], int, list[tuple[Frame, list[FoundRegion]]]]:
    """(answers, rows of the truth whose region was not found, the frames with their regions)."""
    labeller = Labeller(method, budget=None)
    answers, lost, seen = list[Answer](), 0, []
    for clip, rows in read_truth().items():
        tracks: list[Track] = []
        last = max(row.frame for row in rows)
        for number, frame in _frames(folder, clip):
            regions = find(frame.bgr)
            seen.append((frame, regions))
            given = labeller(frame, regions)
            voted = _vote(tracks, regions, given)
            for row in (row for row in rows if row.frame == number):
                index = best(row.box, [region.box for region in regions])
                if index is None:
                    lost += 1
                    continue
                answers.append(Answer(clip, row.label, LABELS[int(np.argmax(given[index]))], voted[index]))
                if wrong is not None and answers[-1].given != row.label:
                    _draw(wrong, frame, regions[index], answers[-1])
            if number == last:
                break
    return answers, lost, seen


def _frames(folder: Path, clip: str) -> Iterator[tuple[int, Frame]]:
    path = next(folder.glob(f"{clip}.*"), None)
    if path is None:
        raise InputError(f"there is no clip {clip} in {folder}")
    capture = cv2.VideoCapture(str(path))
    number = 0
    while True:
        ok, picture = capture.read()
        if not ok:
            return
        info = SourceInfo(clip, picture.shape[1], picture.shape[0])
        yield number, Frame(number, BgrPicture(picture), info)
        number += 1


def _vote(tracks: list[Track], regions: Sequence[FoundRegion], given: Sequence[Probabilities]) -> list[str]:
    voted = []
    free = list(tracks)
    for region, probabilities in zip(regions, given, strict=True):
        index = best(region.box, [track.box for track in free], 0.3)
        track = Track(region.box) if index is None else free.pop(index)
        if index is None:
            tracks.append(track)
        voted.append(track.add(region.box, probabilities))
    return voted


def _draw(folder: Path, frame: Frame, region: FoundRegion, answer: Answer) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    x, y, w, h = (round(side) for side in region.box)
    picture = cv2.rectangle(frame.bgr.copy(), (x, y), (x + w, y + h), (0, 255, 255), 2)
    name = f"{answer.clip}_{frame.seq:04d}_{x}_{y}_{answer.label}_not_{answer.given}.jpg"
    cv2.imwrite(str(folder / name), picture)


def milliseconds(
    seen: Sequence[tuple[Frame, list[FoundRegion]]], method: str, rounds: int
) -> tuple[float, float, float]:
    """(10th percentile, median, 90th) of this thread's CPU for one region, over frames with at least two."""
    labeller = Labeller(method, budget=None)
    labeller.warm_up()
    frames = [pair for pair in seen if len(pair[1]) > 1][:: max(1, len(seen) // 20)]
    taken = []
    for number in range(rounds + 1):
        for frame, regions in frames:
            begun = time.thread_time()
            labeller(frame, regions)
            if number:
                taken.append((time.thread_time() - begun) * 1e3 / len(regions))
    low, high = np.percentile(taken, [10, 90])
    return float(low), statistics.median(taken), float(high)


def report(folder: Path, rounds: int, wrong: Path | None = None) -> str:
    """The section for bench/README.md."""
    from rtskin.roi.label.card import load_label_card

    find, rows, confused, lost = Finder("mobile-unet"), [], "", 0
    weights = load_label_card("region-label").weights_path
    assert weights is not None, "the bundled card has weights"
    size = weights.stat().st_size
    for method in ("network", "heuristic"):
        answers, lost, seen = measure(folder, method, find, wrong if method == "network" else None)
        rows.append([method, *_accuracies(answers), _time(milliseconds(seen, method, rounds), method)])
        if method == "network":
            confused = _confusion(answers)
    clips = sorted(read_truth())
    table = markdown(["method", "regions", *clips, "all", "all, majority of the track", "CPU ms a region"], rows)
    kilobytes = Cell(f"{size / 1e3:.0f} kB", size <= BYTES)
    what = (
        f"{machine()}. `python -m bench.labels`: regions of mobile-unet at its live size in {', '.join(clips)}, labelled by "
        f"hand (bench/data/labels.csv); {lost} of them were not found again. Asked: accuracy ≥ {ACCURACY}, at most "
        f"{MILLISECONDS} ms a region on one thread (median, 10th … 90th percentile of its CPU time) and "
        f"{BYTES / 1e3:.0f} kB: the network has {kilobytes}. What is missed is bold. The majority is over all frames so far "
        f"of a track that is joined by boxes alone. The heuristic knows no other: regions of that kind count against it."
    )
    return f"## Labels of regions\n\n{what}\n\n{table}\n\n{confused}"


def hands(folder: Path) -> str:
    """What the network says of the largest region of each picture in a folder of hands."""
    find, labeller = Finder("mobile-unet"), Labeller()
    given: Counter[str] = Counter()
    for path in find_images(folder):
        picture = read_bgr(path)
        regions = find(picture)[:1]
        frame = Frame(0, BgrPicture(picture), SourceInfo(path.name, picture.shape[1], picture.shape[0]))
        given.update([LABELS[int(np.argmax(one))] for one in labeller(frame, regions)] or ["no region"])
    told = ", ".join(f"{count} {label}" for label, count in given.most_common())
    return f"The largest regions of {given.total()} pictures of hands ({folder.parent.name}): {told}."


def _accuracies(answers: Sequence[Answer]) -> list[object]:
    by_clip = [[answer for answer in answers if answer.clip == clip] for clip in sorted(read_truth())]
    single = [f"{_share(part):.3f} of {len(part)}" for part in by_clip]
    whole, voted = _share(answers), _share(answers, voted=True)
    return [
        len(answers), *single, Cell(f"{whole:.3f}", whole >= ACCURACY), Cell(f"{voted:.3f}", voted >= ACCURACY)
    ]  # fmt: skip


def _share(answers: Sequence[Answer], voted: bool = False) -> float:
    right = sum((answer.voted if voted else answer.given) == answer.label for answer in answers)
    return right / max(1, len(answers))


def _time(taken: tuple[float, float, float], method: str) -> Cell:
    low, median, high = taken
    return Cell(f"{median:.2f} ({low:.2f} … {high:.2f})", median <= MILLISECONDS if method == "network" else None)


def _confusion(answers: Sequence[Answer]) -> str:
    found = Counter((answer.label, answer.given) for answer in answers)
    rows = [[label, *(found[label, given] for given in LABELS)] for label in LABELS]
    return f"The network's answers, by what the region is:\n\n{markdown(['is', *LABELS], rows)}"


if __name__ == "__main__":
    sys.exit(main())
