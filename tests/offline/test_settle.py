"""What a pipeline leaves open is settled once, also what a tune chose."""

from __future__ import annotations

from typing import Any

import pytest

from rtskin import paths
from rtskin.graph.spec import GraphSpec, read_spec
from rtskin.infer import auto
from rtskin.infer.measure.ways import Way
from rtskin.offline.settle import open_model, settled

pytest.importorskip("onnxruntime")


def test_the_options_that_auto_chose_are_those_of_every_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    way = Way("onnxruntime", "cpu", 1, {"inter_threads": 2})
    monkeypatch.setattr(auto, "choose_way", lambda *_: way)
    spec, _ = read_spec(paths.find("pipelines", "offline_render"))
    spec = spec.override({"source.uri": "pattern:64x48?frames=3", "infer.size": "64x64"})
    infer = open_model(spec)
    try:
        options: dict[str, Any] = settled(spec, infer).nodes["infer"].options
    finally:
        infer.close()
    assert isinstance(spec, GraphSpec)
    assert (options["runtime"], options["device"], options["threads"]) == ("onnxruntime", "cpu", 1)
    assert options["runtime_options"] == {"inter_threads": 2}
