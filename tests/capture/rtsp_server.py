"""A real RTSP server (GStreamer's), run by a Python that has its bindings: ``rtsp_server.py PORT WIDTH HEIGHT``.

It sends a test picture as H.264, 30 frames a second, at rtsp://127.0.0.1:PORT/cam, and prints "ready". A line "WIDTH HEIGHT"
on its input changes the size of the running stream.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

# One slice a picture: FFmpeg takes a key frame of several, sent so, for several pictures.
LAUNCH = (
    "( videotestsrc is-live=true pattern=ball ! videoscale ! capsfilter name=size caps={caps} ! "
    "x264enc tune=zerolatency sliced-threads=false speed-preset=ultrafast key-int-max=15 ! "
    "rtph264pay name=pay0 pt=96 config-interval=-1 )"
)


def caps(width: str, height: str) -> str:
    return f"video/x-raw,format=I420,width={width},height={height},framerate=30/1"


def main() -> None:
    port, width, height = sys.argv[1:]
    Gst.init(None)
    server, factory = GstRtspServer.RTSPServer(), GstRtspServer.RTSPMediaFactory()
    server.set_address("127.0.0.1")
    server.set_service(port)
    factory.set_launch(LAUNCH.format(caps=caps(width, height)))
    factory.set_shared(True)
    media = []
    factory.connect("media-configure", lambda _, one: media.append(one))
    server.get_mount_points().add_factory("/cam", factory)
    server.attach(None)

    def heard(*_: object) -> bool:
        words = sys.stdin.readline().split()
        if words:
            element = media[-1].get_element().get_by_name_recurse_up("size")
            element.set_property("caps", Gst.Caps.from_string(caps(*words)))
        return bool(words)

    GLib.io_add_watch(sys.stdin.fileno(), GLib.IO_IN, heard)
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
