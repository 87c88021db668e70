"""The thread of an output: what it loses, what it says, how it ends; with transports that fail on purpose."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest

from rtskin.errors import MissingExtraError, NodeError, SinkError
from rtskin.frame import Frame, Regions
from rtskin.graph import Graph
from rtskin.node import Node
from rtskin.roi import feed as feed_module
from rtskin.roi.feed import Feed
from rtskin.roi.out import courier as module
from rtskin.roi.out.courier import Courier
from rtskin.roi.out.table import transports
from rtskin.roi.out.transport import Transport
from rtskin.roi.record import Sent
from tests.graph.nodes import Count, graph_threads
from tests.roi.made import message


class Slow(Transport):
    """Sends when it is allowed to."""

    def __init__(self) -> None:
        super().__init__("slow")
        self.may, self.seen, self.events = threading.Event(), list[int](), list[str]()

    def send(self, message: Sent) -> None:
        while not self.may.wait(0.01):
            if self.stop.is_set():
                return
        self.seen.append(message.record["seq"])
        self.counts["sent"] += 1

    def finish(self) -> None:
        self.events.append("finish")

    def close(self) -> None:
        self.events.append("close")


class Lossless(Slow):
    lossless = True


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("STALLED_SECONDS", "LAST_SECONDS"):
        monkeypatch.setattr(module, name, 0.2)
    monkeypatch.setattr(module, "LOSSLESS_SLOTS", 20)
    yield
    assert graph_threads() == []


def started(transport: Transport, *, live: bool = True) -> Courier:
    courier = Courier(transport, live=live, stopping=threading.Event())
    courier.start()
    return courier


def end(courier: Courier) -> None:
    courier.end()
    courier.finish()
    courier.close()


def taken(courier: Courier, count: int) -> None:
    for _ in range(1000):
        if courier.mail.taken == count:
            return
        threading.Event().wait(0.005)
    raise AssertionError(courier.mail.taken)


def test_the_newest_wins_and_the_rest_is_counted() -> None:
    slow = Slow()
    courier = started(slow)
    courier.put(message(0))
    taken(courier, 1)
    for seq in range(1, 100):
        courier.put(message(seq))
    slow.may.set()
    end(courier)
    assert slow.seen == [0, *range(92, 100)]
    assert courier.counters() == {"sent": 9, "dropped": 91}
    assert slow.events == ["finish", "close"]


def test_a_file_of_a_camera_that_takes_too_little_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    slow = Lossless()
    courier = started(slow)
    courier.put(message(0))
    taken(courier, 1)
    for seq in range(1, 100):
        courier.put(message(seq))
    assert caplog.messages == ["slow takes too little: messages are dropped, and counted"]
    slow.may.set()
    end(courier)
    assert slow.seen == [0, *range(80, 100)]
    assert courier.counters() == {"sent": 21, "dropped": 79}


def test_where_the_source_waits_nothing_is_lost() -> None:
    slow = Lossless()
    courier = started(slow, live=False)
    timer = threading.Timer(0.3, slow.may.set)
    timer.start()
    for seq in range(100):
        courier.put(message(seq))
    end(courier)
    timer.join()
    assert slow.seen == list(range(100))
    assert courier.counters() == {"sent": 100, "dropped": 0}


@pytest.mark.parametrize("kind", [Slow, Lossless])
def test_the_end_of_a_camera_does_not_wait_for_one_that_is_stalled(kind: type[Slow]) -> None:
    slow = kind()
    courier = started(slow)
    for seq in range(5):
        courier.put(message(seq))
    end(courier)
    assert (slow.seen, slow.events) == ([], ["close"])
    assert courier.counters()["dropped"] >= 4


def test_a_graph_that_failed_completes_nothing() -> None:
    slow = Slow()
    slow.may.set()
    courier = started(slow)
    courier.put(message(0))
    courier.close()
    assert slow.events == ["close"]


class Broken(Transport):
    """Meets something that nobody thought of."""

    def __init__(self, error: Exception) -> None:
        super().__init__("broken")
        self._error = error

    def send(self, message: Sent) -> None:
        raise self._error


class AsRegions(Node):
    """Frames without skin."""

    gives = Regions

    def process(self, packet: Frame) -> Regions:
        return Regions(packet, [])


@pytest.mark.parametrize(("error", "reaches"), [(KeyError("what"), NodeError), (SinkError("no space"), SinkError)])
def test_what_a_thread_meets_reaches_the_caller_of_the_graph(
    error: Exception, reaches: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "transports", lambda outs, overwrite=False: [Broken(error)])
    graph = Graph().add("source", Count(frames=None, live=True, gap=0.01)).add("roi", AsRegions()).add("feed", Feed())
    graph.connect("source", "roi").connect("roi", "feed")
    with pytest.raises(reaches) as raised:
        graph.run(30)
    assert raised.value.node == "feed"  # type: ignore[attr-defined]
    # Also where it is met by the last message.
    courier = started(Broken(error))
    courier.put(message(0))
    courier.end()
    with pytest.raises(type(error)):
        courier.finish()
    courier.close()


@pytest.mark.parametrize(
    ("out", "module_name", "package"),
    [
        ("osc://127.0.0.1:9", "pythonosc", "python-osc"),
        ("zmq://127.0.0.1:9", "zmq", "pyzmq"),
        ("ws://127.0.0.1:9", "websockets", "websockets"),
        ("mqtt://127.0.0.1/a", "paho", "paho-mqtt"),
    ],
)
def test_what_is_not_installed_is_named_with_its_extra(
    out: str, module_name: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(sys.modules):
        if name.partition(".")[0] == module_name:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module_name, None)
    (transport,) = transports([out])
    with pytest.raises(MissingExtraError, match=rf"{out.partition(':')[0]}:// needs {package}.*rtskin\[feed\]"):
        transport.open()
    transport.close()
