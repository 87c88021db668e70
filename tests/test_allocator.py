from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

#: Twelve blocks of 8 MB, of which all but the last go: what lies below it stays with the process where it lies in one heap.
_WORK = """
import os, sys
import numpy as np
from rtskin.allocator import give_back_large_blocks

def held():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

if sys.argv[1] == "given back":
    assert give_back_large_blocks()
np.ones(8 << 20, np.uint8)
before = held()
blocks = [np.ones(8 << 20, np.uint8) for _ in range(12)]
del blocks[:-1]
print(held() - before)
"""


def _more(way: str) -> float:
    done = subprocess.run([sys.executable, "-c", _WORK, way], capture_output=True, text=True, check=True, timeout=60)
    return float(done.stdout)


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc" or not Path("/proc/self/statm").exists(), reason="this is about glibc's malloc"
)
def test_large_blocks_go_back_to_the_system() -> None:
    assert _more("kept") > 60
    assert _more("given back") < 20
