from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from rtskin import assets, paths
from rtskin.assets import ASSETS, Asset, asset_named, find_asset, place, require_asset
from rtskin.errors import ModelError, UnknownNameError

DATA = b"five fingers"
MADE = Asset("made", "made.task", (), hashlib.sha256(DATA).hexdigest(), len(DATA), "", "")


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "user_folder", lambda kind: tmp_path / "user" / kind)
    return tmp_path / "user" / "models"


def put(folder: Path, data: bytes) -> Path:
    path = place(MADE, folder)
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    return path


def test_every_asset_says_where_it_is_and_what_it_must_be() -> None:
    for name, asset in ASSETS.items():
        assert asset_named(name) is asset
        assert asset.name == name
        assert all(url.startswith("https://") for url in asset.urls)
        assert asset.urls
        assert re.fullmatch("[0-9a-f]{64}", asset.sha256)
        assert asset.size > 0


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean hand-landmarker"):
        asset_named("hand_landmark")


def test_it_is_found_in_the_chosen_folder_before_the_users(
    tmp_path: Path, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_asset(MADE) is None
    mine = put(user, DATA)
    assert find_asset(MADE) == require_asset(MADE) == mine
    monkeypatch.setenv("RTSKIN_MODELS", str(tmp_path / "chosen"))
    assert find_asset(MADE) == mine
    chosen = put(tmp_path / "chosen", DATA)
    assert find_asset(MADE) == chosen


def test_a_missing_one_says_how_to_get_it(user: Path) -> None:
    with pytest.raises(ModelError, match="rtskin models pull made"):
        require_asset(MADE)


def test_another_file_of_its_name_is_refused(user: Path) -> None:
    put(user, DATA + b"!")
    with pytest.raises(ModelError, match=r"is not made .*models pull made --overwrite"):
        assets.require_asset(MADE)
