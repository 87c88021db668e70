"""Admission is pure logic, so whole runs are simulated here without a clock."""

from __future__ import annotations

import heapq
import math

import pytest

from rtskin.graph.admission import WARM, Admission


def simulate(service: dict[str, float], rate: float, seconds: float, workers: dict[str, int] | None = None):
    """A chain of nodes with these service times behind one slot, fed at ``rate``; answers (throughput, latencies)."""
    names = list(service)
    workers = {name: (workers or {}).get(name, 1) for name in names}
    admission = Admission({name: names[:i] for i, name in enumerate(names)}, workers)
    queues: dict[str, list[int]] = {name: [] for name in names}
    busy = dict.fromkeys(names, 0)
    slot: tuple[int, float] | None = None
    captured: dict[int, float] = {}
    latencies: list[float] = []
    events = [(i / rate, 0, "frame", i) for i in range(int(seconds * rate))]
    heapq.heapify(events)
    while events:
        now, _, what, seq = heapq.heappop(events)
        if what == "frame":
            slot = (seq, now)
        elif what in service:
            busy[what] -= 1
            after = names[names.index(what) + 1 :]
            admission.timed(what, service[what])
            admission.finished(what, seq, 1, 1 if after else 0)
            if after:
                queues[after[0]].append(seq)
            else:
                latencies.append(now - captured[seq])
        if slot and (ready := admission.ready_at(now)) <= now:
            admission.enter(slot[0])
            captured[slot[0]] = slot[1]
            queues[names[0]].append(slot[0])
            slot = None
        elif slot and ready < math.inf:
            heapq.heappush(events, (ready, 1, "look", -1))
        for name in names:
            while queues[name] and busy[name] < workers[name]:
                busy[name] += 1
                admission.started(name, queues[name][0], now)
                heapq.heappush(events, (now + service[name], 2, name, queues[name].pop(0)))
                if slot and admission.ready_at(now) < math.inf:
                    heapq.heappush(events, (max(now, admission.ready_at(now)), 1, "look", -1))
    return len(latencies) / seconds, sorted(latencies)


@pytest.mark.parametrize("delay", [0.005, 0.020, 0.060])
def test_the_slowest_node_never_idles_and_no_frame_waits_for_it(delay: float) -> None:
    service = {"preprocess": 0.002, "infer": delay, "refine": 0.003}
    rate, latencies = simulate(service, 60, 20)
    assert rate >= 0.98 * min(60, 1 / delay)
    assert latencies[int(0.95 * len(latencies))] <= sum(service.values()) + 1 / 60 + 0.001


def test_latency_does_not_grow_when_two_nodes_are_about_as_slow() -> None:
    rate, latencies = simulate({"infer": 0.030, "sink": 0.029}, 60, 20)
    assert rate >= 0.95 / 0.030
    assert latencies[-1] < 0.030 + 0.030 + 2 / 60


def test_several_workers_are_all_kept_busy() -> None:
    rate, _ = simulate({"preprocess": 0.001, "infer": 0.1}, 60, 20, {"infer": 3})
    assert rate >= 0.95 * 30


def test_until_every_node_was_timed_one_frame_goes_at_a_time() -> None:
    admission = Admission({"a": [], "b": ["a"]})
    for seq in range(WARM):
        assert admission.ready_at(0.0) == 0.0
        admission.enter(seq)
        assert admission.ready_at(0.0) == math.inf
        admission.started("a", seq, 0.0)
        admission.timed("a", 0.1)
        admission.finished("a", seq, 1, 1)
        admission.started("b", seq, 0.1)
        assert admission.ready_at(0.2) == math.inf
        admission.timed("b", 0.4)
        admission.finished("b", seq, 1, 0)
    assert admission.slowest == "b"
    admission.enter(9)
    admission.started("b", 9, 1.0)
    assert admission.ready_at(1.0) == pytest.approx(1.0 + 0.4 - 0.1, abs=0.001)


def test_a_frame_is_under_way_until_all_its_branches_are_done() -> None:
    admission = Admission({"a": [], "b": []})
    admission.enter(0, 2)
    admission.timed("a", 0.1)
    admission.finished("a", 0, 1, 0)
    assert admission.ready_at(1.0) == math.inf
    admission.timed("b", 0.1)
    admission.finished("b", 0, 1, 0)
    assert admission.ready_at(1.0) == 1.0


def test_one_hiccup_does_not_change_the_pace() -> None:
    admission = Admission({"a": []})
    for seq in range(9):
        admission.enter(seq)
        admission.timed("a", 5.0 if seq == 4 else 0.02)
        admission.finished("a", seq, 1, 0)
    admission.enter(9)
    admission.started("a", 9, 0.0)
    assert admission.ready_at(0.0) == pytest.approx(0.02, abs=0.001)


def test_a_node_that_was_slowest_leaves_nothing_behind() -> None:
    admission = Admission({"a": [], "b": ["a"]})

    def frame(seq: int, a: float, b: float) -> None:
        """One frame at a time, reported as the gate does: starts and ends of the slowest node only."""
        admission.enter(seq)
        for node, seconds, given in (("a", a, 1), ("b", b, 0)):
            if node == admission.slowest:
                admission.started(node, seq, float(seq))
            admission.timed(node, seconds)
            if node == admission.slowest or not given:
                admission.finished(node, seq, 1, given)

    for seq in range(100):
        frame(seq, *((0.03, 0.01) if seq // 20 % 2 else (0.01, 0.03)))
    assert admission.slowest is not None
    assert all(len(running) == 0 for running in admission._running.values())
