"""The package as people install it: light to import, whole in every form, its public surface guarded."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import rtskin
from rtskin import errors

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("numpy", "cv2", "av", "numba", "torch", "mediapipe", "onnxruntime", "pydantic", "typer")


def python(code: str, *, cwd: Path, path: Path | None = None) -> str:
    """What a fresh interpreter prints, started somewhere else, with a clean environment."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("RTSKIN_", "PYTHON"))}
    if path:
        env["PYTHONPATH"] = str(path)
    done = subprocess.run([sys.executable, "-c", code], cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_import_is_light(tmp_path: Path) -> None:
    loaded = python(f"import rtskin, sys; print([m for m in {HEAVY!r} if m in sys.modules])", cwd=tmp_path)
    assert loaded == "[]"


def test_the_public_surface() -> None:
    assert set(rtskin.__all__) == {
        "Frame", "Graph", "GraphSpec", "Mask", "Node", "NodeOptions", "Region", "RegionEvent", "Regions", "Segmenter",
        "Source", "__version__", "list_models", "open_source", "regions", "stream", "view",
        *[name for name in vars(errors) if name.endswith("Error")],
    }  # fmt: skip
    for name in rtskin.__all__:
        assert getattr(rtskin, name) is not None
    assert dir(rtskin) == sorted(rtskin.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Segmentr'"):
        _ = rtskin.Segmentr


def test_the_error_tree_is_the_one_in_its_docstring() -> None:
    drawn = {line.strip("│├└─ ").split()[0]: line.split() for line in errors.__doc__.splitlines() if "Error" in line}
    for name, error in vars(errors).items():
        if isinstance(error, type) and issubclass(error, errors.RtskinError):
            stated = [word for word in drawn[name] if isinstance(getattr(builtins, word, None), type)]
            assert all(issubclass(error, getattr(builtins, word)) for word in stated)
            assert stated or error in (errors.RtskinError, errors.GraphSpecError, errors.NoFramesError)


FIND = (
    "from rtskin import paths; from pathlib import Path;"
    "print(paths.bundled_folder('models'), paths.find('pipelines', 'live_overlay'), paths.find('models', 'ellipse'))"
)


def contents(folder: Path) -> set[str]:
    """Names of the data files below models/ and pipelines/."""
    return {
        path.relative_to(folder).as_posix()
        for kind in ("models", "pipelines")
        for path in (folder / kind).rglob("*")
        if path.is_file()
    }


def test_a_checkout_finds_its_data(tmp_path: Path) -> None:
    assert str(ROOT / "models") in python(FIND, cwd=tmp_path, path=ROOT)


def test_a_folder_beside_the_package_counts_only_if_the_project_is_rtskin(tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "models").mkdir(parents=True)
    (site / "rtskin").symlink_to(tmp_path / "package")
    (tmp_path / "package").mkdir()
    copy = site.resolve() / "copy"
    copy.mkdir()
    for name in ("__init__.py", "errors.py", "paths.py"):
        (copy / name).write_text((ROOT / "rtskin" / name).read_text("utf-8"), "utf-8")
    (site / "rtskin").unlink()
    copy.rename(site / "rtskin")
    code = (
        "from rtskin import paths, errors\ntry: paths.bundled_folder('models')\nexcept errors.InputError as e: print(e)"
    )
    assert "bundled models are missing" in python(code, cwd=tmp_path, path=site)
    (site / "pyproject.toml").write_text('[project]\nname = "another"\n')
    assert "bundled models are missing" in python(code, cwd=tmp_path, path=site)


@pytest.mark.slow
def test_wheel_and_sdist_hold_the_same_and_work(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path / "dist"), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)  # the wheel is built from the sdist
    direct = [*build[:4], "--wheel", "--outdir", str(tmp_path / "direct"), str(ROOT)]
    subprocess.run(direct, check=True, capture_output=True)
    (wheel,), (sdist,) = (tmp_path / "dist").glob("*.whl"), (tmp_path / "dist").glob("*.tar.gz")
    (other,) = (tmp_path / "direct").glob("*.whl")

    names = zipfile.ZipFile(wheel).namelist()
    assert sorted(names) == sorted(zipfile.ZipFile(other).namelist())
    assert {name.split("/")[0].split("-")[0] for name in names} == {"rtskin"}
    assert "rtskin/py.typed" in names
    data = {name.removeprefix("rtskin/_data/") for name in names if name.startswith("rtskin/_data/")}
    assert data == contents(ROOT)
    assert wheel.stat().st_size < 60e6
    with tarfile.open(sdist) as archive:
        assert not [name for name in archive.getnames() if "/.venv/" in name or "/runs/" in name]

    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    # -S-like isolation: the wheel's own folder comes first on the path, so it is what is imported.
    assert str(site / "rtskin" / "_data" / "models") in python(FIND, cwd=tmp_path, path=site)


@pytest.mark.slow
@pytest.mark.timeout(300)  # it makes an environment
def test_an_editable_install_finds_the_checkouts_data(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env")], check=True)
    interpreter = tmp_path / "env" / "bin" / "python"
    here = subprocess.run(
        [sys.executable, "-c", "import hatchling; print(hatchling.__path__[0])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    env = {**os.environ, "PYTHONPATH": str(Path(here).parent)}  # the build backend, without a network
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(interpreter),
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--editable",
        str(ROOT),
    ]
    subprocess.run(pip, check=True, env=env, capture_output=True)
    env = {key: value for key, value in os.environ.items() if not key.startswith(("RTSKIN_", "PYTHON"))}
    env["PYTHONPATH"] = str(Path(here).parent)  # the dependencies; rtskin itself is only linked there
    done = subprocess.run(
        [str(interpreter), "-c", FIND], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert str(ROOT / "models") in done.stdout, done.stderr
