"""A folder that is planned anew, or removed, while others work on it: they end, and leave nothing in the new one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rtskin.errors import InputError
from rtskin.offline import finish as module
from rtskin.offline.finish import finish
from rtskin.offline.leases import Leases
from rtskin.offline.mattes import MatteWriter
from rtskin.offline.output import WriteOutput
from rtskin.offline.removal import remove
from rtskin.offline.worker import Worker

from .conftest import Planned

SLOW = {"settings": {"smooth.method": "flow"}, "asked": {"--smooth": "flow"}}
NONE = {"settings": {"smooth.method": "none"}, "asked": {"--smooth": "none"}}

#: Said by those that work on what was dropped.
ANEW = "planned anew for another render meanwhile; this one ends"


def and_then(patched: pytest.MonkeyPatch, owner: Any, name: str, happens: Callable[[], object]) -> None:
    """After the first call of a method."""
    real, called = getattr(owner, name), []

    def call(*arguments: Any, **options: Any) -> Any:
        result = real(*arguments, **options)
        if not called:
            called.append(1)
            happens()
        return result

    patched.setattr(owner, name, call)


@pytest.mark.parametrize(
    ("owner", "name"), [(Worker, "__init__"), (MatteWriter, "write"), (MatteWriter, "finish"), (Leases, "claim")]
)
def test_a_worker_of_what_was_dropped_ends_and_leaves_nothing_in_the_new_one(
    planned: Planned, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str
) -> None:
    """Whether it had not begun yet, had taken a segment, made half of it, or all."""
    folder = planned(**SLOW)
    monkeypatch.setattr(Leases, "holder", lambda leases: None)  # it was silent for long
    with monkeypatch.context() as patched:
        and_then(patched, owner, name, lambda: planned(**NONE, afresh=True))
        worker = Worker(folder)
        with pytest.raises(InputError, match=ANEW):
            worker.run()
    assert bool(worker.frames) is (owner is MatteWriter), "nothing is begun that is for nobody"
    new = planned(**NONE)
    assert new.done() == set()
    assert Worker(new).run()


@pytest.mark.parametrize(
    ("owner", "name"), [(Leases, "__init__"), (WriteOutput, "process"), (WriteOutput, "finish"), (module, "_mark")]
)
def test_outputs_of_what_was_dropped_get_no_names(
    planned: Planned, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str
) -> None:
    """Whether the last pass had not begun yet, was under way, or had just come to its end."""
    folder = planned(**SLOW)
    assert Worker(folder).run()
    monkeypatch.setattr(Leases, "holder", lambda leases: None)
    with monkeypatch.context() as patched:
        and_then(patched, owner, name, lambda: Worker(planned(**NONE, afresh=True)).run())
        with pytest.raises(InputError, match=ANEW):
            finish(folder)
    assert not Path(folder.manifest.outputs[0].path).exists()
    assert not (planned(**NONE).finish / "complete").exists()


@pytest.mark.parametrize(("owner", "name"), [(Leases, "__init__"), (module, "_mark")])
def test_outputs_of_another_render_are_not_taken_for_its_own(
    planned: Planned, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, owner: Any, name: str
) -> None:
    """What was planned anew is complete already, when the one that was dropped begins its last pass or has ended it."""
    folder = planned(**SLOW)
    assert Worker(folder).run()
    (output,) = folder.manifest.outputs
    other = output.model_copy(update={"path": str(tmp_path / "other.mkv")})

    def completed() -> None:
        new = planned(**NONE, outputs=[other], afresh=True)
        assert Worker(new).run()
        assert finish(new) is not None

    monkeypatch.setattr(Leases, "holder", lambda leases: None)
    and_then(monkeypatch, owner, name, completed)
    with pytest.raises(InputError, match=ANEW):
        finish(folder)
    assert Path(other.path).exists()
    assert not Path(output.path).exists()


def test_a_folder_that_is_gone_is_called_so(planned: Planned, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same render was begun twice, and the other was faster."""
    for owner, name, step in ((MatteWriter, "write", Worker.run), (module, "_mark", lambda one: finish(one._folder))):
        folder = planned()
        if step is not Worker.run:
            Worker(folder).run()
        worker = Worker(folder)
        with monkeypatch.context() as patched:
            and_then(patched, owner, name, partial(remove, folder.path))
            with pytest.raises(InputError, match="is gone: somebody else has completed this render, or removed it"):
                step(worker)
        assert not folder.path.exists()
