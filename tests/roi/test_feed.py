"""The feed's node: what becomes a message, where it goes, and how files and pipes end."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError, OutputExistsError, SinkError
from rtskin.frame import RegionEvent, Regions
from rtskin.graph import Graph
from rtskin.media import cv2
from rtskin.node import Context
from rtskin.registry import NODES
from rtskin.roi.feed import Feed
from rtskin.roi.lines import FileLines
from tests.graph.nodes import Count, graph_threads
from tests.roi.made import FACE, HAND, many, regions
from tests.roi.out.waiting import until


def run_through(feed: Feed, packets: int | Sequence[Regions], context: Context | None = None) -> None:
    if isinstance(packets, int):
        packets = [regions(seq, HAND) for seq in range(packets)]
    try:
        feed.open(context or Context())
        for packet in packets:
            feed.process(packet)
        feed.finish()
    finally:
        feed.close()


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_file_has_a_line_a_frame_and_its_name_only_at_the_end(tmp_path: Path) -> None:
    out = tmp_path / "feed.jsonl"
    feed = Feed(out=str(out))
    feed.open(Context())
    feed.process(regions(0, HAND))
    assert not out.exists()
    # Each line is out at once, for whoever follows the file.
    (part,) = tmp_path.glob("*.part")
    until(lambda: part.read_text().endswith("\n"))
    assert json.loads(part.read_text())["seq"] == 0
    feed.process(regions(1))
    feed.finish()
    feed.close()
    assert [(line["seq"], len(line["rois"])) for line in read(out)] == [(0, 1), (1, 0)]
    assert feed.counters() == {"messages": 2, f"{out} sent": 2, f"{out} dropped": 0}
    assert list(tmp_path.iterdir()) == [out]


def test_several_outputs_get_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outs = [str(tmp_path / "a.jsonl"), "-", str(tmp_path / "b.jsonl")]
    run_through(Feed(out=outs), 3)
    a, b = read(tmp_path / "a.jsonl"), read(tmp_path / "b.jsonl")
    assert a == b == [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["seq"] for line in a] == [0, 1, 2]


def test_a_stream_that_broke_leaves_no_file(tmp_path: Path) -> None:
    feed = Feed(out=str(tmp_path / "feed.jsonl"))
    feed.open(Context())
    feed.process(regions(0))
    feed.close()
    assert list(tmp_path.iterdir()) == []
    assert graph_threads() == []


def test_an_output_that_cannot_be_had_leaves_nothing_of_the_others(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="there is no folder"):
        run_through(Feed(out=[str(tmp_path / "a.jsonl"), str(tmp_path / "no" / "b.jsonl")]), 1)
    assert list(tmp_path.iterdir()) == []
    assert graph_threads() == []


def test_an_existing_file_is_kept_unless_overwriting_is_allowed(tmp_path: Path) -> None:
    out = tmp_path / "feed.jsonl"
    out.write_text("precious")
    with pytest.raises(OutputExistsError, match="exists already"):
        run_through(Feed(out=str(out)), 1)
    assert out.read_text() == "precious"
    run_through(Feed(out=str(out), overwrite=True), 1)
    assert json.loads(out.read_text())["v"] == 1


def test_a_missing_folder_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"there is no folder .*make it first"):
        run_through(Feed(out=str(tmp_path / "no" / "feed.jsonl")), 1)
    with pytest.raises(SinkError, match="is a folder"):
        run_through(Feed(out=str(tmp_path)), 1)


@pytest.mark.parametrize(
    ("outs", "message"),
    [
        ([], "no output"),
        (["-", "-"], "twice"),
        (["htp://127.0.0.1:80"], r"there is no htp://; it may be .*udp://HOST:PORT"),
        ("", "empty"),
    ],
)
def test_outputs_that_cannot_be_are_refused_when_the_graph_is_built(outs: list[str] | str, message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        Feed(out=outs)
    assert raised.value.key == "out"  # so that a pipeline file's line is named


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="cannot write to /dev/full: No space left"):
        run_through(Feed(out="/dev/full"), 1)
    lines = FileLines(tmp_path / "feed.jsonl")
    assert lines._file is not None
    with open("/dev/full", "w") as full:
        os.dup2(full.fileno(), lines._file.fileno())
    with pytest.raises(SinkError, match=r"no space left for .*feed\.jsonl"):
        lines.write("{}\n")
    lines.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_disk_that_fills_up_ends_a_stream_that_has_not_ended() -> None:
    feed = Feed(out="/dev/full")
    feed.open(Context())
    try:
        feed.process(regions(0, HAND))
        with pytest.raises(SinkError, match="No space left"):
            until(feed.idle)
    finally:
        feed.close()


def test_what_appears_meanwhile_and_a_part_of_the_user_stay(tmp_path: Path) -> None:
    out, own = tmp_path / "feed.jsonl", tmp_path / "feed.jsonl.part"
    own.write_text("mine")
    feed = Feed(out=str(out))
    feed.open(Context())
    feed.process(regions(0, HAND))
    out.write_text("precious")
    with pytest.raises(OutputExistsError, match="exists already"):
        feed.finish()
    feed.close()
    assert (out.read_text(), own.read_text(), len(list(tmp_path.iterdir()))) == ("precious", "mine", 2)


def test_standard_output_captured_by_python(capsys: pytest.CaptureFixture[str]) -> None:
    run_through(Feed(), 2)
    assert [json.loads(line)["seq"] for line in capsys.readouterr().out.splitlines()] == [0, 1]


def test_standard_output_itself(capfd: pytest.CaptureFixture[str]) -> None:
    run_through(Feed(out="-"), 2)
    assert [json.loads(line)["seq"] for line in capfd.readouterr().out.splitlines()] == [0, 1]


def test_a_named_pipe_without_a_reader_is_refused_and_with_one_is_written(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(SinkError, match="start the reader first"):
        run_through(Feed(out=str(pipe)), 1)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        run_through(Feed(out=str(pipe)), 2)
        assert [json.loads(line)["seq"] for line in os.read(reader, 65536).splitlines()] == [0, 1]
    finally:
        os.close(reader)
    assert list(tmp_path.iterdir()) == [pipe]


@pytest.mark.parametrize("alone", [True, False])
def test_a_reader_that_goes_away_drains_the_stream_unless_others_are_left(tmp_path: Path, alone: bool) -> None:
    pipe, out = tmp_path / "pipe", tmp_path / "feed.jsonl"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    drained: list[int] = []
    feed = Feed(out=str(pipe) if alone else [str(pipe), str(out)])
    feed.open(Context(drain=lambda: drained.append(1)))
    feed.process(regions(0))
    (courier, *_) = feed._couriers
    until(lambda: courier.counters()["sent"] == 1)
    os.close(reader)
    feed.process(regions(1))
    until(lambda: courier.gone)
    for seq in range(2, 5):
        feed.process(regions(seq))
    feed.finish()
    feed.close()
    assert drained == ([1] if alone else [])
    assert feed.counters()[f"{pipe} sent"] == 1
    if not alone:
        assert [line["seq"] for line in read(out)] == [0, 1, 2, 3, 4]


def test_a_reader_that_pauses_does_not_hold_up_a_stop(tmp_path: Path) -> None:
    """The source can wait, so the graph does; until it is told to stop."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    context = Context()
    feed = Feed(out=str(pipe))
    feed.open(context)
    done: list[int] = []

    def write() -> None:
        for seq in range(1000):  # far more than a pipe and a mailbox hold
            feed.process(regions(seq, *many(3)))
            done.append(seq)

    writer = threading.Thread(target=write)
    writer.start()
    until(lambda: len(done) >= 300)
    context.stopping.set()
    writer.join(60)
    assert not writer.is_alive()
    feed.close()
    os.close(reader)
    assert graph_threads() == []


