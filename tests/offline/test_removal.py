"""Work folders that are removed, also by a process that is killed meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtskin.offline import removal


def test_a_removal_that_was_killed_is_ended_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A work folder that is half gone never has its name."""
    folder = tmp_path / "out.mp4.work"
    (folder / "segments").mkdir(parents=True)
    with monkeypatch.context() as patched:
        patched.setattr(removal.shutil, "rmtree", lambda path, **options: None)
        removal.remove(folder)
    assert [path.name for path in tmp_path.iterdir()] == [".out.mp4.work.done"]
    removal.sweep(folder)
    assert not list(tmp_path.iterdir())
