"""Each part of the way over a device answers as the one on the CPU does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from rtskin.capture import open_source  # noqa: E402
from rtskin.errors import InputError, UnknownNameError  # noqa: E402
from rtskin.frame import U8, BgrPicture, Frame, Mask, Scores, SourceInfo, Yuv  # noqa: E402
from rtskin.gpu.average import Average  # noqa: E402
from rtskin.gpu.lanes import Lanes  # noqa: E402
from rtskin.gpu.pixels import Bgr, Planes, uploaded  # noqa: E402
from rtskin.gpu.preprocess import ToDeviceTensor  # noqa: E402
from rtskin.gpu.refine import DeviceRefiner  # noqa: E402
from rtskin.gpu.resample import KEPT, Resampler  # noqa: E402
from rtskin.gpu.slots import Slot  # noqa: E402
from rtskin.gpu.views import parse_view  # noqa: E402
from rtskin.preprocess.tensor import TensorSpec, ToTensor  # noqa: E402
from rtskin.render.refine import Refiner  # noqa: E402
from rtskin.render.views.chain import Chain  # noqa: E402
from rtskin.render.views.overlay import line_width  # noqa: E402
from rtskin.smooth.adaptive import Adaptive  # noqa: E402
from rtskin.smooth.base import Smoother  # noqa: E402
from rtskin.smooth.ema import Ema  # noqa: E402

from .conftest import pictures, portrait, write_video  # noqa: E402

CPU = torch.device("cpu")
SPEC = TensorSpec(((96, 64), (64, 64)), "letterbox", scale=1 / 255, mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.25), pad=114)


def frame_of(image: U8, pts: int = 0) -> Frame:
    return Frame(pts, BgrPicture(image), SourceInfo("made", image.shape[1], image.shape[0]), pts * 40)


def noise(*shape: int, seed: int = 0) -> U8:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def planes_of(yuv: Yuv, by: tuple[int, int]) -> Planes:
    y, u, v = (torch.from_numpy(np.array(plane)) for plane in yuv[:3])
    return Planes(y, u, v, by, yuv.matrix, yuv.full)


@pytest.mark.parametrize("colour", ["rgb", "bgr"])
@pytest.mark.parametrize("size", [(1280, 720), (333, 480), (40, 30), (1, 200)])
def test_the_tensor_of_bgr(size: tuple[int, int], colour: Any) -> None:
    spec = TensorSpec(SPEC.shapes, SPEC.fit, colour, SPEC.scale, SPEC.mean, SPEC.std, SPEC.pad)
    image = noise(size[1], size[0], 3)
    expected, place = ToTensor(spec)(image)
    found, content = ToDeviceTensor(spec, Resampler(CPU), CPU)(Bgr(torch.from_numpy(image)))
    assert content == place
    assert found.shape == expected.shape
    assert np.abs(found.numpy() - expected).max() < 1e-4


@pytest.mark.parametrize("by", [(2, 2), (1, 2), (1, 1)])
@pytest.mark.parametrize("size", [(640, 360), (101, 77)])
def test_the_tensor_of_planes(size: tuple[int, int], by: tuple[int, int]) -> None:
    width, height = size
    chroma = (-(-height // by[0]), -(-width // by[1]))
    yuv = Yuv(noise(height, width), noise(*chroma, seed=1), noise(*chroma, seed=2), "bt709", False)
    expected, _ = ToTensor(SPEC).of_planes(yuv)
    found, _ = ToDeviceTensor(SPEC, Resampler(CPU), CPU)(planes_of(yuv, by))
    assert np.abs(found.numpy() - expected).max() < 1e-4


def test_matrices_of_old_sizes_are_forgotten() -> None:
    resample = Resampler(CPU)
    for width in range(50, 50 + 2 * KEPT):
        resample(torch.zeros(8, width), (4, 4))
    assert len(resample._matrices) == KEPT


def test_pixels_come_up_as_they_were_decoded(tmp_path: Path) -> None:
    """Planes of a real stream: the picture is swscale's within its rounding."""
    with open_source(str(write_video(tmp_path / "clip.mp4", 320, 180))) as source:
        frame = next(iter(source))
    pixels = uploaded(frame, Slot(), Lanes("cpu"))
    assert isinstance(pixels, Planes)
    assert np.array_equal(pixels.luma.numpy(), frame.picture.luma())
    apart = np.abs(pixels.bgr().numpy().astype(int) - frame.bgr)
    assert apart.mean() < 0.8
    assert apart.max() <= 3


def test_pixels_that_are_no_planes(tmp_path: Path) -> None:
    from rtskin.pool import BufferPool
    from rtskin.render.luma import luma_of

    frame = frame_of(noise(30, 41, 3))
    pixels = uploaded(frame, Slot(), Lanes("cpu"))
    assert np.array_equal(pixels.bgr().numpy(), frame.bgr)
    assert np.array_equal(pixels.luma.numpy(), luma_of(frame, BufferPool()))


