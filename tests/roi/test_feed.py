"""The feed: what a line says, and where lines go when things go wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from rtskin.errors import OutputExistsError, SinkError
from rtskin.frame import BgrPicture, Frame, Region, Regions, SourceInfo
from rtskin.node import Context
from rtskin.registry import NODES
from rtskin.roi.feed import Feed, record
from rtskin.roi.lines import FileLines

INFO = SourceInfo("made", 64, 36)
PICTURE = BgrPicture(np.zeros((36, 64, 3), np.uint8))
HAND = Region(1, (3, 4, 10, 12), 90, 0.87654321)


def regions(seq: int = 0, *found: Region) -> Regions:
    return Regions(Frame(seq, PICTURE, INFO, 40 * seq, Fraction(1, 1000), 1_000_000_000), list(found))


def test_a_record_says_all_of_it() -> None:
    assert record(regions(5, HAND), now_ns=1_012_500_000) == {
        "v": 1,
        "seq": 5,
        "pts": 200,
        "time": 0.2,
        "age_ms": 12.5,
        "width": 64,
        "height": 36,
        "rois": [{"id": 1, "box": [3, 4, 10, 12], "area": 90, "score": 0.8765}],
    }


def test_what_is_not_known_is_null() -> None:
    said = record(Regions(Frame(0, PICTURE, INFO), []))
    assert (said["pts"], said["time"], said["age_ms"], said["rois"]) == (None, None, None, [])


def run_through(feed: Feed, count: int, context: Context | None = None) -> None:
    feed.open(context or Context())
    try:
        for seq in range(count):
            feed.process(regions(seq, HAND))
        feed.finish()
    finally:
        feed.close()


def test_a_file_has_a_line_a_frame_and_its_name_only_at_the_end(tmp_path: Path) -> None:
    out = tmp_path / "feed.jsonl"
    feed = Feed(out=str(out))
    feed.open(Context())
    feed.process(regions(0, HAND))
    assert not out.exists()
    # Each line is out at once, for whoever follows the file.
    (part,) = tmp_path.glob("*.part")
    assert json.loads(part.read_text())["seq"] == 0
    feed.process(regions(1))
    feed.finish()
    feed.close()
    assert [json.loads(line)["seq"] for line in out.read_text().splitlines()] == [0, 1]
    assert feed.counters() == {"lines": 2}
    assert list(tmp_path.iterdir()) == [out]


def test_a_stream_that_broke_leaves_no_file(tmp_path: Path) -> None:
    feed = Feed(out=str(tmp_path / "feed.jsonl"))
    feed.open(Context())
    feed.process(regions(0))
    feed.close()
    assert list(tmp_path.iterdir()) == []


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


def test_a_reader_that_goes_away_drains_the_stream(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    drained: list[int] = []
    feed = Feed(out=str(pipe))
    feed.open(Context(drain=lambda: drained.append(1)))
    feed.process(regions(0))
    os.close(reader)
    for seq in range(1, 4):
        feed.process(regions(seq))
    feed.finish()
    feed.close()
    assert drained == [1]
    assert feed.counters() == {"lines": 1}


def test_a_reader_that_pauses_does_not_hold_up_a_stop(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    context = Context()
    full = threading.Event()
    feed = Feed(out=str(pipe))
    many = [HAND] * 200
    feed.open(context)

    def write() -> None:
        for seq in range(100):  # far more than a pipe holds
            if seq == 3:
                full.set()
            feed.process(regions(seq, *many))

    writer = threading.Thread(target=write)
    writer.start()
    assert full.wait(10)
    context.stopping.set()
    writer.join(60)
    assert not writer.is_alive()
    feed.close()
    os.close(reader)


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


def test_it_is_the_kind_feed() -> None:
    assert NODES.get("feed") is Feed
