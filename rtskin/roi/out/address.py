"""Where messages go, as a user writes it: ``-``, a file, or an address like ``mqtt://host/topic``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from rtskin.errors import InputError

#: What may be written, for error messages and help texts.
FORMS = (
    "-, FILE, udp://HOST:PORT, osc://HOST:PORT, zmq://HOST:PORT[/TOPIC], ws://HOST:PORT[/PATH], "
    "mqtt://[USER:PASSWORD@]HOST[:PORT]/TOPIC"
)

_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_LOGIN = re.compile(r"://.*@")


@dataclass(frozen=True, slots=True)
class Address:
    """A network address. shown: as it may be shown, without a password. path: without the leading slash, may be empty."""

    scheme: str
    host: str
    port: int
    shown: str
    path: str = ""
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    options: Mapping[str, str] = field(default_factory=dict)


def shown(out: str) -> str:
    """``out`` without user and password: all between ``://`` and the last ``@``, since a password may hold anything."""
    return _LOGIN.sub("://***@", out)


def scheme_of(out: str) -> str | None:
    """ "mqtt" of ``mqtt://…``; None for a file or ``-``."""
    match = _SCHEME.match(out)
    return match.group(1).lower() if match else None


def misspelt(out: str, schemes: Collection[str]) -> str | None:
    """``out`` with the two slashes that are missing behind one of the schemes (osc:host:9000); None where none are."""
    scheme, colon, rest = out.partition(":")
    if colon and scheme.lower() in schemes:
        return f"{scheme.lower()}://{rest.lstrip('/')}"
    return None


def parse(out: str, *, default_port: int | None = None, options: Collection[str] = ()) -> Address:
    """The parts of an address; InputError. options: what may stand behind the question mark."""
    try:
        parts = urlsplit(out)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise _bad(out, str(error).lower()) from None
    port = default_port if port is None else port
    if not host:
        raise _bad(out, "it names no host")
    if port is None:
        raise _bad(out, "it names no port")
    if port == 0:
        raise _bad(out, "0 is no port")
    given = parse_qsl(parts.query, keep_blank_values=True)
    unknown = [name for name, _ in given if name not in options]
    if unknown or "#" in out or (parts.query and not given):
        known = f"; there are: {', '.join(sorted(options))}" if options else ""
        raise _bad(out, f"it has no option {unknown[0]!r}{known}" if unknown else "nothing may follow the path")
    return Address(
        parts.scheme.lower(),
        host,
        port,
        shown(out),
        unquote(parts.path).strip("/"),
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
        dict(given),
    )


def without_login(address: Address) -> Address:
    """The same; InputError where it holds a user, which only some transports know."""
    if address.user is not None or address.password is not None:
        raise InputError(f"--out {address.shown}: {address.scheme}:// knows no user and password; leave them out")
    return address


def without_path(address: Address) -> Address:
    """The same; InputError where something follows the port."""
    if address.path:
        raise InputError(
            f"--out {address.shown}: {address.scheme}:// takes no path; write {address.scheme}://HOST:PORT"
        )
    return address


def unknown_scheme(out: str) -> InputError:
    """Nothing is called like that."""
    return _bad(out, f"there is no {scheme_of(out)}://")


def _bad(out: str, why: str) -> InputError:
    return InputError(f"--out {shown(out)}: {why}; it may be {FORMS}")