def test_head_ends_the_program_without_a_traceback() -> None:
    program = """
import sys
import numpy as np
from rtskin.frame import BgrPicture, Frame, Regions, SourceInfo
from rtskin.node import Context
from rtskin.roi.feed import Feed
drained = []
feed = Feed()
feed.open(Context(drain=lambda: drained.append(1)))
frame = Frame(0, BgrPicture(np.zeros((2, 2, 3), np.uint8)), SourceInfo("made", 2, 2))
while not drained:
    feed.process(Regions(frame, []))
feed.finish()
feed.close()
sys.exit(7)
"""
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    assert json.loads(process.stdout.readline())["v"] == 1
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(30) == 7


def test_every_third_message_tells_what_happened_since(tmp_path: Path) -> None:
    found = [(RegionEvent("found", seq, "hand"),) if seq in (0, 1, 3, 4) else () for seq in range(8)]
    packets = [regions(seq, HAND, events=found[seq]) for seq in range(8)]
    run_through(Feed(out=str(tmp_path / "feed.jsonl"), every=3), packets)
    said = [(line["seq"], [event["id"] for event in line["events"]]) for line in read(tmp_path / "feed.jsonl")]
    assert said == [(0, [0]), (3, [1, 3]), (6, [4])]


def test_only_hands(tmp_path: Path) -> None:
    events = (RegionEvent("found", 1, "hand"), RegionEvent("found", 2, "face"))
    packets = [regions(0, FACE, HAND, events=events), regions(1, FACE)]
    run_through(Feed(out=str(tmp_path / "feed.jsonl"), only=["hand"]), packets)
    first, second = read(tmp_path / "feed.jsonl")
    assert ([roi["id"] for roi in first["rois"]], [event["id"] for event in first["events"]]) == ([1], [1])
    assert (second["seq"], second["rois"]) == (1, [])  # an empty list, not silence


