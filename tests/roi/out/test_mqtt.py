"""MQTT with a real broker, which is not there, dies, comes back and refuses."""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from rtskin.errors import SinkError
from rtskin.roi.out import courier as courier_module
from rtskin.roi.out import mqtt
from rtskin.roi.out.courier import Courier
from rtskin.roi.out.mqtt import MqttTransport
from tests.graph.nodes import graph_threads
from tests.roi.made import many, message
from tests.roi.out.conftest import MOSQUITTO, Broker
from tests.roi.out.waiting import until

paho = pytest.importorskip("paho.mqtt.client", reason="needs the extra feed")


class Subscriber:
    """Hears what goes through a broker."""

    def __init__(self, broker: Broker, login: tuple[str, str] | None = None) -> None:
        self.heard: queue.Queue[tuple[str, bytes, bool]] = queue.Queue()
        ready = threading.Event()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        if login:
            self._client.username_pw_set(*login)
        self._client.on_connect = lambda client, *_: client.subscribe("hands/#")
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.on_message = lambda client, data, one: self.heard.put((one.topic, one.payload, one.retain))
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        assert ready.wait(20)

    def hear(self, topic: str) -> tuple[bytes, bool]:
        """The next of a topic, and whether it had been kept for us."""
        while True:
            at, payload, kept = self.heard.get(timeout=20)
            if at == topic:
                return payload, kept

    def seq(self) -> int:
        return int(json.loads(self.hear("hands")[0])["seq"])

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def publish(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Courier]]:
    """Starts a transport; it is impatient here."""
    monkeypatch.setattr(mqtt, "FIRST_DELAY", 0.05)
    monkeypatch.setattr(mqtt, "LONGEST_DELAY", 0.1)
    monkeypatch.setattr(mqtt, "_CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(courier_module, "LAST_SECONDS", 0.5)
    started: list[Courier] = []

    def start(out: str) -> Courier:
        courier = Courier(MqttTransport(out), live=True, stopping=threading.Event())
        started.append(courier)
        courier.start()
        return courier

    yield start
    for courier in started:
        courier.close()
    assert graph_threads() == []


def send_until_sent(courier: Courier, seq: int) -> None:
    """Messages until one more went out."""
    before = courier.counters()["sent"]

    def one_more() -> bool:
        courier.put(message(seq))
        return courier.counters()["sent"] > before

    until(one_more)


def lose_one(courier: Courier) -> None:
    """Messages until one more was dropped."""
    before = courier.counters()["dropped"]

    def one_more() -> bool:
        courier.put(message(2))
        return courier.counters()["dropped"] > before

    until(one_more)


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_messages_and_the_status_around_them(broker: Broker, publish: Callable[[str], Courier], qos: int) -> None:
    broker.start()
    subscriber = Subscriber(broker)
    courier = publish(f"mqtt://127.0.0.1:{broker.port}/hands?qos={qos}")
    assert subscriber.hear("hands/status") == (b"online", False)
    for seq in range(20):
        courier.put(message(seq))
        assert subscriber.seq() == seq
    courier.end()
    courier.finish()
    assert subscriber.hear("hands/status") == (b"offline", False)
    assert courier.counters() == {"sent": 20, "reconnects": 0, "dropped": 0}
    late = Subscriber(broker)
    # The status is kept, messages are not.
    assert late.hear("hands/status") == (b"offline", True)
    assert late.heard.empty()
    for one in (subscriber, late):
        one.close()


def test_a_broker_that_is_not_there_dies_and_comes_back(
    broker: Broker, publish: Callable[[str], Courier], caplog: pytest.LogCaptureFixture
) -> None:
    courier = publish(f"mqtt://anna:secret@127.0.0.1:{broker.port}/hands")
    until(lambda: bool(courier.put(message(0)) or courier.counters()["dropped"] > 5))
    assert len(caplog.messages) == 1
    assert "no broker answers" in caplog.messages[0]
    assert "secret" not in caplog.text
    for round_ in range(2):
        broker.start()
        send_until_sent(courier, 1)
        assert courier.counters()["reconnects"] == round_
        subscriber = Subscriber(broker)
        courier.put(message(17))
        while subscriber.seq() != 17:
            pass
        broker.kill()
        lose_one(courier)
        subscriber.close()


def test_the_last_will_where_the_program_dies(broker: Broker) -> None:
    broker.start()
    subscriber = Subscriber(broker)
    transport = MqttTransport(f"mqtt://127.0.0.1:{broker.port}/hands")
    transport.open()
    transport.idle()
    assert subscriber.hear("hands/status")[0] == b"online"
    transport.close()  # as the system does it, without a word to the broker
    assert subscriber.hear("hands/status")[0] == b"offline"
    subscriber.close()


def test_a_login_and_a_wrong_one(
    tmp_path: Path, publish: Callable[[str], Courier], caplog: pytest.LogCaptureFixture
) -> None:
    if MOSQUITTO is None or not (Path(MOSQUITTO).parents[1] / "bin/mosquitto_passwd").exists():
        pytest.skip("mosquitto and mosquitto_passwd are not installed (apt-get install mosquitto)")
    broker = Broker(tmp_path, ("anna", "s@/cret"))
    broker.start()
    try:
        wrong = publish(f"mqtt://anna:wrong@127.0.0.1:{broker.port}/hands")
        until(lambda: any("refuses" in text for text in caplog.messages))
        wrong.close()
        right = publish(f"mqtt://anna:s%40%2Fcret@127.0.0.1:{broker.port}/hands")
        send_until_sent(right, 1)
        assert "cret" not in caplog.text
        assert "wrong" not in caplog.text
        assert not any("cret" in key for key in right.counters())
    finally:
        broker.kill()


def test_a_broker_that_stops_reading_gets_the_newest_when_it_reads_again(
    broker: Broker, publish: Callable[[str], Courier]
) -> None:
    broker.start()
    assert broker.process is not None
    courier = publish(f"mqtt://127.0.0.1:{broker.port}/hands")
    send_until_sent(courier, 0)
    os.kill(broker.process.pid, signal.SIGSTOP)
    big = message(1, *many(300))
    until(lambda: bool(courier.put(big) or courier.mail.dropped > 50))
    courier.put(message(99))
    os.kill(broker.process.pid, signal.SIGCONT)
    subscriber = Subscriber(broker)
    send_until_sent(courier, 99)
    courier.put(message(99))
    while subscriber.seq() != 99:
        pass
    subscriber.close()


def test_a_broker_that_stops_reading_does_not_hold_the_end(broker: Broker, publish: Callable[[str], Courier]) -> None:
    broker.start()
    assert broker.process is not None
    courier = publish(f"mqtt://127.0.0.1:{broker.port}/hands")
    send_until_sent(courier, 0)
    os.kill(broker.process.pid, signal.SIGSTOP)
    big = message(1, *many(300))
    until(lambda: bool(courier.put(big) or courier.mail.dropped > 5))
    courier.end()
    courier.finish()
    courier.close()
    assert not courier._thread.is_alive()
    os.kill(broker.process.pid, signal.SIGCONT)


def test_something_else_at_the_port(publish: Callable[[str], Courier], caplog: pytest.LogCaptureFixture) -> None:
    """It takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        courier = publish(f"mqtt://127.0.0.1:{silent.getsockname()[1]}/hands")
        courier.put(message(0))
        courier.close()
        assert not courier._thread.is_alive()


def test_a_host_that_does_not_answer_does_not_hold_the_end(publish: Callable[[str], Courier]) -> None:
    """Its queue of connections is full, so that an attempt hangs."""
    with ExitStack() as stack:
        full = stack.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        courier = publish(f"mqtt://127.0.0.1:{full.getsockname()[1]}/hands")
        courier.put(message(0))
        courier.put(message(1))
        courier.end()
        courier.finish()
        courier.close()
        assert not courier._thread.is_alive()
        assert courier.counters()["sent"] == 0


def test_a_host_that_is_not_known_is_an_error_at_once() -> None:
    transport = MqttTransport("mqtt://anna:secret@no-such-host.invalid/hands")
    with pytest.raises(SinkError, match=r"--out mqtt://\*\*\*@no-such-host.invalid/hands: the host .* is not known"):
        transport.open()
    transport.close()
