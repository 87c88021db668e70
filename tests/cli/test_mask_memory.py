"""rtskin mask where the memory of the process ends before what was asked for: said, with what is needed, and no crash."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.infer.conftest import MakeCard, make_card

from .test_mask import files, photo, save

__all__ = ["make_card"]

#: Of 64 channels a network holds 256 bytes a pixel: 1 GB at 2048×2048.
CHANNELS = 64
#: So many megabytes more than a process has that has loaded everything.
ROOM = 500
#: Everything is loaded and has run before the limit is set: what is short then is what the network asks for.
CHILD = """
import resource, sys
from pathlib import Path
from rtskin.cli.main import run

room, first, *arguments = sys.argv[1:]
try:
    run(first.split("\\n"))
except SystemExit as end:
    assert not end.code, end.code
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + int(room) * 1_000_000,) * 2)
run(arguments)
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of memory, and where it is read, are Linux's")


def run(folder: Path, card: Path, arguments: Sequence[object]) -> subprocess.CompletedProcess[str]:
    """rtskin mask in a process of its own that may take ROOM more than a call for a small input took before it."""
    common = ["--model", str(card), "--fast", "--no-mirror", "--device", "cpu", "--runtime", "onnxruntime"]
    small = save(folder / "small.png", photo(64, 64))
    first = ["mask", str(small), "--out", str(folder / "first"), *common, "--size", "64x64"]
    command = [sys.executable, "-c", CHILD, str(ROOM), "\n".join(first), "mask", *map(str, arguments), *common]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def wide(make_card: MakeCard, **parts: object) -> Path:
    weights = [[1 / 64, 0.0, -1 / 64]] * CHANNELS
    given = {"width": 64, "height": 64, "shapes": [[64, 64], [4096, 1024]]}
    path = make_card(net={"weights": weights, "size": ("h", "w")}, input=given, **parts).path
    assert path is not None
    return path


def test_a_size_that_does_not_fit_says_what_it_needs_and_offers_tiles(make_card: MakeCard, tmp_path: Path) -> None:
    card, image, out = wide(make_card), save(tmp_path / "a.png"), tmp_path / "out"
    done = run(tmp_path, card, [image, "--out", out, "--size", "2048x2048"])
    assert done.returncode == 1, done.stderr
    (line,) = done.stderr.splitlines()[1:]  # the first is of the call before
    assert re.match(
        r"rtskin: 'tiny' needs about [23]\.\d GB of memory at 2048×2048 and 0\.\d GB are free; use", line
    ), line
    assert line.endswith("or let a small network work in tiles (--model mobile-unet --refine)")
    assert not files(out)
    # The very same fits, smaller.
    done = run(tmp_path, card, [image, "--out", out, "--size", "512x512"])
    assert done.returncode == 0, done.stderr
    assert files(out) == ["a.png"]


def test_an_image_whose_shape_does_not_fit_stops_no_other(make_card: MakeCard, tmp_path: Path) -> None:
    card, out = wide(make_card), tmp_path / "out"
    images = [save(tmp_path / f"{name}.png", photo(60, width)) for name, width in (("a", 60), ("b", 240), ("c", 60))]
    done = run(tmp_path, card, [*images, "--out", out, "--size", "still"])
    assert done.returncode == 1, done.stderr
    assert re.search(r"'tiny' needs about [23]\.\d GB of memory at 4096×1024 and 0\.\d GB are free; use", done.stderr)
    assert "Traceback" not in done.stderr
    assert files(out) == ["a.png", "c.png"]


def test_a_card_that_says_what_it_needs_is_refused_before_it_is_loaded(make_card: MakeCard, tmp_path: Path) -> None:
    card = wide(make_card, memory_mb=1)
    done = run(tmp_path, card, [save(tmp_path / "a.png"), "--out", tmp_path / "out", "--size", "2048x2048"])
    assert done.returncode == 1, done.stderr
    assert "'tiny' needs about 1.0 GB of memory at 2048×2048 and 0." in done.stderr
