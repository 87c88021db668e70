"""A GPU's codecs: what is refused, and all of the way to the encoder, which the processor's stand in for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rtskin import driver
from rtskin.capture.semiplanar import planar
from rtskin.errors import InputError, RuntimeUnavailableError, SinkError
from rtskin.media import av
from rtskin.render.outputs import OutputOptions, check_output_fits, formats
from rtskin.render.outputs.color import Tags
from rtskin.render.outputs.encoder import VideoWriter
from rtskin.render.outputs.formats import Encoding, codec_for, encoding_for
from rtskin.render.outputs.nvenc import require_encoder
from rtskin.render.outputs.options import NVENC, Codec
from rtskin.render.outputs.pixels import channels_of

from .conftest import decoded, masked, read, write

#: Who does a GPU's part, and how fine.
STAND_INS = {
    "h264_nvenc": ("libx264", {"crf": "10"}),
    "hevc_nvenc": ("libx265", {"crf": "10", "x265-params": "log-level=none"}),
    "av1_nvenc": ("libsvtav1", {"crf": "10", "preset": "10"}),
}


def no_gpu() -> str | None:
    """Why a GPU encodes nothing here; None where one does."""
    try:
        require_encoder("h264_nvenc")
    except RuntimeUnavailableError as error:
        return str(error)
    return None


@pytest.mark.parametrize("codec", NVENC)
def test_a_build_without_it_is_said(monkeypatch: pytest.MonkeyPatch, codec: Codec) -> None:
    monkeypatch.setattr(av, "codecs_available", {"libx264"})
    with pytest.raises(
        RuntimeUnavailableError, match=rf"^codec '{codec}': this PyAV was built without it; .*pip install"
    ):
        require_encoder(codec)


@pytest.mark.parametrize("part", ["compute", "encode"])
def test_a_part_of_the_driver_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, part: driver.Part
) -> None:
    library = driver.library_of(part)
    monkeypatch.setattr(driver, "_loads", lambda name: name != library)
    with pytest.raises(
        RuntimeUnavailableError, match=rf"^codec 'hevc_nvenc': {library} is not here; .*NVIDIA's driver"
    ):
        check_output_fits(tmp_path / "a.mp4", "overlay", OutputOptions(codec="hevc_nvenc"))
    with pytest.raises(RuntimeUnavailableError):
        write(tmp_path / "a.mp4", "overlay", [masked(decoded())], codec="hevc_nvenc")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("codec", NVENC)
def test_a_driver_without_a_gpu_is_said_in_its_own_words(monkeypatch: pytest.MonkeyPatch, codec: Codec) -> None:
    if no_gpu() is None:
        pytest.skip("there is a GPU")
    monkeypatch.setattr(driver, "_loads", lambda name: True)
    with pytest.raises(
        RuntimeUnavailableError, match=rf"^codec '{codec}': the GPU does not encode it \(\w.*\w\.?\d?\); "
    ):
        require_encoder(codec)
    assert av.logging.get_level() is None  # nothing is printed from now on


def refused_at(codec: Codec, form: str, options: Mapping[str, str]) -> type[Exception] | None:
    """What an encoder raises when it is opened with these."""
    context = av.CodecContext.create(codec, "w")
    assert form in [known.name for known in context.codec.video_formats]
    context.width = context.height = 256
    context.pix_fmt, context.time_base, context.options = form, Fraction(1, 25), {**options}
    try:
        context.open()
    except av.error.FFmpegError as error:
        return type(error)
    return None


@pytest.mark.parametrize("codec", NVENC)
@pytest.mark.parametrize("form", ["yuv420p", "yuv420p10le", "yuv444p10le"])
def test_this_build_knows_the_options(codec: Codec, form: str) -> None:
    """Without a GPU an encoder fails where it looks for one, after it has read them."""
    encoding = encoding_for(codec, "picture", form, False, (256, 256))
    taken = encoding.taken or encoding.pixel_format
    assert refused_at(codec, taken, encoding.options) is not av.error.ArgumentError
    for name in encoding.options:  # an option that it does not know would be passed over
        assert refused_at(codec, taken, {name: "no such value"}) is av.error.ArgumentError, name


def give_up_real_time() -> None:
    """Run by root, SVT-AV1 gives the thread that opens it, and its own, the highest real-time priority, for good: all that
    this process starts later would take the processors from everybody else."""
    for task in Path("/proc/self/task").iterdir() if hasattr(os, "sched_setscheduler") else ():
        with suppress(OSError):  # a thread that has ended
            os.sched_setscheduler(int(task.name), os.SCHED_OTHER, os.sched_param(0))


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    ours = formats._nvenc

    def encoding(codec: Codec, *rest: Any) -> Encoding:
        encoder, options = STAND_INS[codec]
        return replace(ours(codec, *rest), encoder=encoder, options=options, taken=None)

    monkeypatch.setattr(formats, "_nvenc", encoding)
    monkeypatch.setattr("rtskin.render.outputs.nvenc.require_encoder", lambda codec: None)
    monkeypatch.setattr("rtskin.render.outputs.video.require_encoder", lambda codec: None)
    yield
    give_up_real_time()


@pytest.mark.parametrize(
    ("name", "codec", "form", "encoded"),
    [
        ("a.mp4", "h264_nvenc", "yuv420p", "yuv420p"),
        ("a.mov", "h264_nvenc", "yuv420p10le", "yuv420p"),
        ("a.mkv", "h264_nvenc", "yuv444p", "yuv444p"),
        ("a.mp4", "hevc_nvenc", "p010le", "yuv420p10le"),
        ("a.mov", "hevc_nvenc", "yuv420p10le", "yuv420p10le"),
        ("a.mkv", "hevc_nvenc", "rgb24", "yuv420p"),
        ("a.webm", "av1_nvenc", "yuv420p10le", "yuv420p10le"),
        ("a.mp4", "av1_nvenc", "yuv422p", "yuv420p"),
    ],
)
def test_pictures_arrive(stand_ins: None, tmp_path: Path, name: str, codec: str, form: str, encoded: str) -> None:
    """In the format, the colours and at the times that are said; the file is decoded again before it has its name."""
    tags = {"colorspace": 9, "color_primaries": 9, "color_trc": 16, "color_range": 1}
    if form == "rgb24":
        tags.pop("colorspace")
    masks = [masked(decoded(form, seq=seq, **tags)) for seq in range(3)]
    write(tmp_path / name, "overlay", masks, codec=codec)
    pictures = read(tmp_path / name)
    assert [picture.format.name for picture in pictures] == [encoded] * 3
    assert [picture.time for picture in pictures] == pytest.approx([0, 0.04, 0.08], abs=0.001)
    assert {(picture.color_primaries, picture.color_trc) for picture in pictures} == {(9, 16)}
    with av.open(str(tmp_path / name)) as container:
        tag = container.streams.video[0].codec_context.codec_tag
    assert (tag == "hvc1") == (codec == "hevc_nvenc" and name != "a.mkv")


class Listening(VideoWriter):
    """Keeps the pictures that the encoder is given."""

    def _mux(self, packets: Any) -> None: ...


@pytest.mark.parametrize(("form", "taken"), formats._TAKEN.items())
def test_an_encoder_gets_the_same_samples(form: str, taken: str) -> None:
    given: list[Any] = []
    stream = SimpleNamespace(codec_context=SimpleNamespace(flags=0), encode=given.append)
    container = SimpleNamespace(add_stream=lambda *rest, **options: stream)
    encoding = Encoding("hevc_nvenc", form, False, 0, {}, taken=taken)
    frame = decoded(form).picture.frame
    Listening(container, encoding, (64, 48), Fraction(1, 25), None, Tags(1, 9, 9, 16), 1).write(frame, 7, 1)
    (picture,) = given
    assert (stream.pix_fmt, picture.format.name, picture.pts, picture.color_trc) == (taken, taken, 7, 16)
    there = planar(picture, av.video.reformatter.VideoReformatter())
    for channel, wanted in zip(channels_of(there), channels_of(frame), strict=True):
        np.testing.assert_array_equal(channel, wanted)


@pytest.mark.parametrize(
    ("name", "codec", "kind", "crf", "error", "said"),
    [
        ("a.mp4", "h264_nvenc", "matte", None, SinkError, "spoils a matte's edges; use the codec h264"),
        ("a.mkv", "av1_nvenc", "matte", None, SinkError, "use the codec ffv1"),
        ("a.mkv", "hevc_nvenc", "alpha", None, SinkError, "hevc_nvenc cannot hold alpha"),
        (
            "a.webm",
            "h264_nvenc",
            "picture",
            None,
            SinkError,
            "h264_nvenc does not fit into .webm; use .mp4 or .mov or .mkv",
        ),
        ("a.mp4", "h264_nvenc", "picture", 0, InputError, "from 1 on for a GPU's"),
        ("a.mp4", "hevc_nvenc", "picture", 52, InputError, "it goes to 51"),
    ],
)
def test_what_cannot_be_is_refused(name: str, codec: Codec, kind: Any, crf: Any, error: Any, said: str) -> None:
    with pytest.raises(error, match=said.replace(".", r"\.")):
        codec_for(Path(name), codec, kind, crf)


def test_auto_never_takes_a_gpu() -> None:
    for name in formats.CONTAINERS:
        for kind, crf in (("picture", None), ("picture", 20)):
            assert codec_for(Path(f"a{name}"), "auto", kind, crf) not in NVENC


def test_odd_sizes() -> None:
    assert encoding_for("hevc_nvenc", "picture", "yuv420p", False, (63, 48)).pixel_format == "yuv444p"
    with pytest.raises(SinkError, match=r"^av1_nvenc takes even sizes, not 63x48; use the codec hevc_nvenc"):
        encoding_for("av1_nvenc", "picture", "yuv420p", False, (63, 48))


@pytest.mark.skipif(no_gpu() is not None, reason=f"no GPU encodes here: {no_gpu()}")
@pytest.mark.parametrize(("codec", "form"), [("h264_nvenc", "yuv420p"), ("hevc_nvenc", "yuv420p10le")])
def test_a_gpu_encodes(tmp_path: Path, codec: str, form: str) -> None:
    masks = [masked(decoded(form, (320, 240), seq=seq)) for seq in range(5)]
    write(tmp_path / "a.mp4", "overlay", masks, codec=codec)
    assert [picture.format.name for picture in read(tmp_path / "a.mp4")] == [form] * 5


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="a system without scheduling policies")
def test_no_stand_in_leaves_this_process_with_a_priority_of_its_own(stand_ins: None, tmp_path: Path) -> None:
    write(tmp_path / "a.mp4", "overlay", [masked(decoded("yuv420p"))], codec="av1_nvenc")
    give_up_real_time()
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
