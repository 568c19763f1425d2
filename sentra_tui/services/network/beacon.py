"""Whether the provider's host can be reached: one TCP connection, closed as soon as it stands."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Any

from sentra_tui.services.hosts import address_of
from sentra_tui.services.network.doors import door_to

PATIENCE_S = 1.0
SECOND_TRY_S = 0.5
"""The system repeats a connection request that was lost only after a second: another one is sent beside it."""
_ADDRESSES = 4

_SocketAddress = tuple[Any, ...]


class HostBeacon:
    """Tries the hosts that a call depends on: the port `Beacon`."""

    def __init__(self, urls: Callable[[], Iterable[str]]) -> None:
        """`urls` gives where the provider is now, and its broker if it has one; none while it is nowhere."""
        self._urls = urls
        self._hosts: dict[str, _Host] = {}

    async def reaches(self) -> bool:
        """Return whether each host, or its proxy, takes a connection within a second; not a byte is sent.

        A host that refuses is there, but its service is not: False, and the dial's own backoff deals with it.
        """
        self._hosts = {url: self._hosts.get(url) or _Host(url) for url in self._urls()}
        return bool(self._hosts) and all(await asyncio.gather(*(host.answers() for host in self._hosts.values())))

    def addresses(self) -> list[str]:
        """Return the addresses of those hosts, as far as they are known."""
        return [str(address[0]) for host in self._hosts.values() for address in host.addresses]


class _Host:
    """The first host on the way to a URL. Its addresses are remembered: without a network, none can be looked up."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lookup: asyncio.Future[list[_SocketAddress]] | None = None
        self._known = asyncio.Event()
        self.addresses: list[_SocketAddress] = []

    async def answers(self) -> bool:
        """Return whether one of the addresses takes a connection in time."""
        tries: list[asyncio.Task[bool]] = []
        try:
            async with asyncio.timeout(PATIENCE_S):
                self._look_up()
                await self._known.wait()
                for address in self.addresses:
                    tries += [asyncio.create_task(_connects(address, after_s)) for after_s in (0.0, SECOND_TRY_S)]
                return await _any(tries)
        except TimeoutError:
            return False
        finally:
            for each in tries:
                each.cancel()
            await asyncio.gather(*tries, return_exceptions=True)

    def _look_up(self) -> None:
        """Look the addresses up anew. One lookup at a time: it may take long, and holds a thread that dials need."""
        if self._lookup is None:
            self._lookup = asyncio.get_running_loop().run_in_executor(None, _addresses, self._url)
            self._lookup.add_done_callback(self._take)

    def _take(self, lookup: asyncio.Future[list[_SocketAddress]]) -> None:
        self._lookup = None
        if not lookup.cancelled() and lookup.exception() is None:
            self.addresses = lookup.result()
            self._known.set()


def _addresses(url: str) -> list[_SocketAddress]:
    """Raises OSError, and UnicodeError for a name that cannot be one."""
    door = door_to(url)
    if door is None:
        raise OSError("There is no host in this URL.")
    host = str(address_of(door.host) or door.host)
    found = socket.getaddrinfo(host, door.port, type=socket.SOCK_STREAM)
    return [address for *_, address in found][:_ADDRESSES]


async def _any(tries: Iterable[asyncio.Task[bool]]) -> bool:
    for each in asyncio.as_completed(tries):
        if await each:
            return True
    return False


async def _connects(address: _SocketAddress, after_s: float) -> bool:
    await asyncio.sleep(after_s)
    family = socket.AF_INET if ip_address(address[0]).version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_STREAM) as line:
            line.setblocking(False)
            await asyncio.get_running_loop().sock_connect(line, address)
    except OSError:
        return False
    return True
