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


glibc = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc" or not Path("/proc/self/statm").exists(), reason="this is about glibc's malloc"
)

#: How many heaps glibc says it has, after eight threads that live at once asked for memory.
_THREADS = """
import ctypes, os, sys, tempfile, threading
from rtskin.allocator import share_heaps

if sys.argv[1] == "shared":
    assert share_heaps()
meet = threading.Barrier(8)
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)

def work():
    meet.wait()
    libc.malloc(50_000)
    meet.wait()

threads = [threading.Thread(target=work) for _ in range(8)]
[one.start() for one in threads]
[one.join() for one in threads]
libc.fopen.restype, libc.malloc_info.argtypes = ctypes.c_void_p, (ctypes.c_int, ctypes.c_void_p)
libc.fclose.argtypes = (ctypes.c_void_p,)
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "info").encode()
    file = libc.fopen(path, b"w")
    libc.malloc_info(0, file)
    libc.fclose(file)
    print(open(path).read().count("<heap nr="))
"""


@glibc
def test_threads_share_heaps() -> None:
    counts = []
    for way in ("own", "shared"):
        words = [sys.executable, "-c", _THREADS, way]
        counts.append(int(subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout))
    assert counts[0] > 4
    assert counts[1] <= 2


@glibc
def test_large_blocks_go_back_to_the_system() -> None:
    assert _more("kept") > 60
    assert _more("given back") < 20


#: Faults of twenty steps that each need two blocks of 64 MB for a while.
_STEPS = """
import resource, sys
import numpy as np
from rtskin.allocator import keep_large_blocks

if sys.argv[1] == "kept":
    assert keep_large_blocks()

def step():
    one, other = np.empty(64 << 20, np.uint8), np.empty(64 << 20, np.uint8)
    one[::4096] = other[::4096] = 1

step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@glibc
def test_blocks_that_are_kept_cost_no_page_faults() -> None:
    faults = {}
    for way in ("usual", "kept"):
        done = subprocess.run(
            [sys.executable, "-c", _STEPS, way], capture_output=True, text=True, check=True, timeout=60
        )
        faults[way] = int(done.stdout)
    assert faults["kept"] < faults["usual"] / 20
