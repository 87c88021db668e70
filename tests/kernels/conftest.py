"""A module with a small kernel and jobs that meet, die, hang: what helpers can do to a start."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TINY = '''
import os, time
from pathlib import Path
import numba
import numpy as np

HERE = Path(__file__).parent

@numba.njit(cache=True)
def kernel(values, by):
    total = 0
    for value in values:
        total += value * by
    return total

def whole():
    (HERE / f"whole-{os.getpid()}").touch()
    kernel(np.ones(3, np.int64), 1)

def real():
    (HERE / f"real-{os.getpid()}").touch()
    kernel(np.ones(3, np.float32), 1)

def wait_for(pattern):
    end = time.monotonic() + 60
    while not list(HERE.glob(pattern)):
        assert time.monotonic() < end
        time.sleep(0.01)

def until_real():
    """Compiles, so that helpers start, and stays until one of them has begun the next job."""
    whole()
    wait_for("real-*")

def until_gone():
    whole()
    wait_for("gone-*")

def die():
    (HERE / f"gone-{os.getpid()}").touch()
    os._exit(3)

def hang():
    (HERE / f"gone-{os.getpid()}").touch()
    time.sleep(600)

def fail():
    kernel(np.ones(3, np.complex64), "no number")
'''


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Its folder; numba keeps what it compiles there."""
    import numba

    (tmp_path / "rtskin_tiny.py").write_text(TINY)
    monkeypatch.syspath_prepend(tmp_path)
    root = Path(__file__).resolve().parents[2]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(root)]))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "numba"))
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "numba"))
    monkeypatch.delitem(sys.modules, "rtskin_tiny", raising=False)
    yield tmp_path
    sys.modules.pop("rtskin_tiny", None)
