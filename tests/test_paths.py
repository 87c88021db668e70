from __future__ import annotations

from pathlib import Path

import pytest

from rtskin import paths
from rtskin.errors import InputError, UnknownNameError


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "user_folder", lambda kind: tmp_path / "user" / kind)
    return tmp_path / "user"


def card(folder: Path, name: str) -> Path:
    path = folder / name / "model.toml"
    path.parent.mkdir(parents=True)
    path.write_text("")
    return path


def test_the_variable_comes_first_then_the_user_then_the_bundled(
    tmp_path: Path, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert paths.find("models", "ellipse") == paths.bundled_folder("models") / "ellipse" / "model.toml"
    mine = card(user / "models", "ellipse")
    assert paths.find("models", "ellipse") == mine
    chosen = card(tmp_path / "chosen", "ellipse")
    monkeypatch.setenv("RTSKIN_MODELS", str(tmp_path / "chosen"))
    assert paths.find("models", "ellipse") == chosen


def test_a_path_is_a_path(tmp_path: Path) -> None:
    path = card(tmp_path, "mine")
    assert paths.find("models", path) == path
    assert paths.find("models", path.parent) == path
    with pytest.raises(InputError, match="there is no model at"):
        paths.find("models", tmp_path / "no")


def test_an_unknown_name_gets_the_nearest(user: Path) -> None:
    with pytest.raises(UnknownNameError, match="no model is called 'elipse'; did you mean ellipse"):
        paths.find("models", "elipse")


def test_names_are_those_of_all_folders(user: Path) -> None:
    card(user / "models", "mine")
    assert {"ellipse", "mine"} <= set(paths.names("models"))
    assert {"live_overlay", "offline_render", "gesture_roi"} <= set(paths.names("pipelines"))


def test_a_home_that_may_not_be_looked_at_is_passed_by(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = Path.is_file

    def is_file(path: Path) -> bool:
        if user in path.parents:
            raise PermissionError(13, "Permission denied", str(path))
        return refused(path)

    monkeypatch.setattr(Path, "is_file", is_file)
    assert paths.find("models", "ellipse") == paths.bundled_folder("models") / "ellipse" / "model.toml"
