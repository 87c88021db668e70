"""Work folders that are removed, also by a process that is killed meanwhile, and what is not removed with them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from rtskin.offline import removal
from rtskin.offline.folder import MANIFEST


def filled(folder: Path) -> Path:
    for name in ("segments", "leases", "finish/0"):
        (folder / name).mkdir(parents=True)
    for name in (MANIFEST, "frames.npy", "segments/000000.mkv", ".manifest.1234.part"):
        (folder / name).write_text("ours")
    return folder


def test_a_removal_that_was_killed_is_ended_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A work folder that is half gone never has its name."""
    folder = filled(tmp_path / "out.mp4.work")
    with monkeypatch.context() as patched:
        patched.setattr(removal.shutil, "rmtree", killed_after(1, shutil.rmtree))
        with pytest.raises(KeyboardInterrupt):
            removal.remove(folder)
    assert [path.name for path in tmp_path.iterdir()] == [".out.mp4.work.done"]
    removal.sweep(folder)
    assert not list(tmp_path.iterdir())


def test_killed_while_it_empties_a_folder_it_leaves_no_work_to_go_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At whatever moment: what has its manifest is whole."""
    real, link = removal.os.replace, tmp_path / "link"
    for moment in range(7):
        folder = filled(tmp_path / f"scratch-{moment}")
        link.symlink_to(folder)
        before = sorted(folder.rglob("*"))
        with monkeypatch.context() as patched:
            patched.setattr(removal.os, "replace", killed_after(moment, real))
            patched.setattr(removal.shutil, "rmtree", killed_after(1, shutil.rmtree))
            with pytest.raises(KeyboardInterrupt):
                removal.remove(link)
        removal.sweep(link)
        if moment == 0:
            assert [path for path in sorted(folder.rglob("*")) if path.name != ".gone"] == before
        else:
            assert not list(folder.iterdir())
        link.unlink()


def killed_after(calls: int, real: Any) -> Any:
    left = [None] * calls

    def call(*arguments: Any, **options: Any) -> Any:
        if not left:
            raise KeyboardInterrupt
        left.pop()
        return real(*arguments, **options)

    return call


def test_what_is_not_ours_stays_with_its_folder(tmp_path: Path) -> None:
    folder = filled(tmp_path / "work")
    (folder / "matte.mkv").write_text("mine")
    removal.remove(folder)
    assert [path.name for path in tmp_path.rglob("*")] == ["work", "matte.mkv"]
    removal.remove(tmp_path / "nowhere")


def test_a_link_stays_and_leads_to_an_empty_folder(tmp_path: Path) -> None:
    """To a disk for such things: the next render keeps its masks there, too."""
    scratch, link = filled(tmp_path / "scratch"), tmp_path / "out.mkv.work"
    link.symlink_to(scratch)
    removal.remove(link)
    assert link.is_symlink()
    assert list(link.iterdir()) == []


def test_the_current_folder_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(filled(tmp_path / "work"))
    removal.remove(Path())
    assert list(Path.cwd().iterdir()) == []
