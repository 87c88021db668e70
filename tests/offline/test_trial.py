"""A render tried on some stretches: its masks are those of a segment that begins there."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.offline.estimate import Estimate, cores, estimate
from rtskin.offline.stored import stored_masks
from rtskin.offline.trial import Pace, Trial, run_trial, stretches
from rtskin.offline.worker import Worker

from .conftest import FRAMES, Planned


def test_samples_are_spread_and_warmed_up_as_segments_are(planned: Planned) -> None:
    folder = planned()
    assert [(one.start, one.end) for one in stretches(folder, 5)] == [(0, 6), (7, 16), (17, 26), (27, 36), (37, 46)]
    assert len(stretches(folder, 1000)) == FRAMES


def test_the_mask_of_a_sample_is_that_of_a_segment_that_begins_with_it(planned: Planned) -> None:
    whole, folder = planned("whole", segment=25), planned("trial")
    Worker(whole).run()
    assert [segment.start for segment in whole.segments] == [0, 25]
    trial = run_trial(folder, 5, lambda done: True)
    assert trial is not None
    assert trial.samples == [5, 15, 25, 35, 45]
    for pace in (trial.masks, trial.outputs):
        assert (pace.node > 0, pace.cpu > 0, pace.start > 0) == (True, True, True)
    masks, wanted = dict(stored_masks(folder)), dict(stored_masks(whole))
    assert np.array_equal(masks[25], wanted[25])
    assert masks[25].max() >= 250


def test_it_stops_when_told(planned: Planned) -> None:
    seen: list[int] = []
    assert run_trial(planned(), 3, lambda done: bool(seen.append(done)) or done < 1) is None
    assert max(seen) == 1


def test_an_estimate_adds_up(planned: Planned) -> None:
    folder = planned()  # 3 segments of 17 frames, of which two look at 8 before them
    folder.finish.mkdir(exist_ok=True)
    (folder.finish / "1.png").write_bytes(bytes(300))
    output = folder.manifest.outputs[0].model_copy(update={"path": "/tmp/%d.png"})
    folder.manifest = folder.manifest.model_copy(update={"outputs": [output]})
    trial = Trial(Pace(0.1, 0.0, 1.0), Pace(0.02, 0.0, 0.5), 10.0, [folder.finish / "%d.png"], [5], 3)
    made = estimate(folder, trial, jobs=1)
    assert made == Estimate(FRAMES, pytest.approx(66 * 0.1 + 3), pytest.approx(1.5), 500, {"/tmp/%d.png": 5000})
    assert made.seconds == pytest.approx(11.1)
    assert estimate(folder, trial, jobs=2).masks == pytest.approx(4.8)
    assert estimate(folder, trial, jobs=9).masks == pytest.approx(3.2)
    busy = Trial(Pace(0.1, 1000.0, 1.0), trial.outputs, 10.0, trial.files, [5], 3)
    assert estimate(folder, busy, 9).masks == pytest.approx(66000 / cores() + 1), "no faster than all cores"
