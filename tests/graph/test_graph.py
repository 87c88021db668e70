"""A running graph: order, ends, errors, threads."""

from __future__ import annotations

import json
import threading
import time

import pytest

from rtskin.errors import GraphSpecError, GraphStateError, NodeError, SourceError
from rtskin.frame import Frame
from rtskin.graph import Graph, run
from tests.graph.nodes import INFO, PICTURE, Call, Collect, Count, Join, Sample, chain, graph_threads


def burst(packet: object) -> None:
    """Takes longer for some frames, so that workers finish out of order."""
    time.sleep(0.004 if packet.frame.seq % 4 == 0 else 0.0)


def fail(packet: object) -> None:
    raise ZeroDivisionError("boom")


def test_every_frame_arrives_in_order_and_nothing_is_left_behind() -> None:
    sink, node = Collect(), Call()
    statistics = chain(Count(frames=50), node, sink).run()
    assert sink.seen == list(range(50))
    assert node.events == ["open", "finish", "close"]
    assert statistics.state == "done"
    assert statistics.frames == {"captured": 50, "rendered": 50, "dropped": 0}
    assert graph_threads() == []


def test_workers_keep_the_order() -> None:
    sink, finished = Collect(), []
    node = Call(lambda packet: burst(packet) or finished.append(packet.frame.seq))
    chain(Count(frames=60), node, sink, workers=4).run()
    assert sink.seen == list(range(60))
    assert finished != sink.seen  # they really ran side by side


def test_live_frames_are_dropped_at_admission_only_and_the_last_is_delivered() -> None:
    sink = Collect(lambda packet: time.sleep(0.01))
    statistics = chain(Count(frames=100, live=True, gap=0.001), Call(), sink).run()
    assert sink.seen[-1] == 99
    assert 0 < len(sink.seen) < 100
    assert statistics.frames["captured"] == 100
    assert statistics.frames["rendered"] + statistics.frames["dropped"] == 100
    assert statistics.edges["source->a"].causes == {"superseded": 100 - len(sink.seen)}
    assert statistics.edges["a->sink"].dropped == 0


def test_a_live_join_gets_equal_frames_although_frames_are_dropped() -> None:
    join, sink = Join(), Collect()
    graph = Graph().add("source", Count(frames=80, live=True, gap=0.001)).add("a", Call(burst)).add("join", join)
    graph.add("sink", sink).connect("source", "a").connect("a", "join.left").connect("source", "join.right")
    graph.connect("join", "sink").run()
    assert join.pairs
    assert all(left == right for left, right in join.pairs)
    assert sink.seen[-1] == 79


def test_a_sampling_node_sees_every_frame_with_the_newest_of_the_slow_branch() -> None:
    sample, release = Sample(), threading.Event()
    graph = Graph().add("source", Count(frames=30)).add("slow", Call(lambda p: release.wait(5) and None))
    graph.add("pair", sample).add("sink", Collect()).connect("source", "slow", policy="drop", size=1)
    graph.connect("source", "pair.frame").connect("slow", "pair.mask").connect("pair", "sink")
    graph.start()
    while len(sample.pairs) < 30:
        time.sleep(0.001)
    release.set()
    assert graph.wait(10)
    assert [seq for seq, _ in sample.pairs] == list(range(30))
    assert all(mask is None for _, mask in sample.pairs)  # the slow branch had finished none while frames came


def test_a_slow_optional_branch_holds_nobody() -> None:
    release = threading.Event()
    slow, sink = Collect(lambda packet: release.wait(10)), Collect()
    graph = Graph().add("source", Count(frames=40)).add("slow", slow).add("sink", sink)
    graph.connect("source", "slow", policy="drop", size=1).connect("source", "sink").start()
    while len(sink.seen) < 40:
        time.sleep(0.001)
    release.set()
    assert graph.wait(10)
    assert sink.seen == list(range(40))
    statistics = graph.statistics()
    assert statistics.frames == {"captured": 40, "rendered": 40, "dropped": 0}
    assert statistics.edges["source->slow"].causes["consumer busy"] == 40 - len(slow.seen)
    assert slow.seen[-1] == 39


