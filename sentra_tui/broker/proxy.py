"""The proxy of the network, which is asked for the way to the provider."""

from __future__ import annotations

import asyncio
import base64
import re
import socket
import urllib.request
from urllib.parse import unquote, urlsplit

import httpx

from sentra_tui.broker.reply_reader import BrokenReply
from sentra_tui.domain.errors import ConfigError

_TUNNEL = re.compile(rb"HTTP/1\.[01] 2\d\d[ \r]")
_HEAD_BYTES = 16 << 10
_PROXY_PORT = 80
"""Where none is written, as in the other clients that read HTTPS_PROXY."""


async def tunnel(proxy: str, authority: str, connect_s: float) -> socket.socket:
    """Return a socket that leads to `authority` through a proxy (RFC 9110 section 9.3.6).

    Raises OSError, or BrokenReply where the proxy does not let it through.
    """
    loop = asyncio.get_running_loop()
    parsed = urlsplit(proxy)
    link = await asyncio.to_thread(socket.create_connection, (parsed.hostname, parsed.port or _PROXY_PORT), connect_s)
    try:
        link.setblocking(False)
        lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
        if parsed.username:
            login = f"{unquote(parsed.username)}:{unquote(parsed.password or '')}"
            lines.append(f"Proxy-Authorization: Basic {base64.b64encode(login.encode()).decode()}")
        await loop.sock_sendall(link, "\r\n".join([*lines, "", ""]).encode("latin-1"))
        said = b""
        while not said.endswith(b"\r\n\r\n"):
            piece = await loop.sock_recv(link, _HEAD_BYTES)
            said += piece
            if not piece or len(said) > _HEAD_BYTES:
                raise BrokenReply("the proxy broke off")
        if not _TUNNEL.match(said):
            raise BrokenReply("the proxy refused")
    except BaseException:
        link.close()
        raise
    return link


def proxy_for(url: str) -> str:
    """Return the proxy that the environment names for `url`, empty where none; plain http, so loopback, takes none.

    Raises ConfigError where it is not one that is asked over plain http.
    """
    parsed = httpx.URL(url)
    if parsed.scheme == "http" or urllib.request.proxy_bypass(parsed.host):
        return ""
    proxies = urllib.request.getproxies()
    named = proxies.get("https") or proxies.get("all") or ""
    if not named:
        return ""
    proxy = named if "://" in named else f"http://{named}"
    if not _is_usable(proxy):
        raise ConfigError("HTTPS_PROXY cannot be used as written.", hint="Like http://name:password@proxy:3128.")
    return proxy


def _is_usable(proxy: str) -> bool:
    try:
        parsed = urlsplit(proxy)
        return parsed.scheme == "http" and bool(parsed.hostname) and parsed.port != 0
    except ValueError:
        return False
