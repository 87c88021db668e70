"""Ids through time: what stays the same thing, and what does not."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.frame import Scores
from tests.roi.masks import (
    FRAME,
    at,
    disc,
    ellipse,
    empty,
    events,
    frame,
    hand,
    ids,
    opened,
    run,
    together,
)


def still(count: int, *things: np.ndarray) -> list[np.ndarray]:
    return [together(*things)] * count


def test_what_is_there_at_first_is_told_of_at_once_the_largest_first() -> None:
    (first,) = run(opened(), still(1, disc(300, 300, 80), disc(900, 300, 120)))
    assert [(region.id, region.state) for region in first.regions] == [(1, "tracked"), (2, "tracked")]
    assert at(first, 900, 300) == 1
    assert events([first]) == [("found", 1), ("found", 2)]


def test_all_of_a_region_is_said() -> None:
    masks = [together(disc(300 + 10 * number, 300, 80)) for number in range(30)]
    (region,) = run(opened(steady=False), masks)[-1].regions
    assert region.box == pytest.approx((510, 220, 160, 160), abs=3)
    assert region.area == pytest.approx(np.pi * 80**2, rel=0.03)
    assert region.score > 0.9
    assert (region.label, region.label_score) == ("other", 0.0)
    assert region.velocity == pytest.approx((300, 0), abs=10)
    assert region.age == pytest.approx(29 / 30)
    assert region.crop_box == pytest.approx((590 - 104, 300 - 104, 208, 208), abs=4)
    outline = np.array(region.polygon)
    assert len(outline) >= 8
    assert np.hypot(*(outline - (590, 300)).T) == pytest.approx(78, abs=5)


def test_a_flicker_is_not_told_of_and_what_stays_is_in_the_second_frame() -> None:
    face = disc(300, 300, 80)
    flicker = [*still(5, face), *still(1, face, disc(900, 300, 80)), *still(5, face)]
    assert events(run(opened(), flicker)) == [("found", 1)]
    stays = run(opened(), [*still(5, face), *still(5, face, disc(900, 300, 80))])
    assert [ids(regions) for regions in stays[4:8]] == [[1], [1], [1, 2], [1, 2]]
    assert stays[6].regions[1].age == pytest.approx(1 / 30)


def test_small_things_take_twice_as_long_and_confirm_says_how_long() -> None:
    face, small = disc(300, 300, 80), disc(900, 300, 24)
    told = run(opened(), [*still(5, face), *still(8, face, small)])
    assert [len(regions.regions) for regions in told[5:10]] == [1, 1, 1, 2, 2]
    told = run(opened(confirm=1), [*still(5, face), *still(8, face, disc(900, 300, 80))])
    assert [len(regions.regions) for regions in told[4:7]] == [1, 2, 2]


def test_a_weak_region_goes_on_but_does_not_begin() -> None:
    weak = np.where(disc(600, 300, 80) > 0.5, np.float32(0.6), np.float32(0))
    told = run(opened(), [*still(5, disc(600, 300, 80)), *[weak] * 20])
    assert [ids(regions, "tracked") for regions in told] == [[1]] * 25
    assert events(run(opened(), [weak] * 20)) == []


def test_an_empty_mask_gives_no_regions() -> None:
    told = run(opened(), [empty()] * 5)
    assert [regions.regions for regions in told] == [[]] * 5
    assert events(told) == []


@pytest.mark.parametrize("speed", [10.0, 20.0, 40.0])
@pytest.mark.parametrize("apart", [0.0, 90.0])
def test_two_hands_cross(speed: float, apart: float) -> None:
    steps = int(900 / speed)
    masks = [
        together(hand(200 + speed * n, 360 - apart, 220), hand(1080 - speed * n, 360 + apart, 260))
        for n in range(steps)
    ]
    told = run(opened(), masks)
    last = steps - 1
    assert at(told[0], 200, 360 - apart) == at(told[-1], 200 + speed * last, 360 - apart)
    assert at(told[0], 1080, 360 + apart) == at(told[-1], 1080 - speed * last, 360 + apart)
    assert [kind for kind, _ in events(told)] == ["found", "found"]


def test_a_hand_passes_over_a_face_and_both_are_told_of_meanwhile() -> None:
    masks = [together(ellipse(640, 300, 100, 140), hand(250 + 15 * n, 340, 200)) for n in range(55)]
    told = run(opened(), masks)
    assert events(told) == [("found", 1), ("found", 2)]
    assert all(ids(regions) == [1, 2] for regions in told)
    half = told[20]  # the hand's middle is at 550: half of it is over the face
    by_id = {region.id: region for region in half.regions}
    assert by_id[1].box == pytest.approx((540, 160, 200, 280), abs=30)
    assert by_id[2].box[0] + by_id[2].box[2] / 2 == pytest.approx(550, abs=45)


def test_hands_that_touch_stay_two_and_part_as_they_were() -> None:
    way = [*range(0, 160, 8), *[160] * 30, *range(160, 0, -8)]
    masks = [together(disc(380 + step, 360, 90), disc(900 - step, 360, 90)) for step in way]
    told = run(opened(), masks)
    assert events(told) == [("found", 1), ("found", 2)]
    left, right = at(told[0], 380, 360), at(told[0], 900, 360)
    assert (at(told[-1], 380, 360), at(told[-1], 900, 360)) == (left, right)
    assert all(ids(regions, "tracked") == [1, 2] for regions in told)
    middle = {region.id: region.box for region in told[35].regions}
    assert middle[left][0] + middle[left][2] / 2 == pytest.approx(540, abs=30)
    assert middle[right][0] + middle[right][2] / 2 == pytest.approx(740, abs=30)


def test_things_that_touch_from_the_first_frame_on_are_two() -> None:
    told = run(opened(), still(10, disc(500, 360, 90), disc(665, 360, 90)))
    assert all(ids(regions) == [1, 2] for regions in told)


def test_a_crumb_that_came_off_for_a_moment_is_taken_back() -> None:
    big, crumb = ellipse(500, 360, 150, 100), disc(700, 360, 40)
    bridge = ellipse(650, 360, 60, 25)
    whole = together(big, crumb, bridge)
    told = run(opened(), [*[whole] * 10, *still(4, big, crumb), *[whole] * 30])
    assert ids(told[-1]) == [1]


@pytest.mark.parametrize("gone", [0.1, 0.5, 0.9])
def test_a_covered_thing_is_held_and_seen_again(gone: float) -> None:
    count = round(gone * 30)
    masks = [*still(30, disc(600, 300, 80)), *[empty()] * count, *still(10, disc(600, 300, 80))]
    told = run(opened(), masks)
    assert events(told) == [("found", 1)]
    assert [ids(regions, "held") for regions in told[30 : 30 + count]] == [[1]] * count
    assert ids(told[-1], "tracked") == [1]
    held = told[29 + count].regions[0]
    assert held.box == pytest.approx((520, 220, 160, 160), abs=10)


def test_what_is_covered_for_longer_is_lost_and_new_then() -> None:
    masks = [*still(30, disc(600, 300, 80)), *[empty()] * 40, *still(10, disc(600, 300, 80))]
    told = run(opened(), masks)
    assert events(told) == [("found", 1), ("lost", 1), ("found", 2)]
    assert [number for number, regions in enumerate(told) if regions.events[:1]][1] in (59, 60)
    short = run(opened(hold=0.2), masks)
    assert [number for number, regions in enumerate(short) if regions.events[:1]][1] in (35, 36)


def test_what_was_there_for_a_moment_is_not_held() -> None:
    told = run(opened(), [*[empty()] * 3, *still(3, disc(600, 300, 80)), *[empty()] * 10])
    assert events(told) == [("found", 1), ("lost", 1)]
    assert all(ids(regions) == [] for regions in told[6:])


def test_what_the_mask_lost_and_that_stopped_there_is_the_same() -> None:
    """It came fast and was not seen for a moment, in which it did not go on as something behind a thing would."""
    coming = [disc(600, 700 - 24 * number, 50) for number in range(14)]
    told = run(opened(), [*coming, *[empty()] * 11, *still(10, disc(600, 380, 50))])
    assert ids(told[len(coming) + 5]) == [1]
    assert [ids(regions, "tracked") for regions in told[-5:]] == [[1]] * 5
    assert events(told) == [("found", 1)]
    (back,) = told[len(coming) + 11].regions
    assert back.state == "tracked"
    assert back.velocity == pytest.approx((0, 0), abs=30), "it stands still, and does not go on as it came"


@pytest.mark.parametrize("speed", [8.0, 16.0, 30.0])
def test_a_hand_passes_behind_a_thing_for_half_a_second(speed: float) -> None:
    wide = 15 * speed + 150
    masks = []
    for n in range(round((wide + 650) / speed)):
        mask = together(hand(200 + speed * n, 360, 220))
        mask[:, round(500 / 4) : round((500 + wide) / 4)] = 0
        masks.append(mask)
    told = run(opened(), masks)
    assert [event for event in events(told) if event[0] != "lost"] == [("found", 1)]
    middle = told[round((300 + wide / 2) / speed)]
    assert ids(middle, "held") == [1]
    box = middle.regions[0].box
    assert box[2] == pytest.approx(180, rel=0.35)
    assert box[0] + box[2] / 2 == pytest.approx(500 + wide / 2, abs=0.35 * wide)


def test_two_people_keep_their_ids() -> None:
    def person(x: float, time: float) -> list[np.ndarray]:
        face = ellipse(x + 10 * np.sin(2 * time), 200, 80, 110)
        hands = [
            hand(x + side * 150 + 60 * np.sin(3 * time + side), 500 + 60 * np.cos(2.5 * time + side), 180)
            for side in (-1, 1)
        ]
        return [face, *hands]

    told = run(opened(), [together(*person(320, n / 30), *person(960, n / 30 + 1)) for n in range(90)])
    assert events(told) == [("found", number) for number in range(1, 7)]
    assert all(ids(regions, "tracked") == [1, 2, 3, 4, 5, 6] for regions in told)
    # Each face is where it was.
    assert at(told[0], 320, 200) == at(told[-1], 320, 200)
    assert at(told[0], 960, 200) == at(told[-1], 960, 200)


def test_two_hundred_things_keep_their_ids() -> None:
    def field(step: float) -> np.ndarray:
        out = np.zeros((720, 1280), np.float32)
        for row in range(10):
            for column in range(20):
                x, y = 40 + 60 * column + step, 40 + 66 * row + step / 2
                out[int(y) - 12 : int(y) + 12, int(x) - 14 : int(x) + 14] = 1
        return out

    node = opened(max_regions=500)
    told = run(node, [field(4 * n) for n in range(6)])
    assert [len(regions.regions) for regions in told] == [200] * 6
    where = [{region.id: region.box[:2] for region in regions.regions} for regions in told]
    assert set(where[0]) == set(where[-1]) == set(range(1, 201))
    for number, box in where[0].items():
        assert where[-1][number] == pytest.approx((box[0] + 20, box[1] + 10), abs=8)
    assert len(run(opened(max_regions=50), [field(0)])[0].regions) == 50


def test_boxes_at_the_border_stay_inside() -> None:
    told = run(opened(), [together(disc(30 - 3 * n, 700, 90)) for n in range(30)])
    for regions in told:
        for region in regions.regions:
            x, y, w, h = region.box
            assert min(x, y) >= 0
            assert x + w <= FRAME[0]
            assert y + h <= FRAME[1]
            assert min(w, h) >= 1
            assert all(0 <= px <= FRAME[0] and 0 <= py <= FRAME[1] for px, py in region.polygon)


def test_a_frame_of_another_size_ends_what_was_there() -> None:
    node = opened()
    before = run(node, still(5, disc(600, 300, 80)))
    small = (640, 360)
    after = node.process(Scores(frame(5 / 30, 5, small), disc(600, 300, 80)))
    assert events([*before, after]) == [("found", 1), ("lost", 1), ("found", 2)]
    assert after.regions[0].box == pytest.approx((260, 110, 80, 80), abs=3)


def test_a_mask_of_another_size_goes_on() -> None:
    node = opened()
    told = run(node, still(15, disc(400, 300, 80), disc(900, 300, 80)))
    coarse = np.ascontiguousarray(together(disc(480, 300, 80), disc(620, 300, 80))[::2, ::2])
    told += run(node, [coarse] * 3, begin=0.5)
    assert events(told) == [("found", 1), ("found", 2)]
