"""``mqtt://[USER:PASSWORD@]HOST[:PORT]/TOPIC``: messages to a broker, which hands them on."""

from __future__ import annotations

import socket
import time
from typing import Any, ClassVar

from rtskin.errors import InputError, MissingExtraError, reason
from rtskin.roi.out.address import Address, parse
from rtskin.roi.out.hosts import resolve
from rtskin.roi.out.transport import Transport
from rtskin.roi.record import Sent

#: Seconds from a failed attempt to the next: doubled each time, so that a broker that comes back is not stormed.
FIRST_DELAY, LONGEST_DELAY = 0.25, 8.0
#: Seconds that an attempt may take; the thread can do nothing else meanwhile.
_CONNECT_SECONDS = 2.0
#: Seconds without a word from the broker after which it is asked whether it is there.
_KEEP_ALIVE = 10
#: Messages of QoS 1 and 2 that may wait for the broker's answer, over connections that broke.
_UNANSWERED = 4
_BROKE = "the connection broke"
#: Seconds between two looks at whether everything stops.
_PATIENCE = 0.05


class MqttTransport(Transport):
    """QoS 0, or ``?qos=1``; never retained. One message is under way at a time: while the broker is slow, the newest waits.

    TOPIC/status holds (retained) "online", or "offline": at the end, and as the last will where the program dies.
    A broker that is not there, refuses or dies is no error: it is said once, and tried again.
    """

    idle_every: ClassVar[float | None] = 0.1

    def __init__(self, out: str) -> None:
        address = parse(out, default_port=1883, options=("qos",))
        super().__init__(address.shown)
        self._address, self._qos = address, _qos(address)
        self._topic = _topic(address)
        self._client: Any = None
        #: There is a connection; the broker has greeted. Why it refused.
        self._open, self._greeted, self._refused = False, False, ""
        self._ever = False
        self._next_try, self._delay = 0.0, FIRST_DELAY

    def open(self) -> None:
        try:
            import paho.mqtt.client as paho
            from paho.mqtt.enums import CallbackAPIVersion
        except ImportError as error:
            raise MissingExtraError("paho-mqtt 2", "feed", "mqtt://") from error
        resolve(self._address, socket.SOCK_STREAM)
        self._client = paho.Client(CallbackAPIVersion.VERSION2, reconnect_on_failure=False)
        self._client.connect_timeout = _CONNECT_SECONDS
        self._client.max_queued_messages_set(_UNANSWERED)
        self._client.on_connect = self._on_connect
        self._client.on_socket_open = _at_once
        self._client.will_set(self._status, "offline", qos=1, retain=True)
        if self._address.user is not None:
            self._client.username_pw_set(self._address.user, self._address.password)
        self.counts["reconnects"] = 0

    def send(self, message: Sent) -> None:
        self._keep_up()
        arrived = self._greeted and self._deliver(self._topic, message.full, qos=self._qos)
        self.counts["sent" if arrived else "dropped"] += 1

    def idle(self) -> None:
        self._keep_up()

    def finish(self) -> None:
        if self._greeted and self._deliver(self._status, "offline", qos=1, retain=True):
            self._open = self._greeted = False
            self._client.disconnect()

    def close(self) -> None:
        # Without a farewell: where the end was orderly it was said, else the broker publishes the last will.
        self._hang_up()

    @property
    def _status(self) -> str:
        return f"{self._topic}/status"

    def _deliver(self, topic: str, payload: bytes | str, **how: Any) -> bool:
        """Whether it went out; for QoS 1 and 2, whether the broker has it."""
        under_way = self._client.publish(topic, payload, **how)
        while under_way.rc == 0 and not under_way.is_published():
            self._work(_PATIENCE)
            if not self._greeted or self.stop.is_set():
                return False
        if under_way.rc != 0:
            self._lost(_BROKE)
        return bool(under_way.rc == 0)

    def _keep_up(self) -> None:
        """What the connection needs: the network's share, or another attempt when it is time."""
        if self._open:
            self._work(0)
        elif time.monotonic() >= self._next_try:
            self._connect()

    def _work(self, seconds: float) -> None:
        if self._open and (self._client.loop(seconds) != 0 or self._client.socket() is None):
            self._lost(_BROKE)

    def _connect(self) -> None:
        # Counted from now: what follows may fail at once, or after a while.
        self._next_try = time.monotonic() + self._delay
        self._delay = min(2 * self._delay, LONGEST_DELAY)
        self._refused = ""
        try:
            self._client.connect(self._address.host, self._address.port, keepalive=_KEEP_ALIVE)
        except (OSError, ValueError) as error:
            self._lost(f"no broker answers ({reason(error)})")
            return
        self._open = True
        deadline = time.monotonic() + _CONNECT_SECONDS
        while self._open and not self._greeted and not self.stop.is_set():
            self._work(_PATIENCE)
            if time.monotonic() > deadline:
                self._lost("the broker does not greet")
        self._work(0)  # what was said in answer to the greeting goes out

    def _on_connect(self, client: Any, data: Any, flags: Any, code: Any, properties: Any) -> None:
        if code.is_failure:
            self._refused = f"the broker refuses ({code})"
            return
        self.say(None)
        self._greeted = True
        self._delay = FIRST_DELAY
        self.counts["reconnects"] += self._ever
        self._ever = True
        client.publish(self._status, "online", qos=0, retain=True)

    def _lost(self, why: str) -> None:
        self._hang_up()
        self.say(f"{self._refused or why}; messages are dropped, and it is tried again")

    def _hang_up(self) -> None:
        self._open = self._greeted = False
        sock = self._client.socket() if self._client is not None else None
        if sock is not None:
            sock.close()


def _at_once(client: Any, data: Any, sock: socket.socket) -> None:
    """The end of a message does not wait for the answer to its beginning (Nagle)."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _topic(address: Address) -> str:
    topic = address.path
    if not topic or "#" in topic or "+" in topic:
        why = "names no topic" if not topic else "a topic to write to cannot hold # or +"
        raise InputError(f"--out {address.shown}: {why}; write mqtt://HOST/TOPIC")
    return topic


def _qos(address: Address) -> int:
    qos = address.options.get("qos", "0")
    if qos not in ("0", "1", "2"):
        raise InputError(f"--out {address.shown}: qos is 0, 1 or 2, not {qos!r}")
    return int(qos)
