"""The view that draws regions, and where its regions come from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.frame import U8, Mask, Region, RegionEvent, Regions
from rtskin.graph import Graph
from rtskin.media import av
from rtskin.registry import VIEWS
from rtskin.render.node import Render
from rtskin.render.outputs import open_output
from rtskin.render.views import needs_regions
from rtskin.render.views.chain import for_live
from rtskin.render.views.marks import PALETTE, Marks, color_of
from rtskin.render.views.rois import caption, rois
from rtskin.roi.attach import AttachRegions

from .conftest import make_frame, make_mask

HAND = Region(3, (100, 60, 80, 100), 5000.0, 0.9, "hand", 0.97)


def painted(*regions: Region, size: tuple[int, int] = (320, 240), **more: Any) -> U8:
    frame = make_frame(np.zeros((size[1], size[0], 3), np.uint8))
    mask = Mask(frame, np.zeros((size[1], size[0]), np.uint8), regions=Regions(frame, list(regions), **more))
    return rois(frame.bgr, mask, np.empty_like(frame.bgr))


def where(image: U8, number: int) -> U8:
    """The pixels in the colour of that id: bool H×W."""
    found: U8 = (image == np.array(color_of(number), np.uint8)).all(axis=2)
    return found


def test_it_draws_nothing_where_there_is_nothing() -> None:
    assert not painted().any()
    frame = make_frame()
    out = np.empty_like(frame.bgr)
    assert np.array_equal(rois(frame.bgr, make_mask(np.zeros((48, 64), np.uint8)), out), frame.bgr)


def test_it_leaves_frame_and_mask_alone() -> None:
    frame = make_frame()
    before = frame.bgr.copy()
    mask = Mask(frame, np.zeros((48, 64), np.uint8), regions=Regions(frame, [replace(HAND, box=(5, 5, 30, 30))]))
    assert not np.array_equal(rois(frame.bgr, mask, np.empty_like(before)), before)
    assert np.array_equal(frame.bgr, before)
    assert not mask.data.any()


def test_the_box_is_where_the_region_is() -> None:
    ys, xs = np.nonzero(where(painted(HAND), 3)[60:, :])
    assert (xs.min(), xs.max()) == (100, 180)
    assert (ys.min(), ys.max()) == (0, 100)


def test_a_held_box_is_dashed() -> None:
    tracked = where(painted(HAND), 3)
    held = where(painted(replace(HAND, state="held")), 3)
    side = slice(62, 158)
    assert tracked[side, 100].all()
    assert 0.3 < held[side, 100].mean() < 0.7


def test_colours_stay_with_the_id() -> None:
    assert color_of(3) == color_of(3 + len(PALETTE))
    assert len({color_of(number) for number in range(1, 1 + len(PALETTE))}) == len(PALETTE)
    moved = painted(replace(HAND, box=(10, 20, 50, 50)))
    assert where(moved, 3).any()
    assert not any(where(moved, number).any() for number in (1, 2, 4, 5, 6, 7))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "3 hand 0.97"),
        ({"side": "left", "gesture": "Thumb_Up"}, "3 left hand 0.97 Thumb Up"),
        ({"label": "other", "label_score": 0.0, "state": "held"}, "3 other held"),
        ({"gesture": "große Geste"}, "3 hand 0.97 gro?e Geste"),
    ],
)
def test_captions(more: dict[str, Any], words: str) -> None:
    assert caption(replace(HAND, **more)) == words


def test_the_arrow_points_where_it_goes() -> None:
    still, moving = where(painted(HAND), 3), where(painted(replace(HAND, velocity=(200.0, 0.0))), 3)
    ys, xs = np.nonzero(moving & ~still)
    assert (xs.min(), xs.max()) == (pytest.approx(139, abs=2), pytest.approx(190, abs=2))
    assert abs(ys.mean() - 110) < 2


def test_the_tail_shows_where_it_came_from() -> None:
    image = painted(HAND, trails={3: ((20.0, 200.0), (60.0, 200.0), (140.0, 110.0))})
    assert where(image, 3)[195:206, 20:60].any(axis=0).all()


def test_outline_and_landmarks() -> None:
    plain = painted(HAND)
    outlined = painted(replace(HAND, polygon=((110, 70), (170, 80), (140, 150))))
    assert where(outlined, 3)[70, 110]
    assert not where(plain, 3)[70, 110]
    points = tuple((110.0 + 3 * i, 70.0 + (i * 37) % 80, 0.0) for i in range(21))
    boned = painted(replace(HAND, landmarks=points))
    assert all(where(boned, 3)[round(y), round(x)] for x, y, _ in points)
    assert np.array_equal(painted(replace(HAND, landmarks=points[:5])), plain)


def test_events_are_written_into_the_corner() -> None:
    image = painted(recent=(RegionEvent("lost", 2, "face"),))
    ys, xs = np.nonzero(image.any(axis=2))
    assert ys.min() > 200
    assert xs.max() < 120
    assert where(image, 2).any()


@pytest.mark.parametrize("size", [(64, 48), (320, 240), (1280, 720), (1080, 1920), (1, 1), (3840, 40)])
def test_text_can_be_read_at_any_size_and_stays_in_the_picture(size: tuple[int, int]) -> None:
    width, height = size
    image = painted(replace(HAND, box=(width * 0.7, 0, width * 0.3, height)), size=size)
    letters = (image > 200).all(axis=2)
    if min(size) >= 48:
        rows = np.nonzero(letters.any(axis=1))[0]
        assert rows.max() - rows.min() + 1 >= max(6, min(size) / 60)
    if width >= 320 and height >= 240:
        assert letters[:, : int(width * 0.95)].sum() == letters.sum()  # not cut off at the border


def test_a_plate_at_the_upper_border_is_in_its_own_box() -> None:
    """Below, it would hide what is there: the hand before a chest, where the box is a face's."""
    image = painted(replace(HAND, box=(100, 0, 120, 150)))
    assert (image[2:16, 100:160] > 200).all(axis=2).any()
    assert not image[152:].any()