@pytest.mark.parametrize("where", ["source", "a", "b", "sink"])
def test_an_error_in_the_middle_stops_everybody_also_those_that_wait(where: str) -> None:
    nodes = {"source": Count(frames=None), "a": Call(), "b": Call(), "sink": Collect()}
    if where == "source":
        nodes["source"].read = lambda: fail(None)
    else:
        nodes[where].function = lambda packet: fail(packet) if packet.frame.seq == 5 else None
    begun = time.monotonic()
    with pytest.raises(NodeError, match=f"node '{where}' failed: ZeroDivisionError: boom") as caught:
        chain(*nodes.values()).run()
    assert time.monotonic() - begun < 3  # a bound, not a benchmark: nobody waits for a time-out
    assert caught.value.node == where
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert [node.events[-1] for node in nodes.values() if isinstance(node, Call)] == ["close"] * 3
    assert graph_threads() == []


def test_a_consumer_that_fails_releases_a_producer_that_waits_on_a_full_edge() -> None:
    full = threading.Event()

    def wait_then_fail(packet: object) -> None:
        assert full.wait(5)
        fail(packet)

    source = Count(frames=None)
    graph = chain(source, Call(), Collect(wait_then_fail))
    graph.start()
    while graph.statistics().edges["source->a"].depth < 2:
        time.sleep(0.001)
    full.set()
    with pytest.raises(NodeError, match="'sink'"):
        graph.wait(5)
    assert graph_threads() == []


def test_an_error_at_open_reaches_the_caller_and_no_frame_is_read() -> None:
    class Broken(Call):
        def open(self, context: object) -> None:
            raise SourceError("no such thing")

    source, sink = Count(frames=None), Collect()
    with pytest.raises(SourceError, match="no such thing") as caught:
        chain(source, Broken(), sink).run()
    assert caught.value.node == "a"
    assert sink.seen == []


def test_an_error_at_close_is_not_lost() -> None:
    class Broken(Call):
        def close(self) -> None:
            raise OSError("disk gone")

    with pytest.raises(NodeError, match="'a' failed: OSError: disk gone"):
        chain(Count(), Broken(), Collect()).run()
    assert graph_threads() == []


def test_the_first_error_wins() -> None:
    class Broken(Call):
        def close(self) -> None:
            raise OSError("later")

    with pytest.raises(NodeError, match="'sink' failed: ZeroDivisionError"):
        chain(Count(frames=None), Broken(), Collect(fail)).run()


def test_one_of_several_workers_that_fails_stops_the_others() -> None:
    node = Call(lambda packet: fail(packet) if packet.frame.seq == 7 else None)
    with pytest.raises(NodeError, match="'a'"):
        chain(Count(frames=None), node, Collect(), workers=3).run()
    assert graph_threads() == []


def test_drain_delivers_what_is_under_way_and_completes() -> None:
    node, sink = Call(), Collect()
    graph = chain(Count(frames=None), node, sink)
    graph.start()
    while len(sink.seen) < 5:
        time.sleep(0.001)
    graph.drain()
    assert graph.wait(5)
    assert sink.seen == list(range(len(sink.seen)))
    assert graph.statistics().frames["captured"] == len(sink.seen)
    assert "finish" in sink.events


def test_stop_from_another_thread_ends_a_run_without_completing() -> None:
    sink = Collect()
    graph = chain(Count(frames=None), sink)

    def stop() -> None:
        while len(sink.seen) < 3:
            time.sleep(0.001)
        graph.stop()
        graph.stop()

    threading.Thread(target=stop).start()
    graph.run()
    assert sink.events == ["open", "close"]
    assert graph_threads() == []


def test_a_node_for_the_main_thread_runs_on_the_caller_and_idles() -> None:
    threads: list[threading.Thread] = []

    class Window(Collect):
        main_thread = True
        idle_every = 0.005

        def idle(self) -> None:
            threads.append(threading.current_thread())

    window = Window()
    graph = chain(Count(frames=3, gap=0.05), window)
    with pytest.raises(GraphStateError, match="'sink' needs the main thread"):
        chain(Count(), Window()).start()
    graph.run()
    assert window.seen == [0, 1, 2]
    assert set(threads) == {threading.current_thread()}


