"""The plot of all tracks: written when the stream ends, and only then."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError, MissingExtraError, OutputExistsError, SinkError
from rtskin.frame import BgrPicture, Frame, Region, RegionEvent, Regions, SourceInfo
from rtskin.media import cv2
from rtskin.node import Context
from rtskin.registry import NODES
from rtskin.roi.history import History, Span
from rtskin.roi.plot import PlotTracks, drawn, longest

matplotlib = pytest.importorskip("matplotlib", reason="plots need the extra plot")

PICTURE = BgrPicture(np.zeros((360, 640, 3), np.uint8))
#: Blue, green, red of a label in the picture.
FACE, HAND = (0, 159, 230), (178, 114, 0)


def regions(seq: int, *found: Region, events: tuple[RegionEvent, ...] = ()) -> Regions:
    source = SourceInfo("/some where/$clip_1$.mp4", 640, 360)
    return Regions(Frame(seq, PICTURE, source, 40 * seq, Fraction(1, 1000)), list(found), events)


def clip(node: Any, label: str = "face") -> None:
    for seq in range(50):
        state = "held" if 20 <= seq < 30 else "tracked"
        face = Region(1, (100 + 4 * seq, 50, 60, 80), 4000.0, 0.9, label, 0.9, state=state)
        node(regions(seq, face, events=(RegionEvent("found", 1, label),) if seq == 0 else ()))


def image_of(data: bytes) -> np.ndarray:
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR))


def count(image: np.ndarray, color: tuple[int, int, int]) -> int:
    return int((np.abs(image.astype(int) - color) <= 2).all(axis=2).sum())


def test_it_is_written_when_the_stream_ends(tmp_path: Path) -> None:
    node = PlotTracks(path=tmp_path / "tracks.png")
    node.open(Context())
    clip(node.process)
    assert not (tmp_path / "tracks.png").exists()
    node.finish()
    node.close()
    assert list(tmp_path.iterdir()) == [tmp_path / "tracks.png"]
    assert image_of((tmp_path / "tracks.png").read_bytes()).shape[1] == 1400
    assert node.counters() == {"frames": 50, "stride": 1}


def test_lanes_have_the_colours_of_their_labels() -> None:
    faces, hands = History(), History()
    clip(faces.add)
    clip(hands.add, "hand")
    a, b = image_of(drawn(faces, "clip")), image_of(drawn(hands, "clip"))
    assert count(a, FACE) > 5 * count(b, FACE)
    assert count(b, HAND) > 5 * count(a, HAND)


def test_a_stream_without_skin_is_a_plot_that_says_so() -> None:
    history = History()
    nothing = image_of(drawn(history, "clip"))
    history.add(regions(0))
    assert nothing.shape == image_of(drawn(history, "clip")).shape


def test_the_longest_tracks_are_shown_in_their_order() -> None:
    spans = {number: [Span(number, number + (number % 5), "hand", False)] for number in range(20)}
    assert longest(spans, 4) == [4, 9, 14, 19]


def test_two_hundred_tracks_make_no_endless_picture() -> None:
    history = History()
    for seq in range(3):
        history.add(regions(seq, *(Region(number, (number, 5, 9, 9), 81.0, 0.9) for number in range(200))))
    assert image_of(drawn(history, "clip")).shape[0] < 1300


def test_a_stream_that_broke_leaves_no_file(tmp_path: Path) -> None:
    node = PlotTracks(path=tmp_path / "tracks.png")
    node.open(Context())
    clip(node.process)
    node.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [".svg", ".pdf"])
def test_other_formats(tmp_path: Path, kind: str) -> None:
    history = History()
    clip(history.add)
    assert drawn(history, "clip", kind[1:])[:5] in (b"<?xml", b"%PDF-")


def test_what_cannot_be_written_is_told_before_the_stream(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ends in \.png, \.svg, \.pdf, not in \.jpg"):
        PlotTracks(path=tmp_path / "tracks.jpg")
    with pytest.raises(SinkError, match="no folder"):
        PlotTracks(path=tmp_path / "no" / "tracks.png").open(Context())
    (tmp_path / "there.png").write_text("precious")
    with pytest.raises(OutputExistsError, match="exists already"):
        PlotTracks(path=tmp_path / "there.png").open(Context())
    assert (tmp_path / "there.png").read_text() == "precious"


def test_without_matplotlib_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"needs matplotlib: pip install 'rtskin\[plot\]'"):
        PlotTracks(path=tmp_path / "tracks.png").open(Context())
    assert list(tmp_path.iterdir()) == []


def test_it_is_the_kind_plot() -> None:
    assert NODES.get("plot") is PlotTracks
