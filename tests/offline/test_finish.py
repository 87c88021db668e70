"""The last pass: every frame at its time with its mask; names only for what is complete."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError, OutputExistsError, SinkError
from rtskin.media import av
from rtskin.offline import finish as module
from rtskin.offline.finish import Finished, finish
from rtskin.offline.folder import WorkFolder
from rtskin.offline.output import WriteOutput
from rtskin.offline.stored import stored_masks
from rtskin.offline.worker import Worker

from ..capture.media import make_video, rewrite
from .conftest import FRAMES, Planned


def worked(planned: Planned, *names: str, **options: Any) -> WorkFolder:
    folder = planned(*names, **options)
    assert Worker(folder).run()
    return folder


def output(folder: WorkFolder) -> Path:
    return Path(folder.manifest.outputs[0].path)


def pictures(path: Path) -> list[tuple[float, np.ndarray]]:  # type: ignore[type-arg]
    with av.open(str(path)) as container:
        return [(frame.time, frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]


def test_the_file_holds_every_mask_at_its_frames_time(planned: Planned, clip: Path) -> None:
    folder, seen = worked(planned), []
    assert finish(folder, progress=seen.append) == Finished(FRAMES, 0)
    assert seen[-1] == FRAMES
    got = pictures(output(folder))
    with av.open(str(clip)) as container:
        wanted = [frame.time for frame in container.decode(video=0)]
    assert [time for time, _ in got] == pytest.approx(wanted, abs=0.0005)
    assert all(np.array_equal(one, mask) for (_, one), (_, mask) in zip(got, stored_masks(folder), strict=True))


def test_segments_that_are_not_done_are_counted(planned: Planned) -> None:
    folder = planned()
    with pytest.raises(InputError, match=r"3 of 3 segments of .* are not done; run: rtskin render work"):
        finish(folder)


def test_an_input_that_has_changed_since_its_masks_were_made_is_refused(
    planned: Planned, clip: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(clip.read_bytes())
    folder = worked(planned, source=copy)
    copy.write_bytes(clip.read_bytes() + b"more")
    with pytest.raises(InputError, match="not the file any more that was planned with"):
        finish(folder)
    assert not output(folder).exists()
    copy.write_bytes(clip.read_bytes())
    assert finish(folder) == Finished(FRAMES, 0)


def test_masks_that_are_not_what_was_written_are_made_again(planned: Planned) -> None:
    folder = worked(planned)
    path = folder.mattes(folder.segments[1])
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match="1 of 3 segments"):
        finish(folder)
    assert folder.done() == {0, 2}
    Worker(folder).run()
    assert finish(folder) == Finished(FRAMES, 0)


def test_stopped_it_leaves_no_output_and_begins_again(planned: Planned, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, folder = worked(planned, "whole"), worked(planned)
    finish(whole)
    stopping, write = threading.Event(), WriteOutput.process

    def stop(self: WriteOutput, mask: Any) -> None:
        write(self, mask)
        stopping.set()

    monkeypatch.setattr(WriteOutput, "process", stop)
    assert finish(folder, stopping) is None
    assert not output(folder).exists()
    monkeypatch.setattr(WriteOutput, "process", write)
    assert finish(folder) == Finished(FRAMES, 0)
    assert output(folder).read_bytes() == output(whole).read_bytes()


def test_who_writes_the_same_outputs_is_waited_for_and_named(
    planned: Planned, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_LOOK", 0.05)
    folder = worked(planned, lease_seconds=1.0)
    (folder.leases / "finish.1").write_text('{"host": "elsewhere", "pid": 7}')
    assert finish(folder) == Finished(FRAMES, 0)
    said = "waiting for the outputs, which are being written by process 7 on elsewhere; whoever is silent for 1 s is"
    assert caplog.text.count(said) == 1


@pytest.mark.parametrize("links", [True, False])
def test_killed_between_two_names_it_gives_the_rest(
    planned: Planned, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    folder = worked(planned)
    if not links:  # as on another file system
        monkeypatch.setattr(module.os, "link", lambda *_: (_ for _ in ()).throw(OSError(18, "other device")))
    unlink = Path.unlink

    def killed(self: Path, missing_ok: bool = False) -> None:
        if self.parent.parent == folder.finish and self.suffix != ".part":
            raise KeyboardInterrupt
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", killed)
    with pytest.raises(KeyboardInterrupt):
        finish(folder)
    monkeypatch.setattr(Path, "unlink", unlink)
    assert output(folder).exists()
    assert finish(folder) == Finished(FRAMES, 0)
    assert len(pictures(output(folder))) == FRAMES
    assert finish(folder) == Finished(FRAMES, 0)  # once more does nothing


def test_what_is_there_by_then_is_kept(planned: Planned) -> None:
    folder = worked(planned)
    output(folder).write_text("mine")
    with pytest.raises(OutputExistsError):
        finish(folder)
    assert output(folder).read_text() == "mine"
    output(folder).unlink()
    assert finish(folder) == Finished(FRAMES, 0)


def test_a_full_disk_is_said_and_leaves_room(planned: Planned, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = worked(planned)

    def full(self: WriteOutput, mask: Any) -> None:
        raise SinkError("no space left for it")

    with monkeypatch.context() as patch:
        patch.setattr(WriteOutput, "process", full)
        with pytest.raises(SinkError, match="no space left"):
            finish(folder)
    assert not folder.finish.exists()
    assert finish(folder) == Finished(FRAMES, 0)


def test_frames_that_cannot_be_decoded_hold_the_last_good_mask(planned: Planned, tmp_path: Path) -> None:
    noise = np.random.default_rng(1)
    whole = make_video(tmp_path / "whole.mov", 30, size=(64, 48), codec="png", pixels="rgb24")
    broken = rewrite(whole, tmp_path / "broken.mov", lambda n, data: noise.bytes(len(data)) if 8 <= n < 22 else data)
    folder = worked(planned, source=broken, segment=10, warm_up=4)
    assert finish(folder) == Finished(30, 14)
    got = pictures(output(folder))
    assert [time for time, _ in got] == pytest.approx([n / 30 for n in range(30)], abs=0.0011)
    assert all(np.array_equal(mask, got[7][1]) for _, mask in got[8:22])
    assert not np.array_equal(got[22][1], got[7][1])
