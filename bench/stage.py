"""What benchmarks of live need around them: a video that is long enough, and an X server."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rtskin.media import av


def repeat(video: Path, out: Path, seconds: float) -> None:
    """The pictures of a video, as they are encoded, again and again for at least so long."""
    with av.open(str(out), "w") as container:
        stream, offset, last = None, 0, 0.0
        while last < seconds:
            with av.open(str(video)) as given:
                picture = given.streams.video[0]
                if stream is None:
                    stream = container.add_stream_from_template(picture)
                offset = _append(container, given, picture, stream, offset)
                last = float(offset * picture.time_base)


def _append(container: Any, given: Any, picture: Any, stream: Any, offset: int) -> int:
    """Answers where the next one begins, in ticks of the picture's time base."""
    step = round(1 / (picture.average_rate * picture.time_base))
    begin, end = picture.start_time or 0, offset
    for packet in given.demux(picture):
        if packet.pts is not None:
            packet.pts, packet.dts = packet.pts - begin + offset, packet.dts - begin + offset
            end = max(end, packet.pts + step)
            packet.stream = stream
            container.mux(packet)
    return end


@contextlib.contextmanager
def display() -> Iterator[None]:
    """An X server of its own where there is none."""
    if os.environ.get("DISPLAY"):
        yield
        return
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    try:
        os.environ["DISPLAY"] = f":{os.read(read, 16).decode().strip()}"
        yield
    finally:
        os.environ.pop("DISPLAY", None)
        server.terminate()
        server.wait(10)
        os.close(read)
        os.close(write)
