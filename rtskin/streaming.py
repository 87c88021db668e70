"""``rtskin.stream`` and ``rtskin.regions``: frames with masks, or with regions, as a Python loop."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from typing import Any, Literal, cast

from rtskin.frame import Frame, Mask, Regions
from rtskin.graph import Graph, GraphSpec
from rtskin.infer.classes import Classes
from rtskin.infer.sizes import Size
from rtskin.riding import with_every


def stream(
    source: str | int | os.PathLike[str],
    *,
    model: str | os.PathLike[str] | None = None,
    smooth: str | None = None,
    strength: float | None = None,
    lookahead: int | None = None,
    every: int | Literal["auto"] | None = None,
    skip: bool | None = None,
    pace: Literal["source", "max"] = "max",
    device: str | None = None,
    threads: int | None = None,
    size: Size | str | None = None,
    classes: Classes | None = None,
) -> Iterator[tuple[Frame, Mask]]:
    """Each frame of a source with its mask::

        for frame, mask in rtskin.stream("clip.mp4"):
            frame.bgr       # uint8 H×W×3
            mask.data       # uint8 H×W, 0 … 255

    At pace "max" every frame comes, as fast as it goes; at "source" a file plays like a camera, and frames that come
    while the caller is busy are dropped. Masks that are kept stay as they are: ``list()`` holds distinct ones. size: of the
    network's input, "live" by default; "still" is finer and slower, (width, height) is always that one. classes: what the
    masks are of, as Segmenter takes them. smooth: "auto" by default, "flow", "adaptive", "prior", "ema" or "none"; strength:
    of it, 0 … 1, 0.5 by default. lookahead: frames, 0 … 16, 0 by default: each mask is averaged with so many before it and
    after it too, and comes so many frames later; at pace "max" only. every: the network looks at every N-th frame, 1 … 60,
    and the masks between follow the picture; at pace "source" also "auto": as often as it keeps up. skip: let a picture that
    stands still keep its mask; off by default.

    Raises InputError (size, class, lookahead, every), SourceError (cannot be opened or read), UnknownNameError (model,
    smoothing), ModelError, RuntimeUnavailableError, MissingExtraError. Leaving the loop stops and closes everything.
    """
    settings = {
        **_common(source, model, smooth, strength, skip, pace, device, threads, size, classes),
        "smooth.lookahead": lookahead,
    }
    change = partial(with_every, every=every, repeats=True)
    for packet in Graph.from_toml("masks", _given(settings), change):
        mask = cast(Mask, packet)
        yield mask.frame, mask


def regions(
    source: str | int | os.PathLike[str],
    *,
    model: str | os.PathLike[str] | None = None,
    smooth: str | None = None,
    strength: float | None = None,
    every: int | Literal["auto"] | None = None,
    skip: bool | None = None,
    pace: Literal["source", "max"] = "max",
    device: str | None = None,
    threads: int | None = None,
    size: Size | str | None = None,
    classes: Classes | None = None,
) -> Iterator[Regions]:
    """The regions of each frame of a source, largest first::

        for found in rtskin.regions("clip.mp4"):
            for region in found.regions:
                print(found.frame.time, region.id, region.label, region.box)

    What ``rtskin roi`` does, by its pipeline (gesture_roi), without its outputs; rtskin.roi.record.Recorder makes its
    messages of them. Settings, errors and the two paces are those of :func:`stream`; every: between frames that the network
    looks at, regions follow the picture.
    """
    settings = {
        **_common(source, model, smooth, strength, skip, pace, device, threads, size, classes),
        # Nothing has to keep up: the filter is not to depend on how busy the machine is.
        "smooth.in_time": False if pace == "max" else None,
    }
    for packet in Graph.from_toml(
        "gesture_roi", _given(settings), lambda spec: with_every(_without_outputs(spec), every=every)
    ):
        yield cast(Regions, packet)


def _common(
    source: str | int | os.PathLike[str],
    model: str | os.PathLike[str] | None,
    smooth: str | None,
    strength: float | None,
    skip: bool | None,
    pace: str,
    device: str | None,
    threads: int | None,
    size: Size | str | None,
    classes: Classes | None,
) -> dict[str, Any]:
    """What both pipelines know, by their nodes' names; None where nothing was said."""
    return {
        "source.uri": os.fspath(source) if not isinstance(source, int) else str(source),
        "source.pace": pace,
        "infer.model": os.fspath(model) if model is not None else None,
        "infer.device": device,
        "infer.threads": threads,
        "infer.size": size,
        "infer.classes": classes,
        "smooth.method": smooth,
        "smooth.strength": strength,
        "preprocess.skip": skip,
    }


def _given(settings: dict[str, Any]) -> dict[str, Any]:
    """Only what was said, so that the pipeline's own stands for the rest."""
    return {key: value for key, value in settings.items() if value is not None}


def _without_outputs(spec: GraphSpec) -> GraphSpec:
    """The pipeline up to the regions: without the nodes of the kind "feed"."""
    ends = {name for name, node in spec.nodes.items() if node.kind == "feed"}
    return GraphSpec(
        description=spec.description,
        nodes={name: node for name, node in spec.nodes.items() if name not in ends},
        edges=[edge for edge in spec.edges if edge.target.partition(".")[0] not in ends],
    )
