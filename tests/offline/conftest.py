"""A small clip, and work folders planned for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rtskin import paths
from rtskin.graph.spec import read_spec
from rtskin.offline.folder import WorkFolder
from rtskin.offline.manifest import OutputPart
from rtskin.offline.plan import Wanted, plan
from rtskin.riding import with_every

from ..capture.media import make_video

FRAMES = 50
Planned = Callable[..., WorkFolder]


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """50 frames of 64×48, with B-frames and a key frame every 10."""
    return make_video(tmp_path_factory.mktemp("offline") / "clip.mp4", FRAMES, size=(64, 48))


@pytest.fixture
def planned(clip: Path, tmp_path: Path) -> Planned:
    """``planned("work", source=…, segment=…, settings=…)``: a folder of that name, its output a matte beside it."""

    def make(
        name: str = "work",
        source: Path | str = clip,
        settings: dict[str, Any] | None = None,
        every: int | None = None,
        **own: Any,
    ) -> WorkFolder:
        spec, _ = read_spec(paths.find("pipelines", "offline_render"))
        spec = with_every(spec, every, repeats=True)
        spec = spec.override({"infer.model": "ellipse", "source.uri": str(source), **(settings or {})})
        output = OutputPart(path=str(tmp_path / f"{name}.mkv"), view="matte")
        own = {"outputs": [output], "segment": 20, "warm_up": 8, **own}
        return plan(tmp_path / name, Wanted(str(source), spec, **own))

    return make
