"""Run as a program: takes FLV on standard input and sends it to a streaming server, ``python -m …relay MUXER URL``.

A process of its own, because FFmpeg waits for a silent server inside a call that nothing interrupts and that lets no other
thread of Python run: this one can be killed. It prints a line once the server has answered.
"""

from __future__ import annotations

import os
import sys

from rtskin.media import av

#: Options by muxer.
_OPTIONS = {
    "rtsp": {"rtsp_transport": "tcp"},
    "flv": {"flvflags": "no_duration_filesize", "flush_packets": "1"},
}
#: What comes is H.264 and nothing else: no need to look at seconds of it first.
_AT_ONCE = {"probesize": "512", "analyzeduration": "0", "fflags": "nobuffer"}


def main() -> int:
    muxer, url = sys.argv[1:]
    with os.fdopen(0, "rb", buffering=0) as pipe, av.open(pipe, format="flv", options=_AT_ONCE) as source:
        video = source.streams.video[0]
        with av.open(url, "w", format=muxer, options=_OPTIONS[muxer]) as target:
            stream = target.add_stream_from_template(video)
            target.start_encoding()
            print("connected", flush=True)
            for packet in source.demux(video):
                if packet.dts is not None:
                    packet.stream = stream
                    target.mux(packet)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (av.error.FFmpegError, OSError, IndexError) as error:
        sys.exit(str(error).splitlines()[0])
