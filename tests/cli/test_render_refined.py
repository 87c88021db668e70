"""rtskin render --refine: from the command line, and in segments as in one run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rtskin.cli.refined import with_refinement
from rtskin.cli.render_options import PlanOptions
from rtskin.cli.render_spec import spec_for
from rtskin.errors import GraphSpecError
from rtskin.graph.spec import GraphSpec
from rtskin.media import av, cv2
from rtskin.offline.folder import WorkFolder
from rtskin.offline.manifest import OutputPart
from rtskin.offline.plan import Wanted, plan
from rtskin.offline.stored import stored_masks
from rtskin.offline.worker import Worker

from .conftest import Outcome
from .test_mask import no_models, refiner

__all__ = ["no_models"]

Rtskin = Callable[..., Outcome]
pytest.importorskip("onnx")


@pytest.fixture(scope="module")
def swinging(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """90 frames of a disc of the colour of skin that swings."""
    path = tmp_path_factory.mktemp("media") / "swinging.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=30)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "bgr0"
        for number in range(90):
            picture = np.full((96, 128, 3), (40, 160, 60), np.uint8)
            cv2.circle(picture, (round(64 + 30 * np.sin(0.1 * number)), 48), 22, (120, 150, 215), -1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "bgr24").reformat(format="bgr0")))
        container.mux(stream.encode(None))
    return path


def masks(folder: WorkFolder) -> list[np.ndarray]:
    assert Worker(folder).run()
    return [mask.copy() for _, mask in stored_masks(folder)]


def test_segments_are_as_one_run_and_the_weights_are_planned(swinging: Path, tmp_path: Path) -> None:
    card = refiner(tmp_path / "sharp")
    options = PlanOptions(source=str(swinging), output="o.mkv", model="ellipse", refiner=str(card), threads=1)
    seen = {}
    for name, segment in (("parts", 35), ("whole", 1000), ("plain", 1000)):
        spec = spec_for(options) if name != "plain" else spec_for(PlanOptions(source=str(swinging), model="ellipse"))
        output = OutputPart(path=str(tmp_path / f"{name}.mkv"), view="matte")
        folder = plan(tmp_path / name, Wanted(str(swinging), spec, [output], segment=segment))
        if name != "plain":
            planned = folder.manifest.pipeline["nodes"]["chunked"]["options"]
            assert planned["weights"]
            assert planned["runtime"] == "onnxruntime"
        seen[name] = masks(folder)
    apart = [
        float((cv2.absdiff(one, other) > 1).mean()) for one, other in zip(seen["parts"], seen["whole"], strict=True)
    ]
    assert np.mean(apart) <= 0.001
    assert np.mean([cv2.absdiff(*pair).mean() for pair in zip(seen["whole"], seen["plain"], strict=True)]) > 1


def test_from_the_command_line(rtskin: Rtskin, clip: Path, tmp_path: Path, no_models: Path) -> None:
    card = refiner(tmp_path / "sharp")
    done = rtskin("render", clip, tmp_path / "a.mkv", "--model", "ellipse", "--refine", "--refiner", card, "--tiles", 3)
    assert done.status == 0, done.err
    assert (tmp_path / "a.mkv").is_file()
    done = rtskin("render", "pattern:64x48@10?frames=3", tmp_path / "b.mkv", "--model", "ellipse", "--refiner", card)
    assert done.status == 0, done.err
    # Without one: said before anything is made.
    monkey = rtskin("render", clip, tmp_path / "c.mkv", "--model", "ellipse", "--refine")
    assert monkey.status != 0
    assert "here to refine masks; name another (--refiner)" in monkey.err
    assert not (tmp_path / "c.mkv").exists()


def test_where_the_node_goes() -> None:
    plain = GraphSpec.parse({
        "nodes": {"infer": {"kind": "infer", "device": "cpu"}, "refine": {"kind": "refine"}, "render": {"kind": "render"}},
        "edges": [{"from": "refine", "to": "render", "size": 7}],
    })  # fmt: skip
    assert with_refinement(plain, False) is plain
    made = with_refinement(plain, True, tiles=4)
    edges = [(edge.source, edge.target, edge.size) for edge in made.edges]
    assert ("refine", "chunked") in [edge[:2] for edge in edges]
    assert ("chunked", "render", 7) in edges
    assert ("refine", "render") not in [edge[:2] for edge in edges]
    assert made.nodes["chunked"].options == {"device": "cpu", "tiles": 4}
    with pytest.raises(GraphSpecError, match="no node 'refine'"):
        with_refinement(GraphSpec.parse({"nodes": {"render": {"kind": "render"}}, "edges": []}), True)
