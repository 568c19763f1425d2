"""The way to a host, step by step: proxy, name, connection, certificate."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import urllib.request
from collections.abc import Sequence

import httpx
from msgspec import Struct

from sentra_tui.doctor.check import Outcome, failed, ok
from sentra_tui.doctor.issuer import issuer_of
from sentra_tui.doctor.off_loop import off_loop
from sentra_tui.domain.text import clean_line
from sentra_tui.services.hosts import address_of, is_loopback
from sentra_tui.services.obstacles import CHECK_NETWORK, NO_SUCH_NAME, untrusted

_TRIED = 4
"""How many addresses of a name are tried, all at once."""
_PROXY_HINT = "Check HTTPS_PROXY, ALL_PROXY and NO_PROXY."
_ISSUER_S = 1.5
_DEFAULT_PORTS = {"http": 80, "https": 443}
_INSPECTED = (
    "Where your company reads TLS along, put its authority into ca_file of the profile, or SSL_CERT_FILE; "
    "else check the clock, and use another network."
)


class Place(Struct, frozen=True):
    """A host and a port, as a connection needs them."""

    host: str
    port: int

    @property
    def shown(self) -> str:
        """What messages call it."""
        return f"{clean_line(self.host, 80)}:{self.port}"


def place_of(url: str) -> Place:
    """Return where a checked URL leads."""
    parsed = httpx.URL(url)
    return Place(parsed.raw_host.decode("ascii"), parsed.port or _DEFAULT_PORTS.get(parsed.scheme, 443))


def proxy_on_the_way(url: str) -> str:
    """Return the URL of the proxy through which `url` is asked, empty where none is: loopback takes none.

    It may hold a password: it is not for showing.
    """
    parsed = httpx.URL(url)
    if is_loopback(parsed.host) or urllib.request.proxy_bypass(parsed.host):
        return ""
    proxies = urllib.request.getproxies()
    return proxies.get(parsed.scheme) or proxies.get("all", "")


def proxy(url: str) -> tuple[Outcome, Place | None]:
    """Return what is to be said of the proxy on the way to `url`, and where it is."""
    through = proxy_on_the_way(url)
    if not through:
        return ok("None on the way."), None
    try:
        parsed = httpx.URL(through if "://" in through else f"http://{through}")
    except httpx.InvalidURL:
        return failed("The proxy of the environment is no URL.", _PROXY_HINT), None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        return failed(f"A {clean_line(parsed.scheme, 20) or 'nameless'} proxy is not taken.", _PROXY_HINT), None
    place = place_of(str(parsed))
    login = ", with a login" if parsed.userinfo else ""
    return ok(f"{place.shown}{login}, from the environment"), place


class Road:
    """The way to one place, the provider or the proxy before it. Each step uses what the one before it found."""

    def __init__(self, place: Place, *, is_proxy: bool = False) -> None:
        self._place = place
        self._hint = _PROXY_HINT if is_proxy else "Check that the server runs, and the port."
        self._addresses: Sequence[str] = ()
        self._works = ""

    async def name(self) -> Outcome:
        """Return what the name resolves to."""
        host = self._place.host
        literal = address_of(host)
        if literal is not None:
            self._addresses = (str(literal),)
            return ok(f"{self._place.shown} is an address: nothing to look up.")
        began_s = asyncio.get_running_loop().time()
        try:
            found = await off_loop(lambda: socket.getaddrinfo(host, self._place.port, type=socket.SOCK_STREAM))
        except (socket.gaierror, UnicodeError):
            lost = NO_SUCH_NAME.lost(clean_line(host, 80))
            return failed(lost.message, f"{lost.hint} Try: nslookup {clean_line(host, 80)}")
        took_ms = 1000 * (asyncio.get_running_loop().time() - began_s)
        self._addresses = tuple(dict.fromkeys(str(each[4][0]) for each in found))
        return ok(f"{clean_line(host, 80)} is {', '.join(self._addresses[:2])} ({took_ms:.0f} ms)")

    async def connection(self) -> Outcome:
        """Return whether somebody listens: all addresses are tried at once, the first that works counts."""
        trying = [asyncio.ensure_future(self._connect(address)) for address in self._addresses[:_TRIED]]
        last: OSError | None = None
        try:
            for each in asyncio.as_completed(trying):
                try:
                    self._works, took_ms = await each
                except OSError as error:
                    last = error
                else:
                    return ok(f"{self._works} port {self._place.port} takes connections ({took_ms:.0f} ms)")
        finally:
            for task in trying:
                task.cancel()
            await asyncio.gather(*trying, return_exceptions=True)
        if isinstance(last, ConnectionRefusedError):
            return failed(f"Nobody listens at {self._place.shown}.", self._hint)
        why = os.strerror(last.errno) if last is not None and last.errno else "no route"
        return failed(f"{self._place.shown} cannot be reached: {why}.", CHECK_NETWORK)

    async def certificate(self, context: ssl.SSLContext) -> Outcome:
        """Return whether the host's certificate is trusted, and who signed it, also where it is not."""
        host = self._place.host
        try:
            _, writer = await asyncio.open_connection(
                self._works, self._place.port, ssl=context, server_hostname=host, ssl_shutdown_timeout=0.2
            )
        except ssl.SSLError as error:
            return await self._not_trusted(error)
        try:
            session = writer.get_extra_info("ssl_object")
            found = f"{session.version()}, trusted, signed by {_signer(session.getpeercert())}"
        finally:
            await _shut(writer)
        return ok(found)

    async def _connect(self, address: str) -> tuple[str, float]:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        _, writer = await asyncio.open_connection(address, self._place.port)
        took_ms = 1000 * (loop.time() - began_s)
        await _shut(writer)
        return address, took_ms

    async def _not_trusted(self, error: ssl.SSLError) -> Outcome:
        host = clean_line(self._place.host, 80)
        distrust = untrusted(error, host)
        if distrust is None:
            return failed(f"No secure connection to {host}.", "Check the address, the port, and the network's proxy.")
        place, address = self._place, self._works
        issuer = ""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ISSUER_S):
                issuer = await off_loop(lambda: issuer_of(address, place.port, place.host))
        signed = (
            f" It is signed by {issuer}: TLS is inspected, or the server has a private authority." if issuer else ""
        )
        return failed(f"{distrust.message}{signed}", _INSPECTED)


def _signer(certificate: object) -> str:
    """Return who signed a certificate, as `getpeercert` gives it."""
    names = certificate.get("issuer", ()) if isinstance(certificate, dict) else ()
    found = {key: value for part in names for key, value in part}
    return clean_line(found.get("organizationName") or found.get("commonName") or "nobody named", 60)


async def _shut(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError, ssl.SSLError):
        await writer.wait_closed()
