"""The cut detector, on made pictures and on real clips joined."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtskin.frame import BgrPicture, Frame, SourceInfo
from rtskin.media import av, cv2
from rtskin.smooth.cuts import CutDetector

#: None of these was used to choose the threshold.
UNSEEN = ["intel_asl_hungry.mkv", "sam2_04_coffee.mp4", "intel_asl_want.mkv"]


def frame(pixels: np.ndarray) -> Frame:
    height, width = pixels.shape[:2]
    return Frame(0, BgrPicture(pixels), SourceInfo("made", width, height))


def scene(seed: int, height: int = 180, width: int = 320) -> np.ndarray:
    """Large soft blobs of random colours: uint8 H×W×3."""
    coarse = np.random.default_rng(seed).integers(20, 236, (7, 12, 3)).astype(np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def cuts(pictures: list[np.ndarray]) -> list[int]:
    detector = CutDetector()
    return [number for number, pixels in enumerate(pictures) if detector(frame(pixels))]


def test_another_scene_is_a_cut_once() -> None:
    assert cuts([scene(1)] * 3 + [scene(2)] * 3) == [3]


def test_the_first_frame_is_none_and_forgetting_makes_it_first() -> None:
    detector = CutDetector()
    assert not detector(frame(scene(1)))
    detector.forget()
    assert not detector(frame(scene(2)))
    assert detector(frame(scene(3)))


def test_a_pan_is_none() -> None:
    wide = scene(3, 180, 640)
    assert cuts([np.ascontiguousarray(wide[:, x : x + 320]) for x in range(0, 300, 24)]) == []


def test_exposure_is_none() -> None:
    picture = scene(4).astype(np.float32)
    levels = [1.0, 0.5, 1.0, 0.7, 1.2]
    assert cuts([np.clip(picture * level, 0, 255).astype(np.uint8) for level in levels]) == []


def test_noise_in_the_dark_is_none() -> None:
    random = np.random.default_rng(0)
    dark = [random.normal(8, 3, (180, 320, 3)).clip(0, 255).astype(np.uint8) for _ in range(4)]
    assert cuts(dark) == []


def test_a_flash_is_none_and_a_cut_during_one_is_found_after_it() -> None:
    lit = [scene(4), scene(4), np.clip(scene(4).astype(int) * 3 + 60, 0, 255).astype(np.uint8), scene(4)]
    assert cuts(lit) == []
    white = np.full((180, 320, 3), 255, np.uint8)
    assert cuts([scene(4), white, white, scene(4)]) == []
    assert cuts([scene(4), white, white, scene(5)]) == [3]


def test_black_for_long_is_none() -> None:
    assert cuts([np.zeros((180, 320, 3), np.uint8)] * 40) == []


def test_two_people_before_one_wall_are_two_shots() -> None:
    """A third of the picture differs."""
    first, second = scene(4), scene(4)
    first[40:, 100:220], second[40:, 100:220] = scene(8)[40:, 100:220], scene(9)[40:, 100:220]
    assert cuts([first, first, second, second]) == [2]


def test_a_hand_that_waves_is_none() -> None:
    """Sixth of the picture, 40 of 320 pixels a frame, there and back."""
    pictures = []
    for number in range(40):
        picture = scene(4)
        left = 120 + round(90 * np.sin(number * 0.45))
        picture[60:160, left : left + 90] = scene(8)[60:160, 30:120]
        pictures.append(picture)
    assert cuts(pictures) == []


def test_from_black_into_a_scene_is_a_cut() -> None:
    assert cuts([np.zeros((180, 320, 3), np.uint8), scene(5)]) == [1]


@pytest.mark.parametrize("size", [(1, 1), (2, 4000), (4000, 2), (17, 31), (1080, 1920)])
def test_any_size(size: tuple[int, int]) -> None:
    assert cuts([scene(1, *size), scene(1, *size)]) == []


def test_a_size_that_changes_is_survived() -> None:
    assert cuts([scene(1, 180, 320), scene(1, 90, 160), scene(2, 180, 320)]) == [2]


def test_the_pictures_own_luma_is_preferred() -> None:
    class Planar(BgrPicture):
        def luma(self) -> np.ndarray:
            return self.pixels[:, :, 1]

        def bgr(self) -> np.ndarray:
            raise AssertionError("the frame was converted to BGR for a thumbnail")

    detector = CutDetector()
    info = SourceInfo("made", 320, 180)
    assert [detector(Frame(0, Planar(scene(seed)), info)) for seed in (1, 1, 2)] == [False, False, True]


def test_a_picture_without_a_plane_of_luma_will_do() -> None:
    detector = CutDetector()
    info = SourceInfo("made", 320, 180)
    assert [detector(Frame(0, BgrPicture(scene(seed)), info)) for seed in (1, 1, 2)] == [False, False, True]


def _frames(path: Path, count: int) -> list[np.ndarray]:
    pictures: list[np.ndarray] = []
    with av.open(str(path)) as container:
        for decoded in container.decode(video=0):
            pictures.append(decoded.to_ndarray(format="bgr24"))
            if len(pictures) == count:
                break
    return pictures


def test_real_clips_joined_are_cut_where_they_were_joined(shared: Path) -> None:
    joined = [_frames(shared / "data" / "videos" / name, 25) for name in UNSEEN]
    assert cuts([picture for clip in joined for picture in clip]) == [25, 50]