def test_crops_are_pictures_of_the_padded_square(tmp_path: Path) -> None:
    run_through(Feed(out=str(tmp_path / "feed.jsonl"), crops=True, crop_quality=95), [regions(0, HAND, FACE)])
    ((hand, face),) = (line["rois"] for line in read(tmp_path / "feed.jsonl"))
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(hand["crop"]), np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (16, 16, 3)
    assert picture[:, 8:].min() > 80  # the picture is of 90; what lies beyond its border is black
    assert picture[:, 0].max() < 40
    assert "crop" not in face  # it has no square


def test_the_picture_is_said_to_be_mirrored(tmp_path: Path) -> None:
    run_through(Feed(out=str(tmp_path / "feed.jsonl"), mirrored=True), 1)
    assert read(tmp_path / "feed.jsonl")[0]["mirrored"] is True


@pytest.mark.parametrize(
    "options", [{"every": 0}, {"crop_quality": 101}, {"crop_side": 1}, {"only": "hand"}, {"only": ["foot"]}]
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=rf"Feed\.{next(iter(options))}"):
        Feed(**options)


def test_labels_that_there_are_not_are_named() -> None:
    with pytest.raises(InputError, match="'face', 'hand' or 'other'"):
        Feed(only=["hands"])


def test_in_a_graph_it_knows_whether_the_source_waits(tmp_path: Path) -> None:
    class Find(NODES.get("roi")):  # type: ignore[misc]
        def process(self, packet: Any) -> Regions:
            return Regions(packet.frame, [HAND])

        takes = ()

    for live in (True, False):
        feed = Feed(out=str(tmp_path / f"{live}.jsonl"))
        graph = Graph().add("source", Count(frames=20, live=live)).add("roi", Find()).add("feed", feed)
        graph.connect("source", "roi").connect("roi", "feed")
        statistics = graph.run()
        assert feed._live is live
        assert statistics.nodes["feed"].counters["messages"] == len(read(tmp_path / f"{live}.jsonl"))
    assert graph_threads() == []


def test_it_is_the_kind_feed() -> None:
    assert NODES.get("feed") is Feed
