"""Fixtures that several parts share. Media is generated here, never committed."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[1]


# "auto" is to be the same in every test, and nothing of the user's is to be read or written.
os.environ["RTSKIN_RUNTIME"] = "onnxruntime"
# Tests that run side by side share the cores already: torch's threads would wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# A shell's job in the background ignores Ctrl-C, and so would what the tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    settle()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    if nextitem is None or nextitem.path != item.path:
        settle()


def settle() -> None:
    """What is there now, libraries mostly, is looked through by the garbage collector once more, and then no longer.

    With torch loaded it is half a million objects: to look through them again and again takes a fifth of the time of a test
    that exports, and more than half of one that renders, whose workers collect after each segment.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of what is worked out once for a machine: empty at the start of a session."""
    folder = tmp_path_factory.mktemp("cache")
    before = os.environ.get("RTSKIN_CACHE")
    os.environ["RTSKIN_CACHE"] = str(folder)
    yield folder
    if before is None:
        del os.environ["RTSKIN_CACHE"]
    else:
        os.environ["RTSKIN_CACHE"] = before


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real images and clips beside the checkout ($RTSKIN_SHARED overrides); skips where there is none."""
    folder = Path(os.environ.get("RTSKIN_SHARED", _ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"no shared data at {folder}")
    return folder
