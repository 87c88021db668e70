"""numba is loaded without scipy, which is there for everybody else."""

from __future__ import annotations

import json
import subprocess
import sys

CODE = """
import json, sys
from rtskin.kernels.numba_alone import load_numba
{before}
load_numba()
import numba.np.arraymath as arraymath
loaded = "scipy.linalg" in sys.modules
import scipy.linalg
print(json.dumps([loaded, arraymath._HAVE_BLAS, "scipy.linalg" in sys.modules]))
"""


def run(before: str) -> list[bool]:
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(before=before)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: list[bool] = json.loads(done.stdout)
    return found


def test_scipy_is_not_loaded_and_is_there_when_it_is_asked_for() -> None:
    assert run("") == [False, True, True]


def test_where_scipy_is_loaded_nothing_is_done() -> None:
    assert run("import scipy.linalg") == [True, True, True]
