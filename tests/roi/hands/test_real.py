"""The node with MediaPipe's own networks, on real hands."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rtskin import Segmenter
from rtskin.capture import open_source
from rtskin.frame import U8, BgrPicture, Frame, Region, Regions, SourceInfo
from rtskin.graph import Graph
from rtskin.graph.spec import GraphSpec
from rtskin.media import cv2
from rtskin.node import Context
from rtskin.roi.components import Rules, find_regions
from rtskin.roi.hands.node import FindHands

#: Right hands of different people, palms and backs, at different distances.
RIGHT = (
    "1_P_hgr1_id05_2", "2_P_hgr1_id05_3", "3_P_hgr1_id07_1", "5_P_hgr1_id03_2", "5_P_hgr1_id07_3", "4_P_hgr1_id03_1",
    "2_A_hgr2B_id03_1", "3_A_hgr2B_id05_1", "4_A_hgr2B_id07_1", "5_A_hgr2B_id09_1",
)  # fmt: skip

SIZE = (1280, 720)


@pytest.fixture(scope="module")
def node(task: Path) -> Iterator[FindHands]:
    made = FindHands(asset=task)
    made.open(Context())
    yield made
    made.close()


@pytest.fixture(scope="module")
def hands(shared: Path) -> list[tuple[U8, U8]]:
    """Pictures (uint8 H×W×3) and which of their pixels are skin (255)."""
    folder = shared / "data/hgr"
    if not folder.is_dir():
        pytest.skip(f"no pictures of hands at {folder}")
    found = []
    for name in RIGHT:
        picture, mask = cv2.imread(str(folder / f"images/{name}.jpg")), cv2.imread(str(folder / f"masks/{name}.png"), 0)
        assert picture is not None
        assert mask is not None
        found.append((picture, mask))
    return found


def scene(*placed: tuple[tuple[U8, U8], int]) -> tuple[Frame, U8]:
    """A frame with pictures, each 480 high, at these columns; and its mask."""
    frame, skin = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8), np.zeros((SIZE[1], SIZE[0]), np.uint8)
    for (picture, mask), x in placed:
        width = round(picture.shape[1] * 480 / picture.shape[0])
        frame[120:600, x : x + width] = cv2.resize(picture, (width, 480), interpolation=cv2.INTER_AREA)
        skin[120:600, x : x + width] = cv2.resize(mask, (width, 480), interpolation=cv2.INTER_AREA)
    return Frame(0, BgrPicture(frame), SourceInfo("made", *SIZE)), (skin > 127).astype(np.uint8) * 255


def regions_of(frame: Frame, skin: U8, first: int) -> Regions:
    """The regions of a mask, largest first, as tracks from ``first`` on that are hands."""
    found = find_regions(skin, (frame.width, frame.height), Rules(min_area=0.005))
    return Regions(
        frame, [Region(first + i, one.box, one.area, one.score, label="hand") for i, one in enumerate(found)]
    )


def share_on(region: Region, skin: U8) -> float:
    """How many of a region's landmarks lie on the skin, or within a hundredth of the frame's width of it."""
    assert region.landmarks is not None
    near = cv2.dilate(skin, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * SIZE[0] // 100 + 1,) * 2))
    height, width = skin.shape
    on = [near[min(height - 1, max(0, round(y))), min(width - 1, max(0, round(x)))] > 0 for x, y, _ in region.landmarks]
    return float(np.mean(on))


def flipped(hand: tuple[U8, U8]) -> tuple[U8, U8]:
    return np.ascontiguousarray(hand[0][:, ::-1]), np.ascontiguousarray(hand[1][:, ::-1])


def test_landmarks_fall_on_the_hand_and_say_which(node: FindHands, hands: list[tuple[U8, U8]]) -> None:
    shares, sides = [], []
    for number, hand in enumerate(hands):
        frame, skin = scene((hand, 500))
        (one, *_) = node.process(regions_of(frame, skin, 10 * number + 1)).regions
        if one.landmarks is not None:
            shares.append(share_on(one, skin))
            sides.append(one.side)
            x, y, _ = one.landmarks[9]  # the middle finger's knuckle
            left, top, width, height = one.box
            assert left <= x <= left + width
            assert top <= y <= top + height
    assert len(shares) >= len(hands) - 1
    assert np.mean(shares) > 0.95
    assert min(shares) > 0.8
    assert sides.count("right") >= len(sides) - 1


def test_a_left_and_a_right_hand_in_one_frame(node: FindHands, hands: list[tuple[U8, U8]]) -> None:
    hand = hands[4]  # 5_P_hgr1_id07_3, five fingers
    frame, skin = scene((hand, 0), (flipped(hand), 640))
    told = node.process(regions_of(frame, skin, 501)).regions
    sides = {("left" if one.box[0] > 600 else "right"): one.side for one in told[:2]}
    assert sides == {"left": "left", "right": "right"}
    assert all(share_on(one, skin) > 0.9 for one in told[:2])


def test_a_hand_is_followed_through_a_video(node: FindHands, shared: Path) -> None:
    """On one of the clips that nothing is trained or tuned on, at every fourth frame; truth is the skin that is found."""
    clip = shared / "data/videos/sam2_04_coffee.mp4"
    if not clip.is_file():
        pytest.skip(f"no clip {clip}")
    segment, shares = Segmenter("mobile-unet", threads=1), []
    with open_source(str(clip)) as source:
        for frame in source:
            if frame.seq >= 40:
                break
            if frame.seq % 4 == 0:
                skin = (segment(frame.bgr) > 127).astype(np.uint8) * 255
                told = node.process(regions_of(frame, skin, 601)).regions
                shares += [share_on(one, skin) for one in told if one.landmarks]
    assert len(shares) >= 5
    assert np.mean(shares) > 0.9


def test_wood_and_walls_have_no_hands(node: FindHands) -> None:
    noise = cv2.resize(np.random.default_rng(0).integers(0, 255, (9, 16, 3), np.uint8), SIZE)
    frame = Frame(0, BgrPicture(noise), SourceInfo("made", *SIZE))
    told = node.process(Regions(frame, [Region(900, (300, 100, 300, 300), 90000, 0.9, label="hand")]))
    assert told.regions[0].landmarks is None


def test_it_stands_between_regions_and_feed(task: Path, tmp_path: Path) -> None:
    def with_hands(spec: GraphSpec) -> GraphSpec:
        node = {"hands": {"kind": "hands", "asset": str(task), "labels": ["hand", "face", "other"]}}
        return spec.extended(node, ["roi -> hands", "hands -> feed"], [("roi", "feed")])

    settings = {"source.uri": "pattern:320x240@30?frames=12", "source.pace": "max", "infer.model": "ellipse"}
    graph = Graph.from_toml("gesture_roi", {**settings, "feed.out": str(tmp_path / "rois.jsonl")}, with_hands)
    statistics = graph.run()
    assert statistics.state == "done"
    assert len((tmp_path / "rois.jsonl").read_text().splitlines()) == 12


def test_the_end_is_quiet(task: Path) -> None:
    """MediaPipe raises in __del__ where what it opened is not closed before Python ends."""
    code = (
        "from rtskin.node import Context; from rtskin.roi.hands.node import FindHands\n"
        f"node = FindHands(asset={str(task)!r}); node.open(Context()); node.close()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "Error" not in done.stderr
