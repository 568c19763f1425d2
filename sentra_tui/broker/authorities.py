"""Which Host a request may name.

A page in a browser can make its own name lead to this machine (DNS rebinding), but it cannot choose the Host that the
browser sends. So a request is for us only where its Host is, to the byte, one that our clients send: a list of whole
values, nothing parsed and nothing folded.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from sentra_tui.domain.errors import ConfigError
from sentra_tui.domain.text import clean_line

_NAME = re.compile(
    r"(?=.{1,253}(?::\d+)?\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*"
)
_BRACKETED = re.compile(r"\[([0-9a-f:.]+)\]")
_PORT = re.compile(r"[1-9]\d{0,4}")


def authorities(host: str, port: int, names: Iterable[str], *, tls: bool) -> frozenset[bytes]:
    """Return every Host that is ours: the address that is listened on, `localhost` where that is it, and `names`.

    The port may be left out where it is the usual one. Raises ConfigError for a name that is none, and where nothing
    would be ours.
    """
    address = ipaddress.ip_address(host)
    ours = [(name, stated or port) for name, stated in map(_split, names)]
    if address.is_loopback:
        ours.append(("localhost", port))
    if not address.is_unspecified:
        ours.append((_spelled(address), port))
    if not ours:
        raise ConfigError(f"{host} is no address that members can ask at.", hint="Name the host: --name HOST.")
    usual = 443 if tls else 80
    values = {f"{name}:{stated}" for name, stated in ours} | {name for name, stated in ours if stated == usual}
    return frozenset(value.encode("ascii") for value in values)


def _split(authority: str) -> tuple[str, int]:
    """Return the host and the port of a name as it stands in a URL; the port is 0 where none is stated."""
    host, colon, stated = authority.lower().rpartition(":")
    if not colon or authority.endswith("]"):
        host, stated = authority.lower(), ""
    port_fits = not colon or authority.endswith("]") or (_PORT.fullmatch(stated) and int(stated) < 1 << 16)
    if not port_fits or not _is_host(host):
        raise ConfigError(
            f"{clean_line(authority, 80)} is not the name of a host.", hint="Write it like broker.example.org."
        )
    return host, int(stated or 0)


def _is_host(host: str) -> bool:
    bracketed = _BRACKETED.fullmatch(host)
    if not bracketed:
        return bool(_NAME.fullmatch(host))
    try:
        return bool(ipaddress.IPv6Address(bracketed[1]))
    except ValueError:
        return False


def _spelled(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    return f"[{address}]" if address.version == 6 else str(address)
