from __future__ import annotations

import numpy as np
import pytest

import rtskin
from rtskin.errors import InputError, SourceNotFoundError, UnknownNameError
from tests.graph.nodes import graph_threads


def test_a_list_of_it_holds_distinct_masks_of_the_frames_size() -> None:
    pairs = list(rtskin.stream("pattern:64x48@30?frames=12", model="ellipse", smooth="none"))
    assert [frame.seq for frame, _ in pairs] == list(range(12))
    assert all(mask.frame is frame for frame, mask in pairs)
    assert all(mask.data.shape == (48, 64) and mask.data.dtype == np.uint8 for _, mask in pairs)
    assert len({mask.data.tobytes() for _, mask in pairs}) > 1  # the disc moves
    addresses = {mask.data.__array_interface__["data"][0] for _, mask in pairs}
    assert len(addresses) == 12


def test_leaving_the_loop_stops_everything() -> None:
    for frame, _ in rtskin.stream("pattern:64x48@30?frames=0", model="ellipse"):
        if frame.seq == 3:
            break
    assert graph_threads() == []


def test_errors_reach_the_loop(tmp_path) -> None:
    with pytest.raises(SourceNotFoundError):
        list(rtskin.stream(tmp_path / "missing.mp4"))
    with pytest.raises(UnknownNameError, match="did you mean ellipse"):
        list(rtskin.stream("pattern:", model="elipse"))


@pytest.mark.parametrize("every", [3, "3"])
def test_every_third_frame_through_the_network(every) -> None:
    pairs = list(rtskin.stream("pattern:64x48@30?frames=12", model="ellipse", smooth="none", every=every))
    assert [frame.seq for frame, _ in pairs] == list(range(12))
    assert all(mask.frame is frame for frame, mask in pairs)
    assert all(mask.data.shape == (48, 64) for _, mask in pairs)


def test_every_auto_needs_a_clock() -> None:
    with pytest.raises(InputError, match="give a number"):
        list(rtskin.stream("pattern:", every="auto"))
    with pytest.raises(InputError, match="1 to 60, or auto"):
        list(rtskin.stream("pattern:", every=0))
    pairs = list(rtskin.stream("pattern:64x48@60?frames=12", model="ellipse", every="auto", pace="source"))
    assert pairs
    assert all(mask.data.shape == (48, 64) for _, mask in pairs)


def test_regions_of_each_frame(tmp_path) -> None:
    found = list(rtskin.regions("pattern:64x48@30?frames=12", model="ellipse", smooth="none"))
    assert [one.frame.seq for one in found] == list(range(12))
    assert all(isinstance(one, rtskin.Regions) for one in found)
    assert found[0].regions
    x, y, w, h = found[0].regions[0].box
    assert (x >= 0, y >= 0, x + w <= 64, y + h <= 48) == (True, True, True, True)
    assert graph_threads() == []
    with pytest.raises(SourceNotFoundError):
        list(rtskin.regions(tmp_path / "missing.mp4"))


def test_regions_between_frames_that_the_network_looks_at_and_at_the_sources_pace() -> None:
    found = list(rtskin.regions("pattern:64x48@30?frames=12", model="ellipse", smooth="none", every=3))
    assert [one.frame.seq for one in found] == list(range(12))
    for one in rtskin.regions("pattern:64x48@60?frames=0", model="ellipse", pace="source", every="auto"):
        if one.frame.seq > 5:
            break
    assert graph_threads() == []
