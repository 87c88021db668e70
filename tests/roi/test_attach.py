"""The node "regions": masks with their regions, only while somebody wants them."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

from rtskin.errors import InputError, ModelError
from rtskin.frame import BgrPicture, Frame, Mask, Rendered, Scores, SourceInfo
from rtskin.graph import Graph
from rtskin.node import Context
from rtskin.registry import NODES
from rtskin.render.node import Render
from rtskin.render.refine import Refine
from rtskin.roi.attach import ROWS, AttachRegions, thinned


def mask(seq: int = 0, size: tuple[int, int] = (160, 90), box: tuple[int, int, int, int] = (40, 20, 50, 40)) -> Mask:
    width, height = size
    data = np.zeros((height, width), np.uint8)
    x, y, w, h = box
    data[y : y + h, x : x + w] = 200
    picture = BgrPicture(np.zeros((height, width, 3), np.uint8))
    return Mask(Frame(seq, picture, SourceInfo("made", width, height), 40 * seq), data, "made")


def first(node: AttachRegions) -> Mask:
    """The first mask that has regions."""
    deadline = time.monotonic() + 30
    for seq in range(1, 100_000):
        after = node.process(mask(seq))
        if after.regions is not None or time.monotonic() > deadline:
            return after
        time.sleep(0.005)
    raise AssertionError("unreachable")


@pytest.fixture
def node() -> Iterator[AttachRegions]:
    made = AttachRegions()
    made.open(Context())
    yield made
    made.close()


def test_it_gives_the_same_mask_with_its_regions(node: AttachRegions) -> None:
    before = mask()
    after = node.process(before)
    assert (after.frame, after.model) == (before.frame, "made")
    assert after.data is before.data
    assert before.regions is None  # other branches may hold it
    assert after.regions is not None
    (region,) = after.regions.regions
    assert region.box == pytest.approx((40, 20, 50, 40), abs=2)
    assert after.regions.trails[region.id][-1] == pytest.approx((65, 40), abs=2)


def test_large_masks_are_looked_at_in_part(node: AttachRegions) -> None:
    assert thinned(np.zeros((2160, 3840), np.uint8)).shape == (ROWS, 427)
    assert thinned(np.zeros((100, 50), np.uint8)).shape == (100, 50)
    after = node.process(mask(size=(1920, 1080), box=(400, 200, 500, 400)))
    assert after.regions is not None
    assert after.regions.regions[0].box == pytest.approx((400, 200, 500, 400), abs=9)


def test_before_refine_it_is_the_scores_that_count(node: AttachRegions) -> None:
    """As the node roi of the feed sees them."""
    frame, data = mask().frame, mask().data
    scores = Scores(frame, data.astype(np.float32) / 255, "made")
    after = node.process(scores)
    assert isinstance(after, Scores)
    assert after.data is scores.data
    refine = Refine()
    refine.open(Context())
    made = refine.process(after)
    assert made.regions is after.regions is not None
    fed = NODES.get("roi")()
    fed.open(Context())
    assert fed.process(scores).regions == made.regions.regions
    fed.close()


def test_what_has_no_mask_is_refused(node: AttachRegions) -> None:
    with pytest.raises(InputError, match="takes scores or masks, not Rendered"):
        node.process(Rendered(mask().frame, mask().data))  # type: ignore[arg-type]


def test_no_skin_is_no_regions(node: AttachRegions) -> None:
    after = node.process(mask(box=(0, 0, 0, 0)))
    assert after.regions is not None
    assert after.regions.regions == []


def test_it_sleeps_while_no_view_draws_regions_and_frames_do_not_wait_for_it_to_wake() -> None:
    render = Render(view="overlay")
    node = AttachRegions()
    node.bind({"regions": node, "render": render})
    node.open(Context())
    plain = mask()
    assert node.process(plain) is plain
    render.command("view", "rois")
    assert first(node).regions is not None
    render.command("view", "matte")
    assert node.process(mask(2)).regions is None
    node.close()


def test_trails_do_not_go_on_from_before_it_was_closed(node: AttachRegions) -> None:
    for seq in range(5):
        node.process(mask(seq))
    node.close()
    node.open(Context())
    regions = node.process(mask(6)).regions
    assert regions is not None
    assert [len(trail) for trail in regions.trails.values()] == [2], "where it is, and no point before"
    assert [event.kind for event in regions.recent] == ["found"]


def test_what_it_cannot_load_ends_no_graph(caplog: pytest.LogCaptureFixture) -> None:
    tries: list[int] = []

    class Missing(NODES.get("roi")):  # type: ignore[misc]
        def open(self, context: Context) -> None:
            tries.append(1)
            raise ModelError("there is no such asset")

    render = Render(view="overlay")
    node = AttachRegions()
    node._make = lambda: [Missing()]  # type: ignore[method-assign]
    node.bind({"regions": node, "render": render})
    node.open(Context())
    render.command("view", "rois")
    deadline = time.monotonic() + 20
    while not caplog.records and time.monotonic() < deadline:
        assert node.process(mask()).regions is None
        time.sleep(0.005)
    assert "without regions: there is no such asset" in caplog.text
    for _ in range(20):
        assert node.process(mask()).regions is None
        time.sleep(0.005)
    assert len(tries) == 1, "not tried for every frame"
    del node._make
    render.command("view", "matte")
    node.process(mask())
    render.command("view", "rois")
    assert first(node).regions is not None, "but when it is wanted anew"
    node.close()


def test_it_works_where_no_node_can_say() -> None:
    (packet,) = (
        Graph.from_toml("masks", {"source.uri": "pattern:64x48@30?frames=1", "infer.model": "ellipse"})
        .add("regions", AttachRegions())
        .connect("refine", "regions")
    )
    assert isinstance(packet, Mask)
    assert packet.regions is not None


def test_options_of_its_nodes_are_checked_at_once() -> None:
    with pytest.raises(InputError, match="min_aera") as caught:
        AttachRegions(roi={"min_aera": 1})
    assert caught.value.key == "roi.min_aera"
    with pytest.raises(InputError, match="trail"):
        AttachRegions(trail=-1)


def test_it_is_the_kind_regions() -> None:
    assert NODES.get("regions") is AttachRegions
