"""The transports by the scheme of their addresses; imported when one is asked for."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence

from rtskin.errors import InputError
from rtskin.roi.out.address import misspelt, scheme_of, shown, unknown_scheme
from rtskin.roi.out.transport import Transport

_TRANSPORTS = {
    "udp": "udp:UdpTransport",
    "osc": "osc:OscTransport",
    "zmq": "zeromq:ZmqTransport",
    "ws": "websocket:WebSocketTransport",
    "mqtt": "mqtt:MqttTransport",
}


def transports(outs: Sequence[str], overwrite: bool = False) -> list[Transport]:
    """One for each of ``outs``, not open yet; InputError for what cannot be. overwrite: a file may exist already."""
    if not outs:
        raise InputError("the feed has no output; - is standard output")
    places = list(map(_place, outs))
    twice = [out for number, out in enumerate(outs) if places[number] in places[:number]]
    if twice:
        raise InputError(f"--out {shown(twice[0])} is given twice")
    return [_transport(out, overwrite) for out in outs]


def _place(out: str) -> str:
    """The same for two ways to write one file, or one scheme."""
    scheme = scheme_of(out)
    if scheme is not None:
        return scheme + out[len(scheme) :]
    return out if out in ("", "-") else os.path.realpath(out)


def _transport(out: str, overwrite: bool) -> Transport:
    scheme = scheme_of(out)
    if scheme is None:
        from rtskin.roi.out.file import FileTransport

        if not out:
            raise InputError("--out is empty; - is standard output")
        meant = misspelt(out, _TRANSPORTS)
        if meant is not None:
            raise InputError(
                f"--out has a colon, but no slashes: write {shown(meant)}, or, for a file of that name, ./…"
            )
        return FileTransport(out, overwrite)
    if scheme not in _TRANSPORTS:
        raise unknown_scheme(out)
    module, _, name = _TRANSPORTS[scheme].partition(":")
    made: Transport = getattr(importlib.import_module(f"rtskin.roi.out.{module}"), name)(out)
    return made
