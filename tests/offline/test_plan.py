"""Plans: everything settled, the same for the same wishes, and another's folder never touched."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from rtskin.capture.table import FrameTable
from rtskin.errors import InputError, NoFramesError
from rtskin.offline.folder import WorkFolder
from rtskin.offline.plan import evenly, warm_up_for
from rtskin.preprocess.skip import STRETCH

from .conftest import FRAMES, Planned


def test_every_auto_is_settled(planned: Planned) -> None:
    manifest = planned().manifest
    nodes = manifest.pipeline["nodes"]
    assert nodes["smooth"]["options"]["method"] == "flow"
    assert nodes["infer"]["options"]["device"] == "cpu"
    assert nodes["infer"]["options"]["threads"] == 1
    assert "render" not in nodes
    assert "sink" not in nodes
    assert manifest.model["name"] == "ellipse"
    assert (manifest.segments.first, manifest.segments.last, manifest.segments.tail) == (0, FRAMES, 0)
    assert {"numpy", "opencv", "av", "ffmpeg", "cpu"} <= set(manifest.environment)


def test_what_masks_look_ahead_to_is_looked_at_too(planned: Planned) -> None:
    assert planned(settings={"smooth.lookahead": 3}).manifest.segments.tail == 3


def test_before_a_segment_there_is_a_stretch_where_frames_are_skipped(planned: Planned) -> None:
    plain, skips = planned(warm_up=None), planned("skips", warm_up=None, settings={"preprocess.skip": True})
    assert skips.manifest.segments.warm_up == plain.manifest.segments.warm_up + STRETCH


@pytest.mark.parametrize(("rate", "frames"), [(30, 32), (60, 64), (24, 26), (1, 8), (500, 256)])
def test_the_warm_up_is_a_stretch_of_time(rate: int, frames: int) -> None:
    pts, some = np.arange(20), np.ones(20, np.bool_)
    assert warm_up_for(FrameTable(Fraction(1, rate), pts, pts, some, some, True)) == frames
    assert warm_up_for(FrameTable(Fraction(1, rate), pts, pts, some, some, False)) == 32


@pytest.mark.parametrize(
    ("frames", "most", "each"), [(1, 512, 1), (512, 512, 512), (513, 512, 257), (600, 512, 300), (1025, 512, 342)]
)
def test_segments_are_of_one_size(frames: int, most: int, each: int) -> None:
    assert evenly(frames, most) == each


def test_the_same_plan_again_finds_the_same_folder(planned: Planned) -> None:
    one, other = planned(), planned()
    assert one.manifest == other.manifest
    assert isinstance(other, WorkFolder)


def test_an_input_that_moved_is_the_same(planned: Planned, clip: Path, tmp_path: Path) -> None:
    planned()
    moved = tmp_path / "moved.mp4"
    moved.write_bytes(clip.read_bytes())
    assert planned(source=moved).manifest.input.path == str(clip)


def test_a_folder_of_something_else_is_not_touched(planned: Planned, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match=r"is no work folder, it holds thesis\.txt"):
        planned()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="is a file"):
        planned("file")
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["thesis.txt"]
    with pytest.raises(InputError, match=r"there is no folder .*nowhere; make it first"):
        planned("nowhere/work")
    (tmp_path / "link").symlink_to(tmp_path / "unmounted")
    with pytest.raises(InputError, match=r"link is a link to .*/unmounted, which is not there; make that first"):
        planned("link")


def test_a_folder_whose_plan_was_cut_off_is_planned_again(planned: Planned, tmp_path: Path) -> None:
    whole = planned()
    (tmp_path / "work" / "manifest.json").unlink()
    assert planned().manifest == whole.manifest


def test_what_cannot_be_leaves_no_folder(planned: Planned, tmp_path: Path) -> None:
    with pytest.raises(NoFramesError, match="no frame between"):
        planned(start=99.0)
    with pytest.raises(InputError):
        planned(settings={"smooth.strength": 7})
    assert not (tmp_path / "work").exists()


def test_a_manifest_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is no work folder, it has no manifest\.json"):
        WorkFolder(tmp_path)
    (tmp_path / "clip.mp4").touch()
    with pytest.raises(InputError, match=r"clip\.mp4 is no work folder, it has no manifest\.json"):
        WorkFolder(tmp_path / "clip.mp4")
    (tmp_path / "manifest.json").write_text('{"format": 2}')
    with pytest.raises(InputError, match="is damaged, or of another version of rtskin; plan anew with --overwrite"):
        WorkFolder(tmp_path)


def test_a_frame_table_that_is_not_the_planned_one_is_said(planned: Planned) -> None:
    folder = planned()
    (folder.path / "frames.npy").write_bytes(b"other")
    with pytest.raises(InputError, match="is not the one of its manifest"):
        _ = WorkFolder(folder.path).table
