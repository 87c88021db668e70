"""Decoding on a GPU: what is refused, and that pictures leave as software's. What needs a GPU says so."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from rtskin import driver
from rtskin.capture import file, hardware, network
from rtskin.capture.file import FileCapture
from rtskin.capture.hardware import Hardware, check_decode, hardware_for
from rtskin.capture.network import NetworkCapture
from rtskin.capture.picture import AvPicture, Converter
from rtskin.capture.semiplanar import planar
from rtskin.errors import InputError, NoFramesError, RuntimeUnavailableError
from rtskin.media import av

from .media import make_video, rewrite
from .servers import http_server, serve_ranges

#: Formats that come down from a GPU, the twin of each, bits, how much smaller chroma is (right, down), pairs of samples.
TWINS = [
    ("nv12", "yuv420p", 8, 2, 2, True),
    ("nv16", "yuv422p", 8, 2, 1, True),
    ("p010le", "yuv420p10le", 10, 2, 2, True),
    ("p210le", "yuv422p10le", 10, 2, 1, True),
    ("p012le", "yuv420p12le", 12, 2, 2, True),
    ("p016le", "yuv420p12le", 12, 2, 2, True),
    ("yuv444p10msble", "yuv444p10le", 10, 1, 1, False),
    ("yuv444p12msble", "yuv444p12le", 12, 1, 1, False),
]


def no_gpu() -> str | None:
    """Why nothing can be decoded on a GPU here; None where it can."""
    try:
        hardware_for("cuda")
    except RuntimeUnavailableError as error:
        return str(error)
    return None


def samples(plane: Any, bits: int, each: int = 1) -> np.ndarray:
    """A writable view of a plane's rows."""
    kind = np.dtype(np.uint8 if bits == 8 else np.uint16)
    rows = np.frombuffer(plane, kind).reshape(-1, plane.line_size // kind.itemsize)
    return rows[: plane.height, : plane.width * each]


def twins(paired: str, plain: str, bits: int, right: int, down: int, pairs: bool, size: tuple[int, int]) -> Any:
    """The same noise in both formats, written plane by plane, in colours of their own."""
    width, height = size
    noise = np.random.default_rng(3)
    chroma = (-(-height // down), -(-width // right))
    shapes = [(height, width), chroma, chroma]
    planes = [noise.integers(0, 1 << bits, shape).astype(np.uint8 if bits == 8 else np.uint16) for shape in shapes]
    one, other = av.VideoFrame(width, height, paired), av.VideoFrame(width, height, plain)
    shift = 0 if bits == 8 else 16 - bits
    for plane, values in zip(other.planes, planes, strict=True):
        samples(plane, bits)[:] = values
    samples(one.planes[0], bits)[:] = planes[0] << shift
    for index in (1, 2):
        if pairs:
            samples(one.planes[1], bits, 2)[:, index - 1 :: 2] = planes[index] << shift
        else:
            samples(one.planes[index], bits)[:] = planes[index] << shift
    for frame in (one, other):
        frame.color_range, frame.colorspace, frame.color_primaries, frame.color_trc, frame.pts = 1, 9, 9, 14, 77
    return one, other


def equal(one: Any, other: Any) -> None:
    """Two av.VideoFrames of one pixel format are the same, in all that is shown."""
    for name in ("width", "height", "pts", "color_range", "colorspace", "color_primaries", "color_trc"):
        assert getattr(one, name) == getattr(other, name), name
    assert one.format.name == other.format.name
    bits = one.format.components[0].bits
    for left, right in zip(one.planes, other.planes, strict=True):
        np.testing.assert_array_equal(samples(left, bits), samples(right, bits))


@pytest.mark.parametrize("size", [(64, 48), (71, 47)])
@pytest.mark.parametrize("twin", TWINS, ids=[twin[0] for twin in TWINS])
def test_what_comes_down_becomes_what_software_decodes_to(twin: tuple[Any, ...], size: tuple[int, int]) -> None:
    down, software = twins(*twin, size)
    equal(planar(down, av.video.reformatter.VideoReformatter()), software)


def test_side_data_and_time_come_along(tmp_path: Path) -> None:
    with av.open(str(make_video(tmp_path / "turned.mp4", 3, rotation=(90, False, False)))) as container:
        *_, frame = container.decode(video=0)
    down = planar(frame.reformat(format="nv12"), av.video.reformatter.VideoReformatter())
    assert bytes(down.side_data.get("DISPLAYMATRIX")) == bytes(frame.side_data.get("DISPLAYMATRIX"))
    assert (down.pts, down.time_base) == (frame.pts, frame.time_base)


def test_other_pictures_stay_as_they_are() -> None:
    frame = av.VideoFrame(32, 32, "yuv420p")
    assert planar(frame, None) is frame


@pytest.mark.parametrize("twin", TWINS[:3], ids=[twin[0] for twin in TWINS[:3]])
def test_pictures_may_also_be_of_these_formats(twin: tuple[Any, ...]) -> None:
    """Cameras and other programs give them: the same colours, range and matrix kept, bit for bit."""
    down, software = (AvPicture(frame, Converter()) for frame in twins(*twin, (64, 48)))
    np.testing.assert_array_equal(down.bgr(), software.bgr())
    assert down.color == software.color
    luma = down.luma()
    if twin[2] == 8:
        assert luma is not None
        np.testing.assert_array_equal(luma, software.luma())
    else:
        assert luma is None


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:one", "CUDA", "", "auto"])
def test_what_is_no_decoder_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"decode is cpu, cuda, or cuda:0"):
        check_decode(name)


def test_gpus_have_numbers() -> None:
    assert [check_decode(name) for name in ("cpu", "cuda", "cuda:3")] == [None, 0, 3]
    assert hardware_for("cpu") is hardware_for(None) is None


def test_a_build_without_cuda_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(av.codec.hwaccel, "hwdevices_available", lambda: ["vaapi"])
    with pytest.raises(
        RuntimeUnavailableError, match=r"^decode 'cuda': this PyAV was built without CUDA; .* pip install"
    ):
        FileCapture(make_video(tmp_path / "clip.mp4", 2), decode="cuda")


@pytest.mark.parametrize("missing", [driver.library_of("compute"), driver.library_of("decode")])
def test_a_driver_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, missing: str) -> None:
    monkeypatch.setattr(driver, "_loads", lambda library: library != missing)
    with pytest.raises(RuntimeUnavailableError, match=rf"^decode 'cuda:1': {missing} is not here; .*NVIDIA's driver"):
        FileCapture(make_video(tmp_path / "clip.mp4", 2), decode="cuda:1")


def test_a_driver_without_a_gpu_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    if no_gpu() is None:
        pytest.skip("there is a GPU")
    monkeypatch.setattr(driver, "_loads", lambda library: True)
    with pytest.raises(RuntimeUnavailableError, match=r"^decode 'cuda': CUDA does not start on GPU 0 \(.+\); check"):
        hardware_for("cuda")


@pytest.fixture
def unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that nobody asks before a video needs it."""
    make = av.codec.hwaccel.HWAccel
    monkeypatch.setattr(
        hardware, "_accelerator", lambda decode, gpu: make(device_type="cuda", allow_software_fallback=False)
    )


def test_a_codec_that_no_gpu_knows_is_refused(unasked: None, tmp_path: Path) -> None:
    clip = make_video(tmp_path / "clip.mkv", 2, codec="ffv1")
    with pytest.raises(
        RuntimeUnavailableError, match=r"^decode 'cuda': the video in clip.mkv is none .*h264, hevc.* are\)"
    ):
        FileCapture(clip, decode="cuda")


class Pretended(Hardware):
    """A GPU's part, done by the processor: pictures come in the formats that a GPU gives."""

    packed: ClassVar = {twin[1]: twin[0] for twin in reversed(TWINS)}

    def __init__(self) -> None:
        super().__init__("cuda", None)

    def takes(self, stream: Any, name: str) -> None:
        self._begin()

    def down(self, frame: Any) -> Any:
        return super().down(frame.reformat(format=self.packed[frame.format.name]))


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (file, network):
        monkeypatch.setattr(module, "hardware_for", lambda decode: Pretended() if decode == "cuda" else None)


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv420p10le"])
@pytest.mark.parametrize("options", [{}, {"start": 0.4, "end": 0.7}, {"first": 13, "last": 17}])
def test_a_file_is_the_same(pretended: None, tmp_path: Path, pixels: str, options: dict[str, Any]) -> None:
    clip = make_video(tmp_path / "clip.mp4", 24, pixels=pixels, rotation=(90, False, False))
    with FileCapture(clip, decode="cuda", **options) as one, FileCapture(clip, **options) as other:
        assert one.info == other.info
        frames = list(zip(one, other, strict=True))
        assert one.counters() == other.counters()
    assert frames
    for here, there in frames:
        equal(here.picture.frame, there.picture.frame)
        np.testing.assert_array_equal(here.bgr, there.bgr)
        assert (here.pts, here.seq, here.picture.yuv() is None) == (there.pts, there.seq, there.picture.yuv() is None)


def test_a_stream_is_the_same(pretended: None, tmp_path: Path) -> None:
    clip = make_video(tmp_path / "clip.mp4", 12)
    with http_server(serve_ranges(clip.read_bytes())) as uri:
        with NetworkCapture(f"{uri}/clip.mp4", decode="cuda") as one:
            here = [frame.bgr for frame in one]
        with FileCapture(clip) as other:
            there = [frame.bgr for frame in other]
    np.testing.assert_array_equal(here, there)


def test_a_video_that_the_gpu_cannot_decode_is_its_fault(pretended: None, tmp_path: Path) -> None:
    clip = rewrite(make_video(tmp_path / "clip.mp4", 40), tmp_path / "bad.mp4", lambda number, data: bytes(len(data)))
    with pytest.raises(RuntimeUnavailableError, match=r"no picture of bad.mp4 came from the GPU; .*\(h264"):
        FileCapture(clip, decode="cuda")
    with pytest.raises(NoFramesError):
        FileCapture(clip)


@pytest.mark.parametrize(("keys", "packets"), [(True, 3), (False, 300)])
def test_it_is_given_up_early(keys: bool, packets: int) -> None:
    gpu, context = Pretended(), SimpleNamespace(name="h264", profile="High 4:2:2")
    for _ in range(packets - 1):
        gpu.refused(SimpleNamespace(is_keyframe=keys), context, "clip")
    with pytest.raises(RuntimeUnavailableError, match=r"no picture of clip came .* \(h264 High 4:2:2\)"):
        gpu.refused(SimpleNamespace(is_keyframe=keys), context, "clip")


def test_one_damaged_key_frame_is_passed_over() -> None:
    gpu, context = Pretended(), SimpleNamespace(name="h264", profile="High")
    for is_keyframe in (True, False, False, True):
        gpu.refused(SimpleNamespace(is_keyframe=is_keyframe), context, "clip")
    gpu.down(av.VideoFrame(32, 32, "yuv420p"))
    for _ in range(5):
        gpu.refused(SimpleNamespace(is_keyframe=True), context, "clip")


@pytest.mark.skipif(no_gpu() is not None, reason=f"nothing decodes on a GPU here: {no_gpu()}")
@pytest.mark.parametrize(
    ("codec", "pixels"), [("libx264", "yuv420p"), ("libx265", "yuv420p"), ("libx265", "yuv420p10le")]
)
def test_a_gpu_decodes_to_the_same_pictures(tmp_path: Path, codec: str, pixels: str) -> None:
    clip = make_video(tmp_path / "clip.mp4", 24, codec=codec, pixels=pixels, size=(320, 240))
    with FileCapture(clip, decode="cuda") as one, FileCapture(clip) as other:
        for here, there in zip(one, other, strict=True):
            equal(here.picture.frame, there.picture.frame)