def test_iterating_gives_distinct_packets_and_stops_when_the_caller_does() -> None:
    graph = chain(Count(frames=None), Call())
    taken = []
    for packet in graph:
        taken.append(packet)
        if len(taken) == 10:
            break
    assert [packet.frame.seq for packet in taken] == list(range(10))
    assert len({id(packet) for packet in taken}) == 10
    assert graph_threads() == []


def test_a_slow_caller_makes_a_live_source_drop_at_admission() -> None:
    graph = chain(Count(frames=100, live=True, gap=0.001), Call())
    seen = []
    for packet in graph:
        seen.append(packet.frame.seq)
        time.sleep(0.01)
    assert seen[-1] == 99
    assert len(seen) < 60
    assert graph.statistics().edges["source->sink"].causes["superseded"] == 100 - len(seen)


def test_iterating_raises_a_nodes_error() -> None:
    with pytest.raises(NodeError, match="'sink' failed"):
        list(chain(Count(frames=None), Call(fail)))


def test_only_a_graph_that_ends_in_packets_can_be_iterated() -> None:
    with pytest.raises(GraphSpecError, match="it ends in 'sink'"):
        list(chain(Count(), Collect()))


def test_packets_held_back_come_at_the_end() -> None:
    class Late(Call):
        emits = "some"

        def process(self, packet: Frame) -> None:
            self.last = packet

        def flush(self) -> list[Frame]:
            return [self.last]

    sink = Collect()
    chain(Count(frames=4), Late(), sink).run()
    assert sink.seen == [3]


def test_a_node_that_swallows_a_frame_unannounced_is_an_error() -> None:
    node = Call()
    node.process = lambda packet: None
    with pytest.raises(GraphStateError, match="returned nothing for frame 0"):
        chain(Count(), node, Collect()).run()


def test_a_join_of_packets_that_changed_their_frame_is_an_error() -> None:
    other = Frame(99, PICTURE, INFO)
    graph = Graph().add("source", Count()).add("a", Call(lambda packet: other)).add("b", Call()).add("join", Join())
    graph.connect("source", "a").connect("source", "b").connect("a", "join.left").connect("b", "join.right")
    with pytest.raises(GraphStateError, match="must keep the frame"):
        list(graph)


def test_commands_reach_all_nodes_and_say_whether_one_took_them() -> None:
    class Switch(Call):
        value = ""

        def command(self, name: str, value: str) -> bool:
            if name == "view":
                self.value = value
            return name == "view"

    first, second = Switch(), Switch()
    graph = chain(Count(), first, second, Collect())
    assert graph.command("view", "matte")
    assert not graph.command("nonsense")
    assert (first.value, second.value) == ("matte", "matte")


def test_a_graph_runs_once() -> None:
    graph = chain(Count(), Collect())
    with pytest.raises(GraphStateError, match="not started"):
        graph.statistics()
    graph.run()
    with pytest.raises(GraphStateError, match="has run already"):
        graph.run()


def test_statistics_can_be_read_while_running_and_written_as_json() -> None:
    class Counting(Call):
        def counters(self) -> dict[str, int | float | str]:
            return {"model": "m", "runtime": "r", "device": "d", "skipped": 2}

    sink = Collect()
    graph = chain(Count(frames=None), Counting(), sink)
    graph.start()
    while len(sink.seen) < 20:
        time.sleep(0.001)
    during = graph.statistics()
    graph.stop()
    assert during.state == "running"
    data = json.loads(json.dumps(graph.statistics().as_dict()))
    assert (data["model"], data["runtime"], data["device"]) == ("m", "r", "d")
    assert data["nodes"]["a"]["counters"]["skipped"] == 2
    assert data["nodes"]["a"]["count"] >= during.nodes["a"].count >= 20
    assert data["nodes"]["a"]["p50_ms"] <= data["nodes"]["a"]["p95_ms"]
    assert data["latency_ms"]["p50"] > 0
    assert data["fps"] > 0
    assert set(data["edges"]) == {"source->a", "a->sink"}


