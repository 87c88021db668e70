"""What --sink means."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtskin.errors import InputError, UnknownNameError
from rtskin.registry import NODES
from rtskin.render.sinks.choose import sink_for


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("window", "window"),
        ("null", "null"),
        ("out.mp4", "file"),
        ("some/OUT.MOV", "file"),
        ("window.mkv", "file"),
        ("frames/out.%04d.png", "png"),
        ("frames/", "png"),
    ],
)
def test_words_files_patterns_and_folders(text: str, kind: str) -> None:
    found, options = sink_for(text)
    assert found == kind
    assert NODES.get(found)(**options).emits == "none"
    if kind in ("file", "png"):
        assert options == {"path": Path(text)}


def test_a_folder_that_is_there_is_not_filled_by_a_slip(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder; to fill it with numbered images write"):
        sink_for(str(tmp_path))
    assert sink_for(f"{tmp_path}/") == ("png", {"path": tmp_path})


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("windo", UnknownNameError, "did you mean window"),
        ("", UnknownNameError, "there are"),
        ("out.avi", InputError, r"no sink writes \.avi; there are: window, null, camera, .*files ending in \.mp4"),
        ("out.png", InputError, r"e\.g\. out\.%04d\.png"),
        ("50%.png", InputError, r"e\.g\. 50\.%04d\.png"),
        ("%04d.%d.png", InputError, r"e\.g\. 04d\.d\.%04d\.png"),
        ("a/b", InputError, "there are"),
    ],
)
def test_what_is_none_of_them_is_refused_with_what_there_is(text: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        sink_for(text)
