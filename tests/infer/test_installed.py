from __future__ import annotations

import importlib
import importlib.metadata
import sys
from pathlib import Path
from types import ModuleType

import pytest

from rtskin.errors import MissingExtraError, RuntimeUnavailableError
from rtskin.infer.runtimes import installed


def install(site: Path, name: str, version: str) -> None:
    """A distribution as pip leaves it: a folder with its metadata."""
    folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment in which nothing is installed yet."""
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    importlib.invalidate_caches()
    return tmp_path


def test_none(site: Path) -> None:
    assert installed.onnxruntime_distributions() == {}
    assert installed.conflict() is None


def test_one(site: Path) -> None:
    install(site, "onnxruntime-gpu", "1.23.0")
    assert installed.onnxruntime_distributions() == {"onnxruntime-gpu": "1.23.0"}
    assert installed.conflict() is None


def test_both_overwrite_each_other(site: Path) -> None:
    install(site, "onnxruntime", "1.22.1")
    install(site, "onnxruntime-gpu", "1.23.0")
    assert installed.onnxruntime_distributions() == {"onnxruntime": "1.22.1", "onnxruntime-gpu": "1.23.0"}
    with pytest.raises(RuntimeUnavailableError) as caught:
        installed.require_onnxruntime()
    assert "pip uninstall -y onnxruntime onnxruntime-gpu" in str(caught.value)
    assert "rtskin[gpu]" in str(caught.value)


def test_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"rtskin\[gpu\].*pip install 'rtskin\[cpu\]'"):
        installed.require_onnxruntime()


def test_what_a_half_uninstall_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", ModuleType("onnxruntime"))
    with pytest.raises(MissingExtraError):
        installed.require_onnxruntime()
