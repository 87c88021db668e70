"""A disk that runs full, for real, at every stage of a render; space is made, and the same command goes on."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.capture.media import make_video
from tests.cli.conftest import Outcome

Rtskin = Callable[..., Outcome]
SIZE = 4 << 20
OPTIONS = ("--model", "ellipse", "--segment", "20", "--view", "overlay")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    if shutil.which("mount") is None:
        pytest.skip("needs the command mount")
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("disk") / "video.mp4", 60, size=(160, 120))


def fill(disk: Path, room: int) -> Path:
    """Leaves that many bytes."""
    filler = disk / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(disk).free - room))
    return filler


@pytest.mark.timeout(300)
def test_the_same_command_goes_on_after_space_is_made(rtskin: Rtskin, video: Path, tmp_path: Path, disk: Path) -> None:
    wanted, out = tmp_path / "wanted.mp4", disk / "out.mp4"
    assert rtskin("render", video, wanted, *OPTIONS).status == 0
    assert rtskin("render", "plan", disk / "out.mp4.work", video, out, *OPTIONS).status == 0
    planned = shutil.disk_usage(disk).used
    assert rtskin("render", "work", disk / "out.mp4.work").status == 0
    worked = shutil.disk_usage(disk).used
    shutil.rmtree(disk / "out.mp4.work")
    # In the plan, in the first segment, in a later one, and in the last pass.
    rooms = {"plan": 0, "first": planned + 8192, "later": (planned + worked) // 2 + 8192, "output": worked + 16384}
    done = {}
    for stage, room in rooms.items():
        filler = fill(disk, room)
        outcome = rtskin("render", video, out, *OPTIONS)
        assert outcome.status == 1, (stage, outcome.err)
        last = outcome.err.strip().splitlines()[-1]
        assert last.startswith("rtskin: "), (stage, outcome.err)
        assert "no space left" in last.lower(), (stage, last)
        assert not out.exists(), stage
        done[stage] = len(list(disk.glob("out.mp4.work/segments/*.json")))
        if stage != "plan":
            assert "what is done is kept in" in last, (stage, last)
        filler.unlink()
        outcome = rtskin("render", video, out, *OPTIONS)
        assert outcome.status == 0, (stage, outcome.err)
        assert out.read_bytes() == wanted.read_bytes(), stage
        assert [path.name for path in disk.iterdir()] == ["out.mp4"], stage
        out.unlink()
    assert done["plan"] == done["first"] == 0
    assert done["later"] in (1, 2)
    assert done["output"] == 3
