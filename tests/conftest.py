"""Fixtures that several parts share. Media is generated here, never committed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[1]


# "auto" is to be the same in every test, and nothing of the user's is to be read or written.
os.environ["RTSKIN_RUNTIME"] = "onnxruntime"
# Tests that run side by side share the cores already: torch's threads would wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")


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
