"""Addresses that may be shown: no passwords, no tokens."""

from __future__ import annotations

import re

_LOGIN = re.compile(r"^([a-z][a-z0-9+.-]*://)[^/?#]*@", re.IGNORECASE)
_VALUE = re.compile(r"([?&;][^=&;#?]*)=[^&;#]*")


def redact(url: str) -> str:
    """``url`` with user, password, fragment and all values behind the question mark hidden.

    >>> redact("rtsp://anna:secret@cam.local/live?token=abc&x=1")
    'rtsp://***@cam.local/live?token=***&x=***'
    """
    address = _LOGIN.sub(r"\1***@", url.partition("#")[0])
    before, mark, query = address.partition("?")
    if mark and "=" not in query:
        return before + "?***"
    return before + _VALUE.sub(r"\1=***", mark + query)
