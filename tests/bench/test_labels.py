from __future__ import annotations

from collections import Counter

from bench.labels import Track, _vote, read_truth
from rtskin.roi.label import LABELS
from tests.roi.label.regions import region_at


def test_the_truth_is_of_three_clips_and_all_labels() -> None:
    truth = read_truth()
    assert set(truth) == {"intel_asl_hungry", "intel_asl_want", "sam2_04_coffee"}
    found = Counter(row.label for rows in truth.values() for row in rows)
    assert set(found) == set(LABELS)
    assert sum(found.values()) >= 120
    assert min(found.values()) >= 20


def test_one_wrong_answer_of_a_track_is_voted_down() -> None:
    tracks: list[Track] = []
    answers = [(0.9, 0.1, 0.0), (0.1, 0.6, 0.3), (0.2, 0.1, 0.7)]
    told = [_vote(tracks, [region_at((100 + 4 * i, 100, 60, 60), (640, 480))], [one]) for i, one in enumerate(answers)]
    assert told == [["face"]] * 3
    assert _vote(tracks, [region_at((400, 100, 60, 60), (640, 480))], [answers[1]]) == ["hand"]
    assert len(tracks) == 2
