"""What differs is named, in the words of the command line; what only is written otherwise is not."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from rtskin.cli import render_spec
from rtskin.cli.render_options import PlanOptions
from rtskin.offline.changes import OPTIONS, changes
from rtskin.offline.manifest import Manifest
from rtskin.offline.plan import plan

from .conftest import Planned


def asked(clip: Path, work: Path, **options: Any) -> Manifest:
    """The plan of ``rtskin render clip OUTPUT`` with these options."""
    given = {"model": "ellipse", "output": str(work.parent / "out.mkv"), **options}
    request = render_spec.Request.of(PlanOptions(source=str(clip), **given))
    return plan(work, request.wanted(request.parts())).manifest


def with_facts(manifest: Manifest, part: str, **facts: str) -> Manifest:
    return manifest.model_copy(update={part: {**getattr(manifest, part), **facts}})


def test_every_option_is_known() -> None:
    names = {field.name for field in fields(PlanOptions)} - {"source", "overwrite"}
    assert {render_spec._option(name) for name in names} == set(OPTIONS)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("size", "still", "--size was not given, is still now"),
        ("device", "cpu", ""),
        ("smooth", "none", "--smooth was not given, is none now"),
        ("smooth", "flow", ""),
        ("strength", 0.5, "--strength was not given, is 0.5 now"),
        ("lookahead", 2, "--lookahead was not given, is 2 now"),
        ("every", 3, "--every was not given, is 3 now"),
        ("skip", True, "--skip was not given, is on now"),
        ("start", "0", ""),
        ("start", "5f", "--start was not given, is 5f now"),
        ("end", "0:01", "--end was not given, is 0:01 now"),
        ("end", "3:00", ""),
        ("segment", 512, ""),
        ("segment", 7, "--segment was not given, is 7 now"),
        ("codec", "ffv1", "--codec was not given, is ffv1 now"),
        ("crf", 20, "--crf was not given, is 20 now"),
        ("copies", "audio", "--copies was not given, is audio now"),
        ("refine", True, "--refine was not given, is on now"),
        ("refiner", "mobile-unet", "--refiner was not given, is mobile-unet now"),
        ("tiles", 3, "--tiles was not given, is 3 now"),
        ("view", "matte", ""),
        ("view", "overlay", "--view was not given, is overlay now"),
    ],
)
def test_an_option_is_named_where_it_decides_something(
    clip: Path, tmp_path: Path, option: str, value: Any, words: str
) -> None:
    one, other = asked(clip, tmp_path / "one"), asked(clip, tmp_path / "other", **{option: value})
    assert changes(one, other) == ([words] if words else [])
    changed = with_facts(with_facts(other, "model", card="0" * 64), "environment", numpy="9")
    numpy = one.environment["numpy"]
    also = ["the model's card changed", f"numpy was {numpy}, is 9 now"]
    assert changes(one, changed) == [*([words] if words else []), *also]


def test_the_model(clip: Path, tmp_path: Path) -> None:
    """What it is and runs on follows from it."""
    pytest.importorskip("onnxruntime")
    one, other = asked(clip, tmp_path / "one"), asked(clip, tmp_path / "other", model="mobile-unet")
    assert changes(one, other) == ["--model was ellipse, is mobile-unet now"]
    fast = asked(clip, tmp_path / "fast", model="mobile-unet", size="64x64", threads=2, runtime="onnxruntime")
    assert changes(other, fast) == ["--threads was not given, is 2 now", "--size was not given, is 64x64 now"]
    heavier = with_facts(fast, "model", weights="0" * 64, threads="3")
    assert changes(fast, heavier) == ["the model's threads was 2, is 3 now", "the model's weights changed"]


def test_the_refiner(clip: Path, tmp_path: Path) -> None:
    """What it runs on follows from it; what the model runs on does not."""
    pytest.importorskip("onnxruntime")
    names = ("mobile-unet-refiner", "mobile-unet", "mobile-unet")
    one, other, few = (
        asked(clip, tmp_path / str(number), refiner=name, tiles=9 if number == 2 else None)
        for number, name in enumerate(names)
    )
    assert changes(one, other) == ["--refiner was mobile-unet-refiner, is mobile-unet now"]
    assert changes(other, few) == ["--tiles was not given, is 9 now"]


def test_bits_of_images(clip: Path, tmp_path: Path) -> None:
    images = str(tmp_path / "frames") + "/"
    one, other = (asked(clip, tmp_path / name, output=images, bits=bits) for name, bits in (("one", None), ("two", 16)))
    assert changes(one, other) == ["--bits was not given, is 16 now"]


def test_outputs(clip: Path, tmp_path: Path) -> None:
    one, path = asked(clip, tmp_path / "one"), str(tmp_path / "o.mp4")
    both = [f"OUTPUT was {tmp_path}/out.mkv, is {path} now", "--view was not given, is overlay now"]
    assert changes(one, asked(clip, tmp_path / "two", output=path)) == both[:1]
    assert changes(one, asked(clip, tmp_path / "three", output=path, view="overlay")) == both
    assert changes(one, asked(clip, tmp_path / "four", overlay=path)) == [f"--overlay was not given, is {path} now"]
    cut = {"view": "cutout", "background": "00ff00"}
    green, blue = asked(clip, tmp_path / "g", **cut), asked(clip, tmp_path / "b", **cut | {"background": "0000ff"})
    assert changes(green, blue) == ["--background was 00ff00, is 0000ff now"]


def test_what_is_written_otherwise_hides_nothing(planned: Planned) -> None:
    one = planned("one", start=1.0, asked={"--start": "1", "OUTPUT": "a" * 64}).manifest
    other = planned("other", start="0:01", asked={"--start": "0:01", "OUTPUT": "b" * 64}).manifest
    other = other.model_copy(update={"outputs": one.outputs})
    assert changes(one, other) == []
    assert changes(one, with_facts(other, "model", weights="0" * 64)) == ["the model's weights changed"]
    assert changes(one, with_facts(other, "environment", numpy="0.1"))[0].startswith("numpy was ")
    elsewhere = other.model_copy(update={"outputs": [one.outputs[0].model_copy(update={"path": "/b"})]})
    assert changes(one, elsewhere) == [f"OUTPUT was {'a' * 64}, is {'b' * 64} now"], "no digests"


def test_what_follows_from_no_option_is_said_beside_those(planned: Planned) -> None:
    """The file of the pipeline was edited, too."""
    one = planned("one", asked={})
    settings = {"smooth.method": "none", "refine.radius": 2}
    other = planned("one-", settings=settings, asked={"--smooth": "none"}).manifest
    other = other.model_copy(update={"outputs": one.manifest.outputs})
    assert changes(one.manifest, other) == [
        "--smooth was not given, is none now",
        "the pipeline, or what rtskin makes of it, is another now",
    ]


def test_a_longer_input_says_nothing_of_its_end(planned: Planned) -> None:
    one = planned("one", end=90.0, asked={"--end": "90"}).manifest
    longer = one.input.model_copy(update={"fingerprint": "0" * 64, "frames": 99})
    segments = one.segments.model_copy(update={"last": 99})
    other = one.model_copy(update={"input": longer, "segments": segments, "asked": {"--end": "1:30"}})
    assert changes(one, other) == ["INPUT has changed since"]


def test_a_plan_that_did_not_note_its_options(planned: Planned) -> None:
    one = planned("one").manifest.model_copy(update={"asked": None})
    other = planned("other", settings={"smooth.method": "none"}, asked={"--smooth": "none"}).manifest
    other = other.model_copy(update={"outputs": one.outputs})
    words = "its options were others (an earlier rtskin planned it, and did not note them)"
    assert changes(one, other) == [words]
    assert changes(one, with_facts(other, "environment", numpy="0.1"))[1:] == [words]
    assert changes(one, one) == []
