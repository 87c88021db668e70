"""The way over a device as a graph: the CPU graph's masks and pictures, whatever the frames are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from rtskin.errors import GraphSpecError, InputError, RuntimeUnavailableError, UnknownNameError  # noqa: E402
from rtskin.frame import U8, BgrPicture, Frame, Mask, Rendered, SourceInfo  # noqa: E402
from rtskin.graph import Graph  # noqa: E402
from rtskin.node import Node, Source  # noqa: E402
from tests.graph.nodes import graph_threads  # noqa: E402

from .conftest import SHOT, pictures, write_video  # noqa: E402

GPU: dict[str, Any] = {"device": "cpu", "threads": 1}
#: Levels of 255 by which masks and pictures of decoded planes may differ on average: half a level of green, which swscale
#: cuts off, and what the network makes of it (rtskin.preprocess.planar differs from it as much). Of BGR: rounding alone.
PLANES, ROUNDED = 1.5, 0.2


class Several(Source):
    """BGR pictures of any sizes, one after the other."""

    def __init__(self, images: list[U8]) -> None:
        super().__init__()
        self._frames = iter(
            [
                Frame(number, BgrPicture(image), SourceInfo("several", image.shape[1], image.shape[0]), number * 40)
                for number, image in enumerate(images)
            ]
        )

    def read(self) -> Frame | None:
        return next(self._frames, None)


def both_ways(source: dict[str, Any] | list[U8], model: str, view: str, **gpu: Any) -> dict[str, list[U8]]:
    """Masks and pictures, of the CPU's nodes and of the device's."""

    def begun() -> Graph:
        graph = Graph()
        if isinstance(source, list):
            return graph.add("source", Several(source))
        return graph.add("source", "source", pace="max", **source)

    here = begun()
    here.add("preprocess", "preprocess").add("infer", "infer", model=model, runtime="onnxruntime", threads=1)
    here.add("smooth", "smooth", method="adaptive").add("refine", "refine").add("render", "render", view=view)
    for one, other in zip(
        ["source", "preprocess", "infer", "smooth", "refine"],
        ["preprocess", "infer", "smooth", "refine", "render"],
        strict=True,
    ):
        here.connect(one, other)
    masks: list[U8] = []
    here.add("watch", _Keep(masks)).connect("refine", "watch")
    expected = _pictures(here)
    there = begun().add("gpu", "gpu", model=model, view=view, **GPU, **gpu)
    there.add("picture", "gpu-picture").add("mask", "gpu-mask")
    there.connect("source", "gpu").connect("gpu", "picture").connect("gpu", "mask")
    found_masks: list[U8] = []
    there.add("watch", _Keep(found_masks)).connect("mask", "watch")
    found = _pictures(there)
    assert graph_threads() == []
    return {"masks": masks, "pictures": expected, "found masks": found_masks, "found pictures": found}


class _Keep(Node):
    """A sink that keeps the masks."""

    emits = "none"

    def __init__(self, masks: list[U8]) -> None:
        super().__init__()
        self.masks = masks

    def process(self, *packets: Any) -> None:
        (mask,) = packets
        assert isinstance(mask, Mask)
        self.masks.append(mask.data)


class _KeepPictures(_Keep):
    def process(self, *packets: Any) -> None:
        (rendered,) = packets
        assert isinstance(rendered, Rendered)
        self.masks.append(rendered.image)


def _pictures(graph: Graph) -> list[U8]:
    found: list[U8] = []
    last = "render" if "render" in graph.nodes else "picture"
    graph.add("sink", _KeepPictures(found)).connect(last, "sink")
    graph.run()
    return found


def alike(one: list[U8], other: list[U8], most: float) -> None:
    assert len(one) == len(other) > 0
    for a, b in zip(one, other, strict=True):
        assert a.shape == b.shape
        assert np.abs(a.astype(int) - b).mean() < most


@pytest.mark.parametrize(("width", "height", "view"), [(640, 360, "overlay"), (322, 182, "matte")])
def test_a_video_with_a_cut(tmp_path: Path, width: int, height: int, view: str) -> None:
    path = write_video(tmp_path / "clip.mp4", width, height)
    found = both_ways({"uri": str(path)}, "mobile-unet", view)
    alike(found["found masks"], found["masks"], PLANES)
    alike(found["found pictures"], found["pictures"], PLANES)
    assert len(found["masks"]) == 2 * SHOT
    assert max(int(mask.max()) for mask in found["masks"]) > 200, "there is skin in it"
    apart = np.abs(found["masks"][0].astype(int) - found["masks"][-1]).mean()
    assert apart > 3 * PLANES, "another frame's mask would be seen"


def test_sizes_that_change_and_another_network() -> None:
    """Wide, square, upright and wide again: each its own shape of the network, with one set of nodes."""
    images = [
        pictures(w, h)[k] for k, (w, h) in enumerate([(480, 270), (480, 270), (256, 256), (180, 320), (480, 270)])
    ]
    found = both_ways(images, "mobile-unet-prior", "cutout:background=203040")
    alike(found["found masks"], found["masks"], ROUNDED)
    alike(found["found pictures"], found["pictures"], ROUNDED)


def test_classes_are_added_up() -> None:
    images = pictures(416, 224)[:2]
    for classes in ("hair", "skin,hair"):
        graph = Graph().add("source", Several(images)).add("infer", "infer", model="mobile-unet-parts", classes=classes)
        graph.add("preprocess", "preprocess").add("refine", "refine").connect("source", "preprocess")
        graph.connect("preprocess", "infer").connect("infer", "refine")
        there = Graph().add("source", Several(images))
        there.add("gpu", "gpu", model="mobile-unet-parts", classes=classes, smooth="none", **GPU)
        there.add("mask", "gpu-mask").connect("source", "gpu").connect("gpu", "mask")
        expected, found = ([packet.data for packet in one.packets()] for one in (graph, there))
        alike(found, expected, ROUNDED)
        assert max(int(mask.max()) for mask in expected) > 100


def test_the_pipeline_runs_live_and_its_view_changes() -> None:
    graph = Graph.from_toml(
        "live_gpu",
        {
            "source.uri": "pattern:320x180@200?frames=40",
            "gpu.device": "cpu",
            "gpu.threads": 1,
            "sink": {"kind": "null"},
        },
    )
    assert graph.command("view", "cutout:background=00ff00")
    with pytest.raises(InputError, match="not made on a GPU"):
        graph.set("gpu", "view", "heat")
    said = graph.run()
    figures = said.nodes["gpu"].counters
    assert (figures["device"], figures["precision"], figures["view"]) == ("cpu", "fp32", "cutout:background=00ff00")
    assert said.frames["rendered"] > 0


def run(**options: Any) -> None:
    graph = Graph().add("source", Several([])).add("gpu", "gpu", **{**GPU, **options}).add("mask", "gpu-mask")
    graph.connect("source", "gpu").connect("gpu", "mask").run()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_a_gpu_that_is_not_there(device: str) -> None:
    with pytest.raises(
        RuntimeUnavailableError, match=rf"device '{device}': (the installed torch|torch sees no GPU)"
    ) as told:
        run(device=device)
    assert told.value.node == "gpu"


def test_what_cannot_be() -> None:
    with pytest.raises(RuntimeUnavailableError, match="'ellipse' is a method, not a network"):
        run(model="ellipse")
    with pytest.raises(RuntimeUnavailableError, match="fp16 on NVIDIA"):
        run(precision="fp16")
    with pytest.raises(InputError, match="there are: auto, cpu, cuda"):
        run(device="tpu")
    with pytest.raises(InputError, match="multiples of 32"):
        run(size=(400, 200))
    with pytest.raises(UnknownNameError, match="did you mean matte"):
        run(view="mate")


def test_graphs_that_are_wired_wrongly() -> None:
    graph = Graph().add("source", Several([])).add("gpu", "gpu", **GPU).connect("source", "gpu")
    with pytest.raises(GraphSpecError, match="nothing takes what comes from the GPU"):
        graph.run()
    graph = Graph().add("source", Several([])).add("mask", "gpu-mask").connect("source", "mask")
    with pytest.raises(GraphSpecError, match="there is no node 'gpu'"):
        graph.run()
    graph = Graph().add("source", Several([])).add("mask", "gpu-mask", of="source").connect("source", "mask")
    with pytest.raises(GraphSpecError, match="not one that works on a GPU"):
        graph.run()
