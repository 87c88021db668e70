"""A file behind a cutout is part of what a render is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtskin.errors import InputError, SourceError
from rtskin.media import cv2
from rtskin.offline.backdrop import digests, refuse_other_files, resolved
from rtskin.offline.manifest import OutputPart

from ..capture.media import make_sound, make_video


def test_colours_are_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert (resolved("00ff00"), digests("00ff00"), digests(None)) == ("00ff00", {}, {})
    Path("sky.png").write_bytes(b"")
    assert resolved("sky.png") == str(tmp_path / "sky.png")


def test_files_are_known_by_what_they_hold(tmp_path: Path) -> None:
    image, video = tmp_path / "sky.png", make_video(tmp_path / "sky.mp4", 3)
    cv2.imwrite(str(image), np.zeros((4, 4, 3), np.uint8))
    before = digests(str(image))
    part = OutputPart(path="a.mkv", view="cutout", files=before | digests(str(video)))
    assert list(part.files) == [str(image), str(video)]
    refuse_other_files([part])
    cv2.imwrite(str(image), np.ones((4, 4, 3), np.uint8))
    assert digests(str(image)) != before
    with pytest.raises(InputError, match=r"sky\.png is not what was planned with"):
        refuse_other_files([part])
    image.unlink()
    with pytest.raises(InputError, match=r"sky\.png is not here; it is needed to write a\.mkv"):
        refuse_other_files([part])


def test_what_holds_no_picture_is_none(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "text.mp4").write_text("no video")
    make_sound(tmp_path / "sound.mp4")
    for name in ("text.png", "text.mp4", "sound.mp4"):
        with pytest.raises(SourceError, match=rf"{name} cannot be a background, use an image or a video: "):
            digests(str(tmp_path / name))
