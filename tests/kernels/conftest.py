"""A module with a small kernel and jobs that meet, die, hang: what helpers can do to a start."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TINY = '''
import hashlib, os, signal, time
from pathlib import Path
import numpy as np
from rtskin.kernels.jit import njit

HERE = Path(__file__).parent

@njit(cache=True)
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

def killed():
    (HERE / f"gone-{os.getpid()}").touch()
    os.kill(os.getpid(), signal.SIGKILL)

def deaf():
    """Compiles, so that helpers start, waits for one, and is then as LLVM is: it comes to no signal."""
    whole()
    wait_for("hangs-*")
    (HERE / f"deaf-{os.getpid()}").touch()
    deafly()

def stays():
    (HERE / f"hangs-{os.getpid()}").touch()
    deafly()

def deafly():
    """Minutes outside of Python, which comes to no signal then; other threads do their work."""
    hashlib.pbkdf2_hmac("sha256", b"", b"", 1_000_000_000)

def hang_here():
    (HERE / f"here-{os.getpid()}").touch()
    time.sleep(600)

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
