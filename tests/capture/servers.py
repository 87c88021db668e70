"""Servers on this machine that behave, or misbehave, the way a test asks for."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[BaseHTTPRequestHandler, int], None]


@contextmanager
def http_server(answer: Answer) -> Iterator[str]:
    """The address of a server; ``answer`` gets each request with its number."""
    count = iter(range(1_000_000))
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with lock:
                number = next(count)
            try:
                answer(self, number)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, *arguments: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/clip"
    finally:
        server.shutdown()
        server.server_close()


def serve_ranges(data: bytes, cut_first: int | None = None) -> Answer:
    """A file server that knows ranges; the first answer ends after ``cut_first`` bytes."""

    def answer(handler: BaseHTTPRequestHandler, number: int) -> None:
        begin = int(handler.headers.get("Range", "bytes=0-").split("=")[1].split("-")[0])
        part = data[begin:]
        handler.send_response(206)
        handler.send_header("Content-Type", "video/x-matroska")
        handler.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
        handler.send_header("Content-Length", str(len(part)))
        handler.send_header("Accept-Ranges", "bytes")
        handler.end_headers()
        handler.wfile.write(part if cut_first is None or number else part[:cut_first])

    return answer


@contextmanager
def silent_server() -> Iterator[str]:
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/live"
