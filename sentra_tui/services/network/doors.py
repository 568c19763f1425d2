"""Where a connection to a URL goes first: to its host, or to the proxy that the environment names for it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from sentra_tui.services.hosts import is_loopback

_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


@dataclass(frozen=True)
class Door:
    """A host and its TCP port."""

    host: str
    port: int


def door_to(url: str) -> Door | None:
    """Return the first host on the way to `url`; None where there is none to connect to.

    No proxy leads to this machine. One that cannot be used is left out, as if it were not there.
    """
    direct = _door(url)
    if direct is None or is_loopback(direct.host) or proxy_bypass(direct.host):
        return direct
    proxies = getproxies()
    proxy = proxies.get(urlsplit(url).scheme) or proxies.get("all")
    return (_door(proxy if "://" in proxy else f"http://{proxy}") if proxy else None) or direct


def _door(url: str) -> Door | None:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
        return Door(parts.hostname, port) if parts.hostname and port else None
    except ValueError:
        return None
