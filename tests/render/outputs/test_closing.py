"""What an output holds for its views, files and nodes, is given back with it, whether it was finished or not."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from rtskin.node import Context
from rtskin.render.outputs import open_output
from rtskin.render.outputs.options import OutputOptions
from rtskin.render.outputs.pipe import PipeOutput
from rtskin.roi.attach import AttachRegions
from tests.capture.media import make_video

from .conftest import decoded, masked

ENDINGS = ["out.mkv", "out.%04d.png", "-"]


def held(path: Path) -> int:
    """How often this process has the file open."""
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("needs Linux: /proc says which files are open")
    return sum(os.path.realpath(one) == str(path.resolve()) for one in descriptors.iterdir())


def render(place: Path, ending: str, view: str, finish: bool) -> None:
    output = PipeOutput(view, OutputOptions(), io.BytesIO()) if ending == "-" else open_output(place / ending, view)
    output.write(masked(decoded("yuv420p")))
    if finish:
        output.finish()
    output.abandon()


@pytest.mark.parametrize("finish", [True, False])
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_video_behind_the_skin_is_closed(ending: str, finish: bool, tmp_path: Path) -> None:
    behind = make_video(tmp_path / "behind.mp4", 5, size=(64, 48))
    render(tmp_path, ending, f"cutout:background={behind}", finish)
    assert held(behind) == 0


@pytest.mark.parametrize("finish", [True, False])
@pytest.mark.parametrize("ending", ENDINGS)
def test_what_looks_for_regions_is_closed(
    ending: str, finish: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    begin, end = AttachRegions.open, AttachRegions.close

    def opened(node: AttachRegions, context: Context) -> None:
        told.append("opened")
        begin(node, context)

    def closed(node: AttachRegions) -> None:
        told.append("closed")
        end(node)

    monkeypatch.setattr(AttachRegions, "open", opened)
    monkeypatch.setattr(AttachRegions, "close", closed)
    render(tmp_path, ending, "rois", finish)
    assert told == ["opened", "closed"]
