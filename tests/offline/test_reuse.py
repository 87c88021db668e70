"""A folder that is there already: gone on with, refused in words of those who asked, or begun afresh."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest

from rtskin.errors import InputError
from rtskin.offline import leases
from rtskin.offline.finish import finish
from rtskin.offline.folder import WorkFolder
from rtskin.offline.leases import Leases
from rtskin.offline.worker import Worker

from ..capture.media import make_video
from .conftest import Planned

SLOW = {"settings": {"smooth.method": "flow"}, "asked": {"--smooth": "flow"}}
NONE = {"settings": {"smooth.method": "none"}, "asked": {"--smooth": "none"}}


def altered(folder: WorkFolder, part: str, **values: Any) -> None:
    """The manifest as if it had been planned elsewhere, or some time ago."""
    path = folder.path / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest[part].update(values)
    path.write_text(json.dumps(manifest))


def test_other_options_are_refused_as_they_were_written(planned: Planned) -> None:
    planned(**SLOW)
    with pytest.raises(
        InputError, match=r"another render, which is not complete: --smooth was flow, is none now\. Go on"
    ):
        planned(**NONE)
    planned("none", **NONE)
    with pytest.raises(InputError, match=r"--smooth was none, is not given now; --segment was not given, is 10 now\."):
        planned("none", segment=10, asked={"--segment": "10"})


def test_the_same_written_in_another_way_is_gone_on_with(planned: Planned) -> None:
    one = planned(start=1.0, asked={"--start": "1"})
    assert planned(start="0:01", asked={"--start": "0:01"}).manifest == one.manifest


def test_whether_outputs_may_be_replaced_is_as_it_is_asked_for_now(planned: Planned) -> None:
    """It makes no other picture, so the same render is gone on with."""
    folder = planned()
    assert Worker(folder).run()
    (output,) = folder.manifest.outputs
    may = output.model_copy(update={"options": {"overwrite": True}})
    again = planned(outputs=[may])
    assert again.manifest == folder.manifest.model_copy(update={"outputs": [may]})
    assert len(again.done()) == len(folder.segments)
    assert planned().manifest == folder.manifest


def test_what_no_option_says_is_named_too(planned: Planned, tmp_path: Path) -> None:
    folder = planned()
    other = make_video(tmp_path / "other.mp4", 20, size=(64, 48))
    with pytest.raises(InputError, match=r"not complete: INPUT was .*clip\.mp4, is .*other\.mp4 now\. Go on"):
        planned(source=other)
    altered(folder, "environment", numpy="0.1")
    with pytest.raises(InputError, match=r"not complete: numpy was 0\.1, is [\d.]+ now\. Go on"):
        planned()
    altered(planned("weights"), "model", card="0" * 64)
    with pytest.raises(InputError, match=r"not complete: the model's card changed\. Go on"):
        planned("weights")
    planned("wired")
    with pytest.raises(InputError, match="not complete: the pipeline, or what rtskin makes of it, is another now"):
        planned("wired", settings={"refine.radius": 2})


def test_a_plan_of_an_earlier_rtskin_that_did_not_note_its_options(planned: Planned) -> None:
    folder = planned(**NONE)
    path = folder.path / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["asked"]
    path.write_text(json.dumps(manifest))
    with pytest.raises(InputError, match=r"its options were others \(an earlier rtskin planned it, and did not"):
        planned(**SLOW)
    assert planned(**NONE).manifest.model == folder.manifest.model


def test_an_input_that_changed_is_called_so(planned: Planned, tmp_path: Path) -> None:
    source = make_video(tmp_path / "own.mp4", 20, size=(64, 48))
    planned(source=source)
    make_video(source, 21, size=(64, 48))
    with pytest.raises(InputError, match=r"not complete: INPUT has changed since\. Go on"):
        planned(source=source)


def test_afresh_the_old_one_is_dropped_and_that_is_said(planned: Planned, caplog: pytest.LogCaptureFixture) -> None:
    old = planned(**SLOW)
    assert Worker(old).run()
    (old.logs / "worker-1.log").touch()
    with caplog.at_level(logging.WARNING, "rtskin"):
        new = planned(**NONE, afresh=True)
    assert "begun afresh" in caplog.text
    assert "--smooth was flow, is none now" in caplog.text
    assert not new.done()
    assert not list(new.logs.iterdir())
    assert [path.name for path in new.path.parent.iterdir()] == ["work"]
    caplog.clear()
    assert Worker(new).run()
    assert planned(**NONE, afresh=True).done() == {0, 1, 2}
    assert not caplog.text


def test_afresh_a_damaged_one_is_dropped(planned: Planned, caplog: pytest.LogCaptureFixture) -> None:
    folder = planned()
    (folder.path / "manifest.json").write_text("{")
    with pytest.raises(
        InputError, match=r"damaged, or of another version of rtskin; plan anew with --overwrite, or in"
    ):
        WorkFolder(folder.path)
    with pytest.raises(InputError, match=r"damaged, .*; begin afresh with --overwrite, or choose another folder$"):
        planned()
    assert planned(afresh=True).manifest == folder.manifest
    assert "damaged" in caplog.text


def test_a_frame_table_that_is_damaged_is_written_anew(planned: Planned) -> None:
    folder = planned()
    table = folder.path / "frames.npy"
    written = table.read_bytes()
    table.write_bytes(written[:-8])
    with pytest.raises(InputError, match="plan again, which writes it anew"):
        Worker(folder).run()
    planned()
    assert table.read_bytes() == written


def test_what_another_works_on_is_not_dropped(planned: Planned) -> None:
    folder = planned(**SLOW)
    (folder.path / "segments" / "000000.json").touch()
    lease = Leases(folder.leases, 60).claim("000001")
    assert lease is not None
    with lease, pytest.raises(InputError, match=rf"is being worked on by process {os.getpid()} on .*; stop that first"):
        planned(**NONE, afresh=True)
    assert folder.done() == {0}
    assert WorkFolder(folder.path).manifest.asked == {"--smooth": "flow"}
    assert planned(**NONE, afresh=True).manifest.asked == {"--smooth": "none"}


def test_what_somebody_worked_on_when_the_power_went_is_dropped(
    planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "_PATIENCE", 0.3)
    folder = planned(**SLOW)
    (folder.leases / "000000.1").write_text(json.dumps({"host": "elsewhere", "pid": 1, "started": "1"}))
    assert planned(**NONE, afresh=True).manifest.asked == {"--smooth": "none"}


def test_afresh_what_has_its_name_already_is_written_once_more(planned: Planned) -> None:
    folder = planned()
    assert Worker(folder).run()
    assert finish(folder) is not None
    out = Path(folder.manifest.outputs[0].path)
    first = out.read_bytes()
    out.unlink()
    assert finish(planned()) is not None, "it is gone: from the masks that are there"
    assert out.read_bytes() == first
    out.write_bytes(b"somebody else's")
    again = planned(afresh=True)
    overwriting = [
        output.model_copy(update={"options": {**output.options, "overwrite": True}})
        for output in again.manifest.outputs
    ]
    altered_outputs(again, overwriting)
    assert finish(WorkFolder(again.path)) is not None
    assert out.read_bytes() == first


def altered_outputs(folder: WorkFolder, outputs: list[Any]) -> None:
    folder.manifest.model_copy(update={"outputs": outputs}).save(folder.path / "manifest.json")


def test_what_cannot_be_read_is_not_dropped(planned: Planned) -> None:
    """A disk that hiccups is no damage; here a folder stands for it, which cannot be read either."""
    folder = planned(**SLOW)
    assert Worker(folder).run()
    manifest, aside = folder.path / "manifest.json", folder.path.parent / "aside"
    manifest.rename(aside)
    manifest.mkdir()
    with pytest.raises(InputError, match=r"manifest\.json cannot be read: Is a directory$"):
        planned(**NONE, afresh=True)
    manifest.rmdir()
    aside.rename(manifest)
    assert len(planned(**SLOW).done()) == len(folder.segments)


def test_masks_without_a_manifest_are_not_taken_over(planned: Planned) -> None:
    folder = planned(**SLOW)
    assert Worker(folder).run()
    (folder.path / "manifest.json").unlink()
    assert planned(**NONE).done() == set()


def test_outputs_keep_their_order(planned: Planned) -> None:
    """What is finished is known by its number."""
    folder = planned()
    first = folder.manifest.outputs[0]
    outputs = [first, first.model_copy(update={"path": f"{first.path}.mkv"})]
    two = planned("two", outputs=outputs)
    assert planned("two", outputs=outputs[::-1]).manifest.outputs == two.manifest.outputs


def test_what_decodes_is_as_it_is_asked_for_now(planned: Planned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rtskin.capture.file.hardware_for", lambda decode: None)  # as if there were a GPU
    assert planned().manifest.decode is None
    assert planned(settings={"source.decode": "cuda"}).manifest.decode == "cuda"
    assert planned().manifest.decode is None
