"""Courier: the thread of one transport, so that none of them ever slows the graph or another."""

from __future__ import annotations

import threading
import time

from rtskin.roi.lines import ReaderGoneError
from rtskin.roi.out.mail import Mail
from rtskin.roi.out.transport import Transport, log
from rtskin.roi.record import Sent

#: Messages that may wait where none is to be lost: ten seconds of a camera.
LOSSLESS_SLOTS = 300
#: Seconds that a lossless output of a live source may take nothing before the end goes on without it.
STALLED_SECONDS = 2.0
#: Seconds that the last messages have to reach the network.
LAST_SECONDS = 2.0
#: Seconds to give everything back, for all outputs together: an attempt to connect may take two.
CLOSE_SECONDS = 2.5


class Courier:
    """Carries messages to one transport. live: the source does not wait, so a full mailbox lets the oldest message go."""

    def __init__(self, transport: Transport, *, live: bool, stopping: threading.Event) -> None:
        self.transport, self.gone = transport, False
        self._live, self._stopping = live, stopping
        blocks = transport.lossless and not live
        slots = LOSSLESS_SLOTS if transport.lossless else transport.slots
        self.mail = Mail(slots, blocks=blocks, stopping=stopping)
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=f"rtskin-feed {transport.name}", daemon=True)
        self._warned = False
        self._ended_at, self._taken = 0.0, 0

    def start(self) -> None:
        """Errors of the transport's opening are raised here."""
        self.transport.open()
        self._thread.start()

    def put(self, message: Sent) -> None:
        """Hand over a message; the error that the thread met, if it met one."""
        self.check()
        if not self.gone:
            self.mail.put(message)
            self._warn()

    def check(self) -> None:
        """The error that the thread met, if it met one."""
        if self._error is not None:
            raise self._error

    def end(self) -> None:
        """Nothing will follow; returns at once. From now on the last messages' time runs, for all outputs together."""
        self.mail.end()
        self._ended_at, self._taken = time.monotonic(), self.mail.taken

    def finish(self) -> None:
        """Wait until all that waits is sent, as long as that makes sense; then the error, if there was one."""
        patience = self._patience()
        while self._thread.is_alive() and not self._stopping.is_set():
            self._thread.join(0.05)
            if self.mail.taken != self._taken and self.transport.lossless:
                self._ended_at, self._taken = time.monotonic(), self.mail.taken
            if patience is not None and time.monotonic() - self._ended_at > patience:
                self.mail.end(drop=True)
                break
        self.check()
        self._warn()

    def stop(self) -> None:
        """Stop at once; returns at once."""
        self.transport.stop.set()  # first: what ends without it is complete, and a file would get its name
        self.mail.end(drop=True)

    def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Stop at once, and wait so long until everything is given back."""
        self.stop()
        if self._thread.ident is None:
            self.transport.close()
            return
        self._thread.join(max(0.0, seconds))
        if self._thread.is_alive():
            log.error("%s still runs and is left behind", self.transport.name)

    def counters(self) -> dict[str, int]:
        """sent, dropped, and what the transport counts."""
        counted = self.transport.counters()
        dropped = counted.pop("dropped", 0) + self.mail.dropped
        return {**counted, "dropped": dropped}

    def _patience(self) -> float | None:
        if not self.transport.lossless:
            return LAST_SECONDS
        return STALLED_SECONDS if self._live else None

    def _warn(self) -> None:
        if self.transport.lossless and self.mail.dropped and not self._warned:
            self._warned = True
            log.warning("%s takes too little: messages are dropped, and counted", self.transport.name)

    def _run(self) -> None:
        try:
            self.transport.run(self.mail)
        except ReaderGoneError:
            self.gone = True
        except Exception as error:  # reaches the graph with the next message, or at the end
            self._error = error
        finally:
            self.mail.end(drop=not self.gone)
            try:
                self.transport.close()
            except Exception as error:
                self._error = self._error or error
