"""``zmq://HOST:PORT[/TOPIC]``: a PUB socket at that interface; any number of subscribers."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any, ClassVar

from rtskin.errors import MissingExtraError
from rtskin.roi.out.address import Address, parse, without_login
from rtskin.roi.out.hosts import cannot_serve, resolve
from rtskin.roi.out.transport import Transport
from rtskin.roi.record import Sent

#: Messages that ZeroMQ keeps for a subscriber that does not read; then it gets none until it reads again.
HIGH_WATER = 32
#: Milliseconds that the last messages have to get to their subscribers.
_LINGER_MS = 500


class ZmqTransport(Transport):
    """Multipart: topic ("rtskin" where the address says none), JSON, and with crops a part a region, empty for one without.

    ZeroMQ drops by itself for a subscriber that is slow, and does not say how much.
    """

    idle_every: ClassVar[float | None] = 0.5

    def __init__(self, out: str) -> None:
        address = without_login(parse(out))
        super().__init__(address.shown)
        self._address = address
        self._topic = (address.path or "rtskin").encode("utf-8")
        self._context: Any = None
        self._socket: Any = None

    def open(self) -> None:
        try:
            import zmq
        except ImportError as error:
            raise MissingExtraError("pyzmq", "feed", "zmq://") from error
        self._zmq = zmq
        self._context = zmq.Context()
        # XPUB is PUB that tells who subscribes.
        self._socket = self._context.socket(zmq.XPUB)
        self._socket.setsockopt(zmq.SNDHWM, HIGH_WATER)
        self._socket.setsockopt(zmq.LINGER, _LINGER_MS)
        self._socket.setsockopt(zmq.XPUB_VERBOSER, 1)
        endpoint, is_v6 = _endpoint(self._address)
        self._socket.setsockopt(zmq.IPV6, int(is_v6))
        self.counts["clients"] = 0
        try:
            self._socket.bind(endpoint)
        except zmq.ZMQError as error:
            raise cannot_serve(self._address, error.errno, str(error.strerror)) from error

    def send(self, message: Sent) -> None:
        self._count_clients()
        parts = [self._topic, message.json]
        if any(message.crops):
            parts += [crop or b"" for crop in message.crops]
        try:
            self._socket.send_multipart(parts, self._zmq.NOBLOCK)
        except self._zmq.Again:
            self.counts["dropped"] += 1
        else:
            self.counts["sent"] += 1

    def idle(self) -> None:
        self._count_clients()

    def close(self) -> None:
        if self._context is not None:
            self._context.destroy(linger=0 if self.stop.is_set() else _LINGER_MS)

    def _count_clients(self) -> None:
        with suppress(self._zmq.Again):
            while True:
                word = self._socket.recv(self._zmq.NOBLOCK)
                if word[:1] in (b"\x00", b"\x01"):
                    self.counts["clients"] += 1 if word[0] else -1


def _endpoint(address: Address) -> tuple[str, bool]:
    """Where to bind, as ZeroMQ writes it, and whether that is IPv6. Names are resolved here: it does so only to connect."""
    if address.host == "*":
        return f"tcp://*:{address.port}", False
    family, (ip, *_) = resolve(address, socket.SOCK_STREAM)
    is_v6 = family == socket.AF_INET6
    return f"tcp://[{ip}]:{address.port}" if is_v6 else f"tcp://{ip}:{address.port}", is_v6
