from __future__ import annotations

import pytest

from rtskin.capture.redact import redact


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://cam.local/live", "rtsp://cam.local/live"),
        ("rtsp://anna:se@cret@cam.local:554/live", "rtsp://***@cam.local:554/live"),
        ("RTSP://anna@cam.local/live", "RTSP://***@cam.local/live"),
        ("http://host/a?token=abc&b=2", "http://host/a?token=***&b=***"),
        ("http://host/a?secret", "http://host/a?***"),
        ("http://host/a?x=1;y=2#secret", "http://host/a?x=***;y=***"),
        ("http://host/mail@home?x=", "http://host/mail@home?x=***"),
        ("udp://239.0.0.1:5000", "udp://239.0.0.1:5000"),
    ],
)
def test_redact(url, shown):
    assert redact(url) == shown