def test_a_node_that_hangs_is_left_behind_and_named(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(run, "JOIN_SECONDS", 0.2)
    entered, release = threading.Event(), threading.Event()

    def hang(packet: object) -> None:  # as in a driver: it does not hear of the graph's end
        entered.set()
        release.wait(20)

    def fail_then(packet: object) -> None:
        assert entered.wait(5)
        fail(packet)

    graph = Graph().add("source", Count(frames=None)).add("stuck", Collect(hang)).add("sink", Collect(fail_then))
    graph.connect("source", "stuck").connect("source", "sink")
    begun = time.monotonic()
    with pytest.raises(NodeError, match="'sink'"):
        graph.run()
    assert time.monotonic() - begun < 10  # not the 20 s that the node would take
    assert "left behind: rtskin-stuck" in caplog.text
    assert graph.statistics().state == "failed"
    release.set()


def test_a_live_node_that_answers_a_frame_late_does_not_block_admission() -> None:
    class Late(Call):
        emits = "some"
        held: Frame | None = None

        def process(self, packet: Frame) -> Frame | None:
            self.held, late = packet, self.held
            return late

        def flush(self) -> list[Frame]:
            return [self.held] if self.held else []

    sink = Collect()
    statistics = chain(Count(frames=60, live=True, gap=0.001), Late(), Call(), sink).run()
    assert sink.seen[-1] == 59
    assert statistics.frames["rendered"] == len(sink.seen) == 60 - statistics.frames["dropped"]


def test_what_a_last_node_gives_counts_as_rendered_and_nothing_else() -> None:
    class Half(Call):
        emits = "some"

        def process(self, packet: Frame) -> Frame | None:
            return packet if packet.seq % 2 else None

        def flush(self) -> list[Frame]:
            return [Frame(99, PICTURE, INFO)]

    graph = chain(Count(frames=10), Half())
    assert len(list(graph)) == 6
    assert graph.statistics().frames["rendered"] == 6


def test_a_drain_before_the_start_counts() -> None:
    graph = chain(Count(frames=None), Collect())
    graph.drain()
    assert graph.run().state == "done"


def test_a_duration_begins_when_all_nodes_are_open() -> None:
    opened = threading.Event()

    class Slow(Collect):
        def open(self, context: object) -> None:
            super().open(context)
            time.sleep(0.3)
            opened.set()

    sink = Slow()
    statistics = chain(Count(frames=None, gap=0.001), sink).run(duration=0.2)
    assert statistics.state == "done"
    assert sink.seen


def test_ctrl_c_in_a_node_of_the_main_thread_reaches_the_caller_as_it_is() -> None:
    class Window(Collect):
        main_thread = True

    def interrupt(packet: object) -> None:
        raise KeyboardInterrupt

    window = Window(interrupt)
    graph = chain(Count(frames=None), window)
    with pytest.raises(KeyboardInterrupt):
        graph.run()
    assert window.events[-1] == "close"
    assert graph.statistics().state == "stopped"
    assert graph_threads() == []


def test_a_window_is_refused_by_start_and_iteration_and_can_still_run() -> None:
    class Window(Collect):
        main_thread = True

    graph = chain(Count(frames=2), Window())
    for call in (graph.start, lambda: list(graph)):
        with pytest.raises(GraphStateError, match="'sink' needs the main thread"):
            call()
    assert graph.run().frames["rendered"] == 2


def test_figures_of_a_closed_node_are_those_of_its_end() -> None:
    class Loaded(Call):
        model: str | None = None

        def open(self, context: object) -> None:
            self.model = "ellipse"

        def close(self) -> None:
            self.model = None

        def counters(self) -> dict[str, int | float | str]:
            return {"model": self.model} if self.model else {}

    assert chain(Count(), Loaded(), Collect()).run().model == "ellipse"


def test_what_a_node_does_while_idle_is_its_own_cpu() -> None:
    class Busy(Collect):
        idle_every = 0.001

        def idle(self) -> None:
            end = time.thread_time() + 0.01
            while time.thread_time() < end:
                pass

    statistics = chain(Count(frames=5, gap=0.05), Busy()).run()
    assert statistics.nodes["sink"].cpu_ms > 5 * 10
    assert statistics.nodes["sink"].overhead_cpu_ms < statistics.nodes["sink"].cpu_ms / 2
