"""``ws://HOST:PORT[/PATH]``: a WebSocket server; any number of clients, each gets the newest message when it is free."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from rtskin.errors import MissingExtraError, reason
from rtskin.roi.out.address import parse, without_login
from rtskin.roi.out.hosts import cannot_serve, resolve
from rtskin.roi.out.mail import Mail, Nothing
from rtskin.roi.out.transport import Transport
from rtskin.roi.record import Sent

#: Bytes that the system holds for a client that does not read: old messages, so few.
_SEND_BUFFER = 64 << 10
#: Seconds without an answer to a ping after which a client is gone.
_PING_SECONDS = 20
#: Seconds that clients have at the end, for the last message and for the farewell.
#: Seconds in which who connects must have asked: who says half a sentence must not hold up the end.
_OPEN_SECONDS = 1.0
_CLOSE_SECONDS = 0.5
#: Bytes of a message from a client; none is expected.
_FROM_CLIENT = 4096
#: Web pages that may connect besides programs: those of this machine. Any page that a user opens could try.
_LOCAL_PAGE = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")


class Slot:
    """The newest message for one client; one that was not taken before the next came is lost."""

    def __init__(self) -> None:
        self._message: Sent | None = None
        self._ready = asyncio.Event()
        self._over = False

    def put(self, message: Sent) -> bool:
        """Whether the one before was lost."""
        lost, self._message = self._message is not None, message
        self._ready.set()
        return lost

    async def take(self) -> Sent | None:
        """The newest message; None where nothing will follow."""
        while self._message is None and not self._over:
            self._ready.clear()
            await self._ready.wait()
        message, self._message = self._message, None
        return message

    def end(self) -> None:
        """What waits is still given, then None."""
        self._over = True
        self._ready.set()


class WebSocketTransport(Transport):
    """Text frames of JSON. A path in the address is the only one that is served.

    ``?origin=https://example.org`` lets the pages of that site in too (``origin=*``: all, ``origin=null``: pages from
    files); pages of this machine and programs, which send no origin, always may.
    """

    def __init__(self, out: str) -> None:
        address = without_login(parse(out, options=("origin",)))
        super().__init__(address.shown)
        self._address = address
        self._listening: socket.socket | None = None
        self._slots: set[Slot] = set()

    def open(self) -> None:
        try:
            import websockets.asyncio.server
        except ImportError as error:
            raise MissingExtraError("websockets", "feed", "ws://") from error
        self._websockets: Any = websockets
        self.counts["clients"] = 0
        family, target = resolve(self._address, socket.SOCK_STREAM, "0.0.0.0" if self._address.host == "*" else None)
        self._listening = socket.socket(family, socket.SOCK_STREAM)
        # Before it listens: the clients' sockets inherit it.
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._listening.bind(target)
            self._listening.listen()
        except OSError as error:
            raise cannot_serve(self._address, error.errno, reason(error)) from error

    def close(self) -> None:
        if self._listening is not None:
            self._listening.close()

    def run(self, mail: Mail) -> None:
        asyncio.run(self._serve(mail))

    async def _serve(self, mail: Mail) -> None:
        changed = asyncio.Event()
        mail.listen(_caller(asyncio.get_running_loop(), changed.set))
        async with self._websockets.asyncio.server.serve(
            self._client,
            sock=self._listening,
            process_request=self._refuse_other_paths,
            origins=self._origins(),
            compression=None,  # 5 kB a frame on a fast network: it would only take time
            ping_interval=_PING_SECONDS,
            ping_timeout=_PING_SECONDS,
            open_timeout=_OPEN_SECONDS,
            close_timeout=_CLOSE_SECONDS,
            max_size=_FROM_CLIENT,
            write_limit=0,  # "sent" is when the system has it all, so that the next message is the newest then
            logger=_quiet(),
        ) as server:
            await self._hand_out(mail, changed)
            await self._let_finish()
            for connection in server.connections:
                if self.stop.is_set() or connection.transport.get_write_buffer_size():
                    connection.transport.abort()  # it does not read, so it would not hear that this is the end

    async def _hand_out(self, mail: Mail, changed: asyncio.Event) -> None:
        while not self.stop.is_set():
            changed.clear()
            message = mail.take(0)
            if message is Nothing.END:
                return
            if isinstance(message, Sent):
                self.counts["dropped"] += sum(slot.put(message) for slot in self._slots)
                await asyncio.sleep(0)  # clients that are free take it before the next one comes
            else:
                await changed.wait()

    async def _let_finish(self) -> None:
        """Clients that read get the last message; those that do not are not waited for long."""
        for slot in self._slots:
            slot.end()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _CLOSE_SECONDS
        while self._slots and not self.stop.is_set() and loop.time() < deadline:
            await asyncio.sleep(0.01)

    async def _client(self, connection: Any) -> None:
        slot = Slot()
        self._slots.add(slot)
        self.counts["clients"] += 1
        listener = asyncio.create_task(self._discard(connection, slot))
        try:
            while (message := await slot.take()) is not None:
                await connection.send(message.full, text=True)
                self.counts["sent"] += 1
        except self._websockets.exceptions.ConnectionClosed:
            pass
        finally:
            listener.cancel()
            self._slots.discard(slot)
            self.counts["clients"] -= 1

    async def _discard(self, connection: Any, slot: Slot) -> None:
        """What a client says is read, so that its pings and its leaving are seen."""
        with suppress(self._websockets.exceptions.ConnectionClosed):
            async for _ in connection:
                pass
        slot.end()

    def _origins(self) -> Sequence[Any] | None:
        more = self._address.options.get("origin")
        if more == "*":
            return None
        return [None, _LOCAL_PAGE, *([more] if more else [])]

    def _refuse_other_paths(self, connection: Any, request: Any) -> Any:
        path = request.path.partition("?")[0].strip("/")
        if self._address.path and path != self._address.path:
            return connection.respond(HTTPStatus.NOT_FOUND, f"the feed is at /{self._address.path}\n")
        return None


def _caller(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> Callable[[], None]:
    """What calls a function in the loop's thread, from any thread and also when the loop is over."""

    def call() -> None:
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(function)

    return call


def _quiet() -> logging.Logger:
    """Clients that come and go are counted, not logged."""
    logger = logging.getLogger("rtskin.roi.websockets")
    logger.setLevel(logging.CRITICAL)
    return logger