@pytest.mark.parametrize("method", ["guided", "linear"])
@pytest.mark.parametrize(("size", "radius"), [((640, 360), 1), ((333, 251), 3), ((60, 40), 1), ((130, 70), 9)])
def test_the_mask_at_the_frames_size(size: tuple[int, int], radius: int, method: Any) -> None:
    import cv2

    image = cv2.resize(portrait(), size, interpolation=cv2.INTER_AREA)
    scores = cv2.resize((portrait()[..., 2] > 150).astype(np.float32), (112, 64), interpolation=cv2.INTER_AREA)
    frame = frame_of(image)
    expected = Refiner(method, radius)(Scores(frame, scores)).data.astype(int)
    luma = Bgr(torch.from_numpy(image)).luma
    found = DeviceRefiner(Resampler(CPU), method, radius)(torch.from_numpy(scores), luma).numpy()
    assert found.shape == expected.shape
    assert np.abs(found - expected).mean() < 0.1
    assert np.abs(found - expected).max() <= 4
    assert expected.std() > 40, "a flat mask would prove nothing"


@pytest.mark.parametrize(("method", "smoother"), [("adaptive", Adaptive), ("ema", Ema)])
def test_masks_are_averaged_as_on_the_cpu(method: str, smoother: type[Smoother]) -> None:
    """Over a shot, a cut, and a frame whose time is long after: the same masks, starting afresh in the same places."""
    from rtskin.node import Context
    from rtskin.smooth.node import Smooth

    node, average = Smooth(method=method), Average(method)
    node.open(Context())
    rng = np.random.default_rng(1)
    frames = [frame_of(image, pts) for pts, image in enumerate(pictures(320, 180))]
    frames.append(frame_of(frames[-1].bgr, 1000))
    changed = 0
    for frame in frames:
        data = np.clip(frame.bgr[::5, ::5, 2] / 200 + rng.normal(0, 0.1, (36, 64)), 0, 1).astype(np.float32)
        expected = node.process(Scores(frame, data, "net"))
        plan = average.plan(frame, "net")
        shares = None if plan.shares is None else torch.from_numpy(np.array(plan.shares))
        found = average(torch.from_numpy(data), plan.usual, shares, plan.fresh).numpy()
        average.commit()
        assert expected is not None
        assert np.abs(found - expected.data).max() < 1e-4
        changed += not np.array_equal(found, data)
    assert average.resets == node.counters()["resets"] == 2
    assert changed == len(frames) - 3, "what is not fresh is averaged"


def test_a_frame_that_is_tried_again_is_averaged_once() -> None:
    average, mask = Average("ema"), torch.full((4, 4), 0.2)
    average(mask, 1.0, None, True)
    average.commit()
    once = average(mask + 0.5, 0.3, None, False).clone()
    assert torch.equal(average(mask + 0.5, 0.3, None, False), once)
    average.commit()
    assert not torch.equal(average(mask + 0.5, 0.3, None, False), once)


def test_no_smoothing_and_smoothing_that_is_not_there() -> None:
    assert Average("none").plan(frame_of(noise(9, 9, 3)), "net").fresh
    assert Average("adaptive", 0.0).plan(frame_of(noise(9, 9, 3)), "net").fresh
    with pytest.raises(UnknownNameError, match="smoothing on a GPU is called 'flow'"):
        Average("flow")
    with pytest.raises(InputError, match="from 0"):
        Average("ema", 2.0)


@pytest.mark.parametrize(
    "text",
    [
        "overlay",
        "overlay:color=ff0080,alpha=0.3,contour=false",
        "overlay:alpha=1",
        "contour:color=102030",
        "matte",
        "cutout",
        "cutout:background=20a0ff",
    ],
)
@pytest.mark.parametrize("size", [(97, 64), (640, 970), (2, 3)])
def test_pictures_are_those_of_the_cpu_to_the_last_bit(text: str, size: tuple[int, int]) -> None:
    width, height = size
    image, mask = noise(height, width, 3), noise(height, width, seed=3)
    mask[: height // 3] = np.where(mask[: height // 3] > 100, 255, 0)
    frame = frame_of(image)
    expected = Chain(text)(Mask(frame, mask))
    found = parse_view(text)(lambda: torch.from_numpy(image), torch.from_numpy(mask), line_width(frame)).numpy()
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("text", ["heat", "feather+overlay", "rois"])
def test_views_that_are_not_made_there(text: str) -> None:
    with pytest.raises(InputError, match=r"is not made on a GPU, which has one of contour, cutout, matte, overlay"):
        parse_view(text)


def test_views_that_are_wrong(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean overlay"):
        parse_view("overlya")
    with pytest.raises(InputError, match="no option 'alhpa'"):
        parse_view("overlay:alhpa=1")
    (tmp_path / "beach.png").write_bytes(b"")
    with pytest.raises(InputError, match="before a plain colour"):
        parse_view(f"cutout:background={tmp_path / 'beach.png'}")