def test_plates_do_not_hide_each_other() -> None:
    marks = Marks(np.zeros((240, 320, 3), np.uint8))
    for number in (1, 2, 3, 4):
        marks.plate(f"{number} hand", (100, 100, 160, 160), color_of(number))
    assert all(where(marks.out, number).any() for number in (1, 2, 3, 4))


def test_wild_numbers_are_no_trouble() -> None:
    wild = replace(HAND, box=(-1e9, -1e9, 2e9, 2e9), velocity=(1e12, -1e12), polygon=((1e9, 0), (0, 1e9), (-1e9, 5)))
    many = [replace(HAND, id=number, box=(number, number, 9, 9)) for number in range(4, 204)]
    assert painted(wild, *many, trails={3: ((1e9, 1e9), (-1e9, 0))}).shape == (240, 320, 3)


def test_only_rois_asks_for_regions() -> None:
    assert [name for name in VIEWS.names() if needs_regions(VIEWS.get(name))] == ["rois"]
    node = Render()
    assert not node.wants_regions
    node.command("view", "rois")
    assert node.wants_regions


def test_without_a_node_that_looks_for_regions_the_view_is_refused_and_passed_by() -> None:
    with pytest.raises(InputError, match="put a node of the kind 'regions' before"):
        Graph.from_toml("offline_render", {"source.uri": "pattern:", "render.view": "rois", "sink": {"kind": "null"}})
    node = Render(view="overlay")
    node.bind({"render": node})
    with pytest.raises(InputError, match="'regions'"):
        node.command("view", "rois")
    seen = {node.view for _ in VIEWS.names() if node.command("view", "next")}
    assert seen == {name for name in VIEWS.names() if for_live(name)} - {"rois"}
    node.bind({"render": node, "regions": AttachRegions()})
    assert node.command("view", "rois")


def test_files_of_masks_have_their_regions_followed(tmp_path: Path) -> None:
    """As the last pass of a render does it: masks come back from disk without regions."""
    out = tmp_path / "rois.mkv"
    output = open_output(out, "rois")
    for seq in range(3):
        data = np.zeros((240, 320), np.uint8)
        data[60:160, 100 + 2 * seq : 180 + 2 * seq] = 255
        frame = make_frame(np.zeros((240, 320, 3), np.uint8), seq=seq, pts=40 * seq)
        output.write(Mask(frame, data))
    output.finish()
    with av.open(str(out)) as container:
        images = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    assert len(images) == 3
    assert all(image[100, 96:106].max() > 100 for image in images)  # the box's left side
