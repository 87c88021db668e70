"""Datagrams: what udp:// and osc:// share. Sending one never waits, and nobody says whether it arrived."""

from __future__ import annotations

import errno
import socket

from rtskin.errors import reason
from rtskin.roi.out.address import Address
from rtskin.roi.out.hosts import resolve
from rtskin.roi.out.transport import Transport

#: The most that UDP carries over IPv4.
LARGEST = 65_507


class Datagrams(Transport):
    """A socket to one address, which may also be one of broadcast or multicast."""

    def __init__(self, address: Address) -> None:
        super().__init__(address.shown)
        self._address = address
        self._socket: socket.socket | None = None

    def open(self) -> None:
        family, self._target = resolve(self._address, socket.SOCK_DGRAM)
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()

    def deliver(self, datagram: bytes) -> bool:
        """Send it; False where it is larger than this way allows. What else is lost is counted."""
        assert self._socket is not None
        if len(datagram) > LARGEST:
            return False
        try:
            self._socket.sendto(datagram, self._target)
        except BlockingIOError:  # the network takes no more just now: the next message is newer
            self.counts["dropped"] += 1
        except OSError as error:
            if error.errno == errno.EMSGSIZE:
                return False
            if error.errno not in (errno.ECONNREFUSED, errno.ENOBUFS):  # nobody listens: as usual for datagrams
                self.say(f"nothing can be sent now: {reason(error)}; it goes on trying")
            self.counts["dropped"] += 1
        else:
            self.say(None)
            self.counts["sent"] += 1
        return True
