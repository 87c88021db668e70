"""Fixtures that several parts share. Media is generated here, never committed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real images and clips beside the checkout ($RTSKIN_SHARED overrides); skips where there is none."""
    folder = Path(os.environ.get("RTSKIN_SHARED", _ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"no shared data at {folder}")
    return folder
