"""Workers: the same bytes whoever makes them, whatever stopped them, and no worker that would make others."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from rtskin.errors import InputError, SinkError
from rtskin.offline import worker as module
from rtskin.offline.folder import WorkFolder
from rtskin.offline.leases import Leases
from rtskin.offline.mattes import MatteWriter
from rtskin.offline.stored import stored_masks
from rtskin.offline.worker import Worker

from .conftest import FRAMES, Planned


def digests(folder: WorkFolder) -> list[str]:
    return [record.sha256 for segment in folder.segments if (record := folder.record(segment)) is not None]


def test_all_frames_get_a_mask_once(planned: Planned) -> None:
    folder = planned()
    assert Worker(folder).run()
    assert [number for number, _ in stored_masks(folder)] == list(range(FRAMES))
    assert not list(folder.leases.iterdir())
    assert Worker(folder).run()  # nothing is left to do


def test_stopped_at_any_frame_it_goes_on_to_the_same_bytes(planned: Planned, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = planned("whole")
    Worker(wanted).run()
    folder, made = planned("stopped"), []
    write = MatteWriter.write
    for stop_at in (1, 13, 30):
        stopping = threading.Event()

        def counted(self: MatteWriter, mask: Any, stop_at: int = stop_at, stopping: Any = stopping) -> None:
            write(self, mask)
            made.append(1)
            if len(made) >= stop_at:
                stopping.set()

        monkeypatch.setattr(MatteWriter, "write", counted)
        assert not Worker(folder, stopping).run()
        assert not list(folder.leases.iterdir())
        assert not [path for path in (folder.path / "segments").iterdir() if path.name.endswith(".part")]
        made.clear()
    monkeypatch.setattr(MatteWriter, "write", write)
    assert Worker(folder).run()
    assert digests(folder) == digests(wanted)


def test_two_at_once_share_the_work(planned: Planned) -> None:
    wanted, folder = planned("one"), planned("two")
    Worker(wanted).run()
    workers = [Worker(WorkFolder(folder.path)) for _ in range(2)]
    threads = [threading.Thread(target=worker.run) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert digests(folder) == digests(wanted)
    assert sum(worker.frames for worker in workers) == FRAMES


def test_the_segment_of_a_silent_worker_is_made_by_another(
    planned: Planned, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_LOOK", 0.05)
    folder = planned(lease_seconds=1.0)
    Worker(folder).run()  # so that nothing else is left to do, however long that takes
    for path in (folder.path / "segments").glob("000001.*"):
        path.unlink()
    silent = {"host": "elsewhere", "pid": 1, "started": "1", "frames": 3}
    (folder.leases / "000001.1").write_text(json.dumps(silent))
    assert Worker(folder).run()
    assert len(digests(folder)) == 3
    said = "waiting for the last segments, which are being made by process 1 on elsewhere; whoever is silent for 1 s is"
    assert caplog.text.count(said) == 1


def test_a_worker_with_other_libraries_is_refused_by_name(planned: Planned, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = planned()
    there = module.environment()
    monkeypatch.setattr(module, "environment", lambda: {**there, "numpy": "0.1"})
    with pytest.raises(InputError, match=r"other masks than were planned: numpy is '.*' there, '0\.1' here"):
        Worker(folder).run()
    assert digests(folder) == []


def test_a_worker_with_another_model_is_refused(planned: Planned) -> None:
    folder = planned()
    path = folder.path / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["model"]["card"] = "0" * 64
    path.write_text(json.dumps(manifest))
    with pytest.raises(InputError, match=r"model\.card is '000"):
        Worker(WorkFolder(folder.path)).run()


def test_an_input_that_has_changed_is_refused(planned: Planned, clip: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(clip.read_bytes())
    folder = planned(source=copy)
    copy.write_bytes(clip.read_bytes() + b"more")
    with pytest.raises(InputError, match="not the file any more that was planned with"):
        Worker(folder).run()
    copy.unlink()
    with pytest.raises(OSError, match=r"the input of .* is not here"):
        Worker(folder).run()


def test_masks_of_an_input_that_changes_meanwhile_do_not_count(
    planned: Planned, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It grows while the second segment is made."""
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(clip.read_bytes())
    folder, finish, done = planned(source=copy), MatteWriter.finish, []

    def grown(self: MatteWriter) -> str:
        done.append(1)
        if len(done) == 2:
            copy.write_bytes(clip.read_bytes() + b"more")
        return finish(self)

    monkeypatch.setattr(MatteWriter, "finish", grown)
    with pytest.raises(InputError, match="not the file any more that was planned with"):
        Worker(folder).run()
    assert folder.done() == {0}
    copy.write_bytes(clip.read_bytes())
    assert Worker(folder).run()


def test_an_input_beside_a_folder_that_was_mounted_elsewhere_is_found(
    planned: Planned, clip: Path, tmp_path: Path
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "copy.mp4").write_bytes(clip.read_bytes())
    planned("here/work", source=tmp_path / "here" / "copy.mp4")
    (tmp_path / "here").rename(tmp_path / "there")
    folder = WorkFolder(tmp_path / "there" / "work")
    assert Worker(folder).run()


def test_after_a_full_disk_it_goes_on(planned: Planned, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted, folder = planned("whole"), planned()
    Worker(wanted).run()
    finish, done = MatteWriter.finish, []

    def full(self: MatteWriter) -> str:
        if done:
            raise self._failed(OSError(28, "No space left on device"))
        done.append(1)
        return finish(self)

    monkeypatch.setattr(MatteWriter, "finish", full)
    with pytest.raises(SinkError, match="no space left"):
        Worker(folder).run()
    assert folder.done() == {0}
    assert not list(folder.leases.iterdir())
    monkeypatch.setattr(MatteWriter, "finish", finish)
    assert Worker(folder).run()
    assert digests(folder) == digests(wanted)


def test_what_a_killed_worker_left_half_written_is_removed(planned: Planned) -> None:
    folder = planned()
    folder.make()
    (folder.path / "segments" / ".000001.abcd1234.part").write_text("half")
    Worker(folder).run()
    assert not list((folder.path / "segments").glob(".*"))


def test_a_dead_workers_lease_shows_how_far_it_was(planned: Planned) -> None:
    folder = planned()
    folder.make()
    (folder.leases / "000001.1").write_text(json.dumps({"host": "x", "frames": 3}))
    assert Leases(folder.leases, 60).frames() == 3
